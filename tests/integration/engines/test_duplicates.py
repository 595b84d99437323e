"""Products that have the same photo: listed from every engine, as table, JSON and CSV."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from houndstooth.commands import main
from houndstooth.mappings.document import NO_PICTURE
from houndstooth.mappings.engine import Engine
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.config import Settings
from houndstooth.plugin.service import VisualSearch
from tests.catalogue import CODE_BYTES, COLOUR_BINS, MODEL, document
from tests.fakes import FakeExtractor


class Extractor(FakeExtractor):
    model = MODEL
    code_bytes, colour_bins = CODE_BYTES, COLOUR_BINS


def product(
    product_id: str,
    seed: int,
    picture: str,
    *,
    bits: int = 0,
    group: str | None = None,
    category: str = "t-shirt",
    terms: tuple[str, ...] = (),
) -> IndexDocument:
    """A product whose code differs in some bits from that of others with the same seed."""
    facts = {"title": f"Title of {product_id}", "image": f"{product_id}.jpg", "group": group}
    made = document(product_id, facts, category=category, attributes=terms, seed=seed)
    assert made.visual
    changed = np.unpackbits(made.visual.binary_code)
    changed[:bits] ^= 1
    visual = replace(made.visual, binary_code=np.packbits(changed), pictures=(picture,))
    return replace(made, visual=visual)


PRODUCTS = [
    product("alone", 1, "a"),
    product("jpeg", 2, "b"),
    product("webp", 2, "c", bits=10),
    product("thumb", 2, "d", bits=18),
    product("far", 2, "e", bits=60),
    product("other-kind", 2, "f", category="jeans"),
    product("same", 3, "g", group="one"),
    product("file", 4, "g", category="boots"),
    product("size-s", 5, "h", group="two"),
    product("size-m", 5, "h", group="two"),
    product("none-1", 6, "i", terms=(NO_PICTURE,)),
    product("none-2", 6, "i", terms=(NO_PICTURE,)),
]


def test_groups_are_listed(
    engine: Engine, engine_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert all(one.error is None for one in engine.write(PRODUCTS))
    engine.refresh()

    def run(*words: str) -> str:
        assert main(["duplicates", "--engine", engine_url, *words], extractor=Extractor()) == 0
        return capsys.readouterr().out

    near, same = json.loads(run("--json"))
    ids = [[one["product_id"] for one in group["products"]] for group in (near, same)]
    assert ids == [["jpeg", "webp", "thumb"], ["file", "same"]]
    assert [(one["why"], one["files"]) for one in (near, same)] == [
        ("near-equal", 3),
        ("same file", 1),
    ]
    assert near["products"][0] == {
        "product_id": "jpeg",
        "title": "Title of jpeg",
        "image": "jpeg.jpg",
        "group": None,
        "picture": "b",
    }
    rows = list(csv.DictReader(run("--csv").splitlines()))
    assert [row["product_id"] for row in rows] == [*ids[0], *ids[1]]
    assert (rows[4]["duplicates"], rows[4]["why"], rows[4]["group"]) == ("2", "same file", "one")
    table = run("--top", "1")
    assert table.startswith("2 groups of 5 among 12 products")
    assert "3 products, 3 files: near-equal" in table
    assert "Title of webp" in table and "and 1 groups more" in table

    search = VisualSearch(Extractor(), engine, Taxonomy.load(), Settings(columns=None))
    request = SearchRequest(merge="near-duplicates", top=2)
    answer = search.similar("far", request)
    hits = [*answer.hits, *search.similar("far", replace(request, cursor=answer.next)).hits]
    merged = {frozenset([hit.product_id, *hit.merged]) for hit in hits}
    assert frozenset(ids[0]) in merged
    assert sum(hit.product_id in ids[0] for hit in hits) == 1
    plain = search.similar("far", SearchRequest(top=20)).hits
    assert sum(hit.product_id in ids[0] for hit in plain) == 3


def test_no_products_no_groups(
    engine: Engine, engine_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["duplicates", "--engine", engine_url, "--json"], extractor=Extractor()) == 0
    assert json.loads(capsys.readouterr().out) == []
