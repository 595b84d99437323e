"""The formats of labelled images, by the name of the option that takes them."""

from __future__ import annotations

FORMATS = {
    "products": "products.csv: articleType, productDisplayName, baseColour and so on",
    "synthetic": "labels.jsonl of drawn images: every attribute and box",
    "deepfashion": "folder of DeepFashion's category and attribute benchmark",
    "imaterialist": "train.json of iMaterialist Fashion 2018, label map beside it",
    "fashionpedia": "instances_….json of Fashionpedia, or any COCO file of boxes",
    "csv": "CSV with columns file, category and attribute groups",
}
"""What each format is, in a line; ``datasets.READERS`` reads them."""
