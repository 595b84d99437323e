"""Reader of the iMaterialist Challenge (Fashion) 2018: a million images with 228 labels.

``images`` (``imageId``, ``url``) and ``annotations`` (``imageId``, ``labelId``: a list); the
authors' notes spell these ``image_id`` and ``label_id``, and both are read. Beside the file:

- the authors' label map ``iMat_fashion_2018_label_map_228.csv`` (labelId, taskId, labelName,
  taskName), or any one CSV file with ``label_map`` in its name;
- the images, fetched from their URLs, as ``IMAGEID.jpg`` in a folder named like the JSON file
  (``train/`` for ``train.json``), or in ``images/``, or next to the file.

Source: Guo et al., "The iMaterialist Fashion Attribute Dataset", 2019, and
github.com/visipedia/imat_fashion_comp.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.training.datasets.labels import Labels, only
from houndstooth.models.training.datasets.reading import Skips, read_json, split_in_name, text_lines
from houndstooth.models.training.samples import Sample, split_of

CATEGORIES: dict[str, Collection[str]] = {
    "Athletic Pants": ["track-pants"],
    "Athletic Shirts": [],
    "Lingerie Sleepwear & Underwear": [],
    "Pajamas": ["nightwear"],
    "Polos": ["t-shirt"],
    "Shoe Inserts": ["shoe-accessory"],
    "Swim Trunks": ["shorts"],
    "Swimsuit Cover-ups": [],
}
NO_CATEGORY = {
    "Costumes & Cosplay",
    "Custom Made Clothing",
    "Dance Wear",
    "Maternity",
    "Uniforms",
}
"""Category labels that are an occasion or a wearer; another label gives the category."""

TERMS = {
    "Crochet": "pattern:textured",
    "Galaxy": "pattern:printed",
    "Geometric": "pattern:printed",
    "Gingham": "pattern:checked",
    "Hearts": "pattern:printed",
    "Lace": "pattern:textured",
    "Leopard And Cheetah": "pattern:printed",
    "Marbled": "pattern:printed",
    "Neoprene": "material:synthetic",
    "Neutral": "gender:unisex",
    "Patent": "material:leather",
    "Snakeskin": "pattern:printed",
    "Square Necked": "collar:square",
    "Tie Dye": "pattern:printed",
    "Two-Tone": "pattern:colour-block",
    "Vinyl": "material:synthetic",
    "Zebra": "pattern:printed",
}
_GROUPS_OF_TASK = {
    "color": ("colour",),
    "gender": ("gender",),
    "material": ("material", "pattern"),
    "neckline": ("collar",),
    "pattern": ("pattern",),
    "sleeve": ("sleeve",),
    "style": ("silhouette", "pattern", "season", "sleeve", "length", "fit"),
}
"""Groups by the label map's task; the task "category" has the categories."""

_COLUMNS = ("labelId", "labelName", "taskName")


@dataclass(frozen=True)
class _Meaning:
    """A label: its possible leaf categories, or its terms."""

    name: str
    is_category: bool
    leaves: frozenset[str] = frozenset()
    terms: frozenset[str] = field(default_factory=frozenset)


