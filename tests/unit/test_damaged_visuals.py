"""Whatever stands in the place of ``visual`` is read as one or as none, and costs no other."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from houndstooth.mappings.document import VisualDocument, VisualSummary, visual_of
from houndstooth.plugin.engines.cluster.rows import RowDecoder, RowFields
from houndstooth.plugin.engines.documents import decode_visual
from houndstooth.plugin.engines.fields import Fields
from houndstooth.plugin.engines.index_mapping import product_index
from tests.catalogue import LENGTHS, MODEL, visual
from tests.damaged_visuals import JSON, damaged

NAMES = RowFields.of(Fields(product_index()["mappings"]["properties"]), "group")


@given(damaged())
def test_it_is_a_visual_or_none(stored: Any) -> None:
    flat = stored.items() if isinstance(stored, dict) else [("model", stored)]
    for source in ({"visual": stored}, {f"visual.{name}": value for name, value in flat}):
        for kind in (VisualDocument, VisualSummary):
            found = decode_visual(kind, "here", "2", visual_of(source, "visual"))
            if found is not None:
                assert isinstance(found.category, str)
                assert all(isinstance(term, str) for term in (*found.attributes, *found.from_text))
                assert len(found.views) >= 1


def strange_bytes(digits: int) -> st.SearchStrategy[list[str]]:
    """A value as long as the model's, with characters that are not of base64."""
    text = st.text("A-_?é\ud800 =", min_size=digits, max_size=digits)
    return text.map(lambda one: [one])


def hit(product_id: str, seed: int) -> dict[str, Any]:
    """A hit as the engines send it: a list of doc values for each field."""
    made = visual(product_id, seed=seed).to_json()
    values = {
        name: made[name.removeprefix("visual.")]
        for name in NAMES.read
        if made.get(name.removeprefix("visual.")) is not None
    }
    fields = {name: one if isinstance(one, list) else [one] for name, one in values.items()}
    return {"_seq_no": seed, "fields": fields}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([name for name in NAMES.read if name.startswith("visual.")]),
            st.lists(st.text("Aé=?", max_size=30), max_size=3)
            | st.just(["A" * 27, "A" * 27])
            | st.sampled_from([16, 27]).flatmap(strange_bytes),
        ),
        min_size=1,
        max_size=40,
    )
)
@example([("visual.binary_code", ["?" * 27]), ("visual.colour_histogram", ["A_-=" * 4])])
def test_hits_that_are_damaged_cost_no_other_however_many_they_are(
    damages: list[tuple[str, list[str]]],
) -> None:
    hits = [hit("sound", 1)]
    for number, (name, values) in enumerate(damages, start=2):
        one = hit(f"damaged{number}", number)
        one["fields"][name] = values
        if not values:
            del one["fields"][name]
        hits.append(one)
    rows, _ = RowDecoder("here").decode(hits, MODEL, LENGTHS, NAMES)
    assert "sound" in rows.product_ids
    place = list(rows.product_ids).index("sound")
    assert np.array_equal(rows.take([place]).binary_codes[0], visual("sound", seed=1).binary_code)
    assert rows.lengths == LENGTHS


@given(st.lists(JSON, max_size=3))
def test_what_is_no_object_is_none(values: list[Any]) -> None:
    assert visual_of({"visual": values}, "visual") is None
