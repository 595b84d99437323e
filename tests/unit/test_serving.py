"""What an index says that it serves, and what follows for settings and writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced
from houndstooth.mappings.shop_index import Serving, Version
from houndstooth.mappings.times import now_ms
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines.cluster.serving import check_open, read_serving, with_serving
from houndstooth.plugin.engines.serving import follows
from houndstooth.plugin.engines.serving import with_serving as with_version

SERVING = Serving("visual_2", "/b-1.json", Version("visual", None), "visual_2", now_ms() + 10**9)


def test_the_mapping_says_what_serves_beside_the_words_of_the_shop() -> None:
    mapping = {"_meta": {"shop": 1, "houndstooth": {"serves": None}}}
    assert read_serving(mapping) is None
    assert read_serving({}) is None
    stated = with_serving(mapping, SERVING)
    assert stated["_meta"]["shop"] == 1
    assert read_serving(stated) == SERVING
    further = replace(SERVING, dropped="visual_3", run="a", unsettled="--rollback")
    assert read_serving(with_serving(mapping, further)) == further
    assert with_serving(stated, None) == {"_meta": {"shop": 1}}


@pytest.mark.parametrize(
    ("serving", "visual", "error"),
    [
        (SERVING, "visual", IndexReplaced),
        (SERVING, "visual_2", EngineUnavailable),
        (replace(SERVING, closed_until=now_ms() - 1), "visual_2", None),
        (SERVING, "visual_3", None),
        (replace(SERVING, previous=None, dropped="visual"), "visual", IndexReplaced),
        (Serving("visual", None, dropped="visual"), "visual", None),
    ],
)
def test_a_version_that_does_not_serve_takes_no_writes(
    serving: Serving, visual: str, error: type[Exception] | None
) -> None:
    mapping = with_serving({}, serving)
    if error is None:
        check_open(mapping, "products", visual)
        return
    with pytest.raises(error, match="writes"):
        check_open(mapping, "products", visual)


def test_settings_follow_what_the_index_serves() -> None:
    assert follows("opensearch://h/products")
    assert not follows("opensearch://h/products?visual=visual")
    assert not follows("sqlite:///a.db")
    stated = Settings(engine="opensearch://h/products")
    found = with_version(stated, SERVING)
    assert found.engine == "opensearch://h/products?visual=visual_2"
    assert str(found.encoder) == "/b-1.json"
    here = replace(stated, encoder=found.encoder.parent / "srv" / "b-1.json")  # type: ignore[union-attr]
    assert with_version(here, SERVING).encoder == here.encoder
    assert with_version(here, Serving("visual")).encoder is None
