"""Names of the retrieval benchmarks, as ``houndstooth evaluate --dataset`` takes them."""

from __future__ import annotations

BENCHMARKS = {
    "in-shop": "DeepFashion In-shop Clothes Retrieval: recall@1, 10, 20, 30",
    "street2shop": "Exact Street2Shop: recall@20 of items, by category",
    "fashion200k": "Fashion200k with TIRG's test queries: recall@1, 10, 50",
    "holidays": "INRIA Holidays: mAP",
    "ukbench": "UKBench: N-S score, 0 to 4",
}
"""Each benchmark in a line; ``readers.READERS`` reads them, docs/datasets.md says more."""
