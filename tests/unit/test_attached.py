"""Reading products from the documents of a shop's index."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

import pytest

from houndstooth.ingest.attached import attaching
from houndstooth.ingest.attached.attaching import Pace
from houndstooth.ingest.attached.fields import choose_fields, described, parse_fields
from houndstooth.ingest.attached.journal import Journal
from houndstooth.ingest.attached.paths import field_of, value_at
from houndstooth.ingest.attached.reader import DocumentReader
from houndstooth.mappings.errors import InvalidConfig, InvalidProduct
from houndstooth.mappings.product import Product
from houndstooth.mappings.shop_index import SourceDocument

SOURCE = {
    "name": "Tee",
    "media": [{"url": "a.png", "tags": ["x", "y"]}, {"url": "b.png"}, {"alt": "no url"}],
    "cover": {"url": "c.png"},
    "offers.price": 9.5,
    "maker": {"country.code": "it", "name": None},
    "sizes": {"0": "zero"},
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name", "Tee"),
        ("media.0.url", "a.png"),
        ("media.1.url", "b.png"),
        ("media.9.url", None),
        ("media.url", ["a.png", "b.png"]),
        ("media.*.url", ["a.png", "b.png"]),
        ("media.tags", ["x", "y"]),
        ("media.0.tags.1", "y"),
        ("cover.url", "c.png"),
        ("cover.0.url", "c.png"),
        ("cover.*.url", "c.png"),
        ("cover.1.url", None),
        ("name.0", "Tee"),
        ("name.first", None),
        ("offers.price", 9.5),
        ("maker.country.code", "it"),
        ("maker.name", None),
        ("sizes.0", "zero"),
        ("nothing.at.all", None),
    ],
)
def test_values_are_found_by_their_paths(path: str, expected: Any) -> None:
    assert value_at(SOURCE, path) == expected


@pytest.mark.parametrize(
    ("path", "field"),
    [("name", "name"), ("media.0.url", "media"), ("a.b.*.c", "a.b"), ("offers.price",) * 2],
)
def test_the_field_of_a_path_is_one_that_a_mapping_knows(path: str, field: str) -> None:
    assert field_of(path) == field


NAMES = ["sku", "name", "image", "image.url", "gallery", "product_type", "color", "price", "vendor"]


def test_fields_are_known_by_the_words_of_feeds() -> None:
    reading = choose_fields(NAMES, {})
    found = {role: fields for role, fields in reading.roles.items() if fields}
    assert found == {
        "id": ("_id",),
        "title": ("name",),
        "image": ("image", "image.url"),
        "category": ("product_type",),
        "colour": ("color",),
    }


def test_fields_that_are_given_stand_for_those_that_are_known() -> None:
    fields = parse_fields("title=vendor, images=gallery,category=,price=price,group=sku")
    reading = choose_fields(NAMES, fields, language="de")
    assert reading.roles["title"] == ("vendor",)
    assert (reading.roles["images"], reading.roles["category"]) == (("gallery",), ())
    assert described(reading).splitlines() == [
        "language    de",
        "title       vendor",
        "image       image, image.url",
        "images      gallery",
        "colour      color",
        "price       price  (filter by it: --filter price=10..50)",
        "group       sku  (variants are one hit with HOUNDSTOOTH_VARIANT_FIELD=sku)",
    ]


@pytest.mark.parametrize("text", ["title", "title=a,,image=b", "titel=a", "_id=a", "stock=a"])
def test_fields_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(InvalidConfig, match="--fields"):
        parse_fields(text)


def test_a_role_without_a_field_is_asked_for() -> None:
    with pytest.raises(InvalidConfig, match="--fields title=name,image=FIELD"):
        choose_fields(["name", "photograph"], {})


def documents(*sources: dict[str, Any]) -> list[SourceDocument]:
    return [SourceDocument(f"1E+0{n}", source, n, 1) for n, source in enumerate(sources)]


def test_a_document_is_read_as_a_product_without_facts() -> None:
    chosen = parse_fields("title=name,image=media.0.url,images=media.url,category=maker.path")
    reader = DocumentReader(choose_fields(["color"], chosen, "https://cdn.example/m", "en"))
    assert reader.fields == ["name", "media", "media.url", "maker.path", "color"]
    path = {"path": ["Women > Tops", "Women > Shirts"]}
    full, bare, wordless = reader.read(
        documents(SOURCE | {"maker": path, "color": "Red"}, {"name": "Bare"}, {"media": "d.png"})
    )
    assert full == Product(
        "1E+00",
        "Tee",
        ("https://cdn.example/m/a.png", "https://cdn.example/m/b.png"),
        category_text="Women > Tops\nWomen > Shirts",
        facts=None,
        attributes={"colour": "Red"},
        notes=[],
        language="en",
    )
    assert isinstance(bare, InvalidProduct)
    assert isinstance(wordless, InvalidProduct)


def test_the_language_is_noted_once(tmp_path: Path) -> None:
    def never() -> str:
        raise AssertionError("expected no language to be detected")

    with Journal(tmp_path / "state", "index") as journal:
        assert journal.language_of("", lambda: "de") == "de"
        assert journal.language_of("", never) == "de"
        assert journal.language_of("fr", never) == "fr"
    with Journal(tmp_path / "state", "index") as journal:
        assert journal.language_of("", never) == "fr"


def test_a_journal_remembers_the_last_digest(tmp_path: Path) -> None:
    with Journal(tmp_path, "index") as journal:
        journal.note({"1": "a", "2": "b"})
        journal.note({"2": "c"})
    with Journal(tmp_path, "index") as journal:
        assert journal.digests(["1", "2", "3"]) == {"1": "a", "2": "c"}
        assert journal.digests([]) == {}


def test_a_journal_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidConfig, match="cannot use the journal"):
        Journal(tmp_path / "file", "index")


class Waits(Event):
    """A clock that goes on when it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return False


@pytest.mark.parametrize(("rate", "seconds"), [(4, 2.0), (None, 0.0)])
def test_products_come_at_a_pace(
    monkeypatch: pytest.MonkeyPatch, rate: int | None, seconds: float
) -> None:
    clock = Waits()
    monkeypatch.setattr(attaching, "monotonic", lambda: clock.now)
    pace = Pace(rate, clock)
    for _ in range(9):
        pace.wait()
    assert clock.now - 100 == pytest.approx(seconds)
    clock.now += 60  # a slow engine gives no leave to hurry
    for _ in range(5):
        pace.wait()
    assert clock.now - 160 == pytest.approx(1.5 * seconds)