def imaterialist_samples(annotations: Path, taxonomy: Taxonomy) -> Iterator[Sample]:
    """Read a sample for each image that is there and of which a category label tells the leaf.

    A photo may show several garments, a dress and boots: the first is the sample's ``category``,
    all are its ``categories``, and its terms are those of all of them. Labels do not say which
    garment they are of. A group is known where a label has a term of it; a missing label means
    nothing. The split is
    the one in the file's name (``train.json``, ``validation.json``), else it follows from the id.

    Raises:
        InvalidFeed: the file or the label map is missing or malformed.
    """
    with Skips(annotations) as skips:
        labels = Labels(taxonomy, CATEGORIES, TERMS)
        meanings = _meanings(annotations.parent, labels, skips)
        folder = _image_folder(annotations)
        split = split_in_name(annotations)
        for number, entry in enumerate(read_json(annotations, "annotations")["annotations"]):
            try:
                image, found = _labelled(entry, meanings)
            except ValueError as error:
                skips.broken(f"annotation {number}: {error}")
                continue
            path = folder / f"{image}.jpg"
            if not path.is_file():
                skips.broken(f"{path.name}: no such image in {folder}")
                continue
            garments = _garments(found)
            if not garments:
                names = [meaning.name for meaning in found if meaning.is_category]
                skips.category(" + ".join(names) or "none given")
                continue
            terms = labels.resolve((t for meaning in found for t in meaning.terms), *garments)
            group = f"imaterialist-{image}"
            side = split or split_of(group)
            yield Sample(
                path,
                garments[0],
                terms,
                frozenset(terms),
                group,
                side,
                categories=frozenset(garments),
            )


def _labelled(entry: Any, meanings: dict[str, _Meaning]) -> tuple[str, list[_Meaning]]:
    """Read id and labels of one annotation. Raises ValueError."""
    if not isinstance(entry, dict):
        raise ValueError(f"expected an object; got {type(entry).__name__}")
    image = entry.get("imageId", entry.get("image_id"))
    given = entry.get("labelId", entry.get("label_id"))
    if not isinstance(image, str | int) or not isinstance(given, list):
        raise ValueError(f"expected imageId and a list labelId; got {', '.join(entry) or 'none'}")
    unknown = [label for label in given if str(label) not in meanings]
    if unknown:
        raise ValueError(f"expected labels of the label map; got {unknown[0]!r}")
    return str(image), [meanings[str(label)] for label in given]


def _garments(found: Sequence[_Meaning]) -> list[str]:
    """List the leaves of a photo's garments, in the order of their labels.

    Labels that may mean the same leaf are of one garment, and name it together. A garment that
    stays wide is left out.
    """
    garments: list[frozenset[str]] = []
    for meaning in found:
        if meaning.name in NO_CATEGORY or not meaning.leaves:
            continue
        same = [at for at, leaves in enumerate(garments) if leaves & meaning.leaves]
        if same:
            garments[same[0]] &= meaning.leaves
        else:
            garments.append(meaning.leaves)
    named = [only(leaves) for leaves in garments]
    return list(dict.fromkeys(leaf for leaf in named if leaf is not None))


def _meanings(folder: Path, labels: Labels, skips: Skips) -> dict[str, _Meaning]:
    """Read the meaning of labels by their id. Raises InvalidFeed."""
    maps = sorted(folder.glob("*label_map*.csv"))
    if len(maps) != 1:
        got = ", ".join(path.name for path in maps) or "none"
        raise InvalidFeed(f"expected one label map *label_map*.csv in {folder}; got {got}")
    reader = csv.DictReader(text for _, text in text_lines(maps[0]))
    if not set(_COLUMNS) <= set(reader.fieldnames or ()):
        got = ", ".join(reader.fieldnames or ())
        raise InvalidFeed(f"expected columns {', '.join(_COLUMNS)} in {maps[0]}, line 1; got {got}")
    meanings = {}
    for row in reader:
        identifier, name, task = (row[column] or "" for column in _COLUMNS)
        if not (identifier and name and task):
            raise InvalidFeed(f"expected 4 cells in {maps[0]}, line {reader.line_num}; got fewer")
        if task == "category":
            meanings[identifier] = _Meaning(name, True, leaves=labels.leaves(name))
            continue
        terms = labels.terms(name, _GROUPS_OF_TASK.get(task))
        meanings[identifier] = _Meaning(name, False, terms=terms)
        if not terms:
            skips.attribute(name)
    return meanings


def _image_folder(annotations: Path) -> Path:
    parent = annotations.parent
    folders = [parent / annotations.stem, parent / "images"]
    return next((folder for folder in folders if folder.is_dir()), parent)
