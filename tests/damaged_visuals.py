"""Objects ``visual`` that something else has written over."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.catalogue import visual

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | st.text(max_size=4),
    lambda values: (
        st.lists(values, max_size=4)
        | st.dictionaries(st.sampled_from(["model", "box", "a"]), values, max_size=2)
    ),
    max_leaves=4,
)
BYTES = st.sampled_from(["", "AAAA", "AA", "A" * 28, "A" * 4000, "?", "é"])
"""Codes and histograms of other lengths than the model's, and none at all."""


@st.composite
def halves(draw: st.DrawFn, product_id: str = "2") -> dict[str, Any]:
    """Sound objects that lack some fields, or have other values in them."""
    whole = visual(product_id, seed=2, views=draw(st.integers(1, 3))).to_json()
    names = st.sampled_from(sorted(whole))
    for name in draw(st.sets(names, min_size=1, max_size=3)):
        if draw(st.booleans()):
            del whole[name]
        else:
            is_bytes = name in ("binary_code", "colour_histogram", "view_codes", "view_colours")
            whole[name] = draw(BYTES if is_bytes and draw(st.booleans()) else JSON)
    return whole


def damaged(product_id: str = "2") -> st.SearchStrategy[Any]:
    """What may stand in the place of ``visual``: anything, half an object, or several."""
    return halves(product_id) | st.lists(halves(product_id), max_size=2) | JSON
