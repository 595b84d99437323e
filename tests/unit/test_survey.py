"""What a feed was read as, and what became of its products, counted with examples."""

from __future__ import annotations

import io
import json
import tracemalloc
from dataclasses import replace

from houndstooth.ingest.columns import read_as
from houndstooth.ingest.feeds import Feed
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.products import FeedProduct
from houndstooth.ingest.report import Report
from houndstooth.ingest.survey import Survey, survey_text
from houndstooth.ingest.tally import Tally
from houndstooth.mappings.product import Note, Product

EMPTY_PRICE = Note("price left empty", "got 'POA'")


def entries() -> list[FeedProduct | Outcome]:
    return [
        FeedProduct(2, Product("a", "Red tee", ("a.jpg", "b.jpg"), facts={"price": 9.5})),
        FeedProduct(3, Product("b", "Blue tee", ("c.jpg",), facts={"price": None, "brand": ""})),
        Outcome("c", "left_out", "draft", row=4),
    ]


def outcomes() -> list[Outcome]:
    return [
        Outcome("a", "written", row=2, category_from="text"),
        Outcome("b", "written", row=3, notes=(EMPTY_PRICE,), category_from="picture"),
        Outcome("c", "left_out", "draft", row=4),
        Outcome("d", "failed", "no such image", "unusable image", row=5),
    ]


def watched() -> Survey:
    columns = ["SKU", "Title", "Images", "Price", "P", *(f"c{n}" for n in range(14))]
    chosen = {"id": "SKU", "title": "Title", "image": "Images", "price": "Price", "parent": "P"}
    reading = read_as(columns, chosen=chosen)
    reading.counts.folded, reading.counts.inherited["image"] = 2, 1
    survey = Survey(Feed(tuple(columns), iter(()), lambda: "CSV, commas"), reading)
    assert list(survey.watch(entries())) == entries()
    return survey


def test_a_survey_counts_the_values_of_each_role() -> None:
    found = watched().to_json()
    assert found["products"] == 2
    assert found["roles"]["price"] == {"columns": ["Price"], "filled": 1}
    assert found["roles"]["parent"] == {"columns": ["P"], "filled": None}
    assert "brand" in found["empty"] and "price" not in found["empty"]
    text = survey_text(found)
    assert "(CSV, commas)" in text
    assert "folded into other rows: 2 rows" in text
    assert "variants took from their product: image (1)" in text
    assert "c11 and 2 more" in text


def test_long_lists_of_columns_go_on_in_the_next_line() -> None:
    names = [f"Meta: column number {n}" for n in range(9)]
    columns = ["id", "title", "image", *names]
    survey = Survey(Feed(tuple(columns), iter(()), lambda: "CSV"), read_as(columns))
    first, *more = survey_text(survey.to_json()).splitlines()[-3:]
    assert first.startswith("stored as facts, not understood: Meta: column number 0, Meta")
    assert all(line.startswith("  Meta: column number ") for line in more)
    assert max(map(len, [first, *more])) <= 100


def test_the_screen_lines_up_examples() -> None:
    tally = Tally()
    for place, kind in enumerate(["short", "short", "x" * 40]):
        tally.add(kind, f"line {place}")
    assert "\n".join(tally.lines()).splitlines() == [
        f"  {'short':<40}         2   e.g. line 0",
        f"{'line 1':>66}",
        f"  {'x' * 40}         1   e.g. line 2",
    ]


def test_a_survey_does_not_grow_with_the_feed() -> None:
    survey, (entry, *_) = watched(), entries()
    assert isinstance(entry, FeedProduct)
    tracemalloc.start()
    for number in range(5000):
        survey.add(replace(entry.product, product_id=f"p{number}", title=f"Tee {number}"))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert survey.to_json()["products"] == 5002
    assert size < 50_000


def test_the_screen_names_lines_titles_and_reasons() -> None:
    report = Report("m-1", survey=watched())
    report.add(outcomes())
    screen = report.close(seconds=1)
    assert "price left empty" in screen
    assert "line 3 (Blue tee): got 'POA'" in screen
    assert "draft" in screen and "line 4 (c)" in screen
    assert "from the text" in screen and "line 2 (Red tee)" in screen
    assert "line 5: no such image" in screen


def test_the_report_file_has_the_same() -> None:
    stream = io.StringIO()
    report = Report("m-1", stream, watched())
    report.add(outcomes())
    report.close(seconds=1)
    found = json.loads(stream.getvalue())
    assert found["feed"]["read_as"].endswith("(CSV, commas)")
    assert found["notes"]["price left empty"]["count"] == 1
    assert found["left_out"]["draft"]["examples"] == ["line 4 (c)"]
    assert found["categories"]["from the picture"]["count"] == 1
    assert found["failed_by_type"] == {"unusable image": 1}
    assert found["products"][1]["notes"] == [{"kind": EMPTY_PRICE.kind, "detail": "got 'POA'"}]


def test_outcomes_come_back_from_a_job_as_they_went_in() -> None:
    assert [Outcome.from_json(one.to_json()) for one in outcomes()] == outcomes()


def test_one_is_not_many() -> None:
    survey = watched().to_json() | {"folded": 1}
    assert "folded into other rows: 1 row\n" in survey_text(survey) + "\n"
    report = Report("m-1")
    report.add(outcomes()[:1])
    assert report.close(seconds=1).endswith("1 product in 1.0 s, 1.0 a second")
