"""What Prometheus reads, and that dashboard and alerts ask for what there is."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from flask import Flask
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_text

from houndstooth.ingest.jobs import Jobs
from houndstooth.mappings.errors import EngineUnavailable
from houndstooth.web.observability import gauges
from tests.integration.web_catalogue import ODD_ID, draw, file_of, make_app
from tests.integration.web_jobs import finished_job, running_job

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = make_app(tmp_path, jobs=tmp_path / "jobs")
    yield app
    app.extensions["houndstooth"].engine.close()


def search(app: Flask, **fields: str) -> Any:
    image = (io.BytesIO(file_of(draw("green"))), "photo.png")
    return app.test_client().post("/api/v1/search", data={"image": image, **fields})


def scrape(app: Flask) -> dict[str, float]:
    """The samples by ``name{label=value,…}``."""
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    return {
        name_of(sample.name, sample.labels): sample.value
        for family in read_text(answer.text)
        for sample in family.samples
    }


def name_of(name: str, labels: dict[str, str]) -> str:
    named = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return f"{name}{{{named}}}" if named else name


def test_searches_are_counted_and_timed(app: Flask) -> None:
    assert search(app, top="3").status_code == 200
    assert app.test_client().get("/api/v1/products/t-shirt-red-0/similar").status_code == 200
    assert search(app, filter="price:5000000..").json["hits"] == []
    found = scrape(app)
    searches = {
        key: value for key, value in found.items() if key.startswith("houndstooth_searches_total")
    }
    assert sum(searches.values()) == 3 and all("exact=yes" in key for key in searches)
    assert found["houndstooth_search_seconds_count{by=photo}"] == 2
    assert found["houndstooth_search_seconds_count{by=product}"] == 1
    assert found["houndstooth_empty_searches_total"] == 1
    assert found["houndstooth_search_candidates_count"] == 3
    assert found["houndstooth_search_candidates_sum"] > 10
    for stage in ("decode", "extract"):
        assert found[f"houndstooth_search_stage_seconds_count{{stage={stage}}}"] == 2
    for stage, number in {"candidates": 3, "rerank": 3, "fetch": 2}.items():
        assert found[f"houndstooth_search_stage_seconds_count{{stage={stage}}}"] == number
    for operation in ("changes", "show", "match", "fetch"):
        assert found[f"houndstooth_engine_seconds_count{{operation={operation}}}"] >= 1
    assert found["houndstooth_requests_total{method=POST,route=/api/v1/search,status=200}"] == 2
    assert found["houndstooth_request_seconds_count{route=/api/v1/search}"] == 2
    assert found["process_resident_memory_bytes"] > 1e7
    assert any(key.startswith("houndstooth_build_info{model=fake-1,version=") for key in found)


def test_a_caller_makes_no_series(app: Flask) -> None:
    """Labels come from a bounded set, whatever is asked."""
    client = app.test_client()
    for path in (ODD_ID, "nothing", "t-shirt-red-0"):
        client.get(f"/api/v1/products/{path}")
    before = len(scrape(app))
    for number in range(20):
        client.get(f"/nowhere-{number}")
        client.open(f"/api/v1/products/id-{number}", method=f"ODD{number}")
        client.get(f"/api/v1/products/id-{number}")
        client.get(f"/media/images/{number}.png")
    text = client.get("/metrics").text
    assert not re.search(r"id-\d|nowhere|ODD|t-shirt-red|größe|127\.0\.0\.1|localhost", text)
    assert len(scrape(app)) - before < 80


def test_products_are_counted_now_and_then(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    products = app.extensions["houndstooth"].engine.count()
    for _ in range(3):
        found = scrape(app)
    assert found["houndstooth_products{model=fake-1}"] == products
    assert found["houndstooth_products{model=other}"] == 0
    assert found["houndstooth_engine_seconds_count{operation=count}"] == 3, "two, and that above"
    monkeypatch.setattr(gauges, "COUNTED_SECONDS", 0)
    later = make_app(Path(app.extensions["houndstooth"].settings.images), jobs=Path("no"))
    scrape(later)
    found = scrape(later)
    assert found["houndstooth_engine_seconds_count{operation=count}"] == 2 * 2 - 2
    later.extensions["houndstooth"].engine.close()


def test_an_engine_that_is_away_leaves_the_rest(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = app.extensions["houndstooth"]

    def away(*_: Any) -> Any:
        raise EngineUnavailable("no engine at 10.0.0.1")

    for name in ("count", "changes", "fetch"):
        monkeypatch.setattr(type(backend.engine._engine), name, away)
    assert search(app).status_code == 503
    answer = app.test_client().get("/metrics")
    assert "10.0.0.1" not in answer.text
    found = scrape(app)
    assert not any(key.startswith("houndstooth_products{") for key in found)
    assert found["houndstooth_engine_failures_total{operation=count}"] >= 1
    assert found["houndstooth_requests_total{method=POST,route=/api/v1/search,status=503}"] == 1
    assert found["houndstooth_search_stage_seconds_count{stage=extract}"] == 1


def test_columns(app: Flask) -> None:
    assert scrape(app)["houndstooth_columns_products"] == 0
    search(app)
    found = scrape(app)
    assert found["houndstooth_columns_products"] == found["houndstooth_products{model=fake-1}"]
    assert "houndstooth_columns_age_seconds" not in found, "SQLite is looked at in each search"


def test_jobs(app: Flask, tmp_path: Path) -> None:
    found = scrape(app)
    assert found["houndstooth_jobs{state=running}"] == 0
    assert found["houndstooth_running_job_age_seconds"] == 0
    assert "houndstooth_last_finished_job_timestamp_seconds" not in found
    folder = tmp_path / "jobs"
    finished_job(folder)
    stopped = running_job(folder)
    Jobs(folder).stop(stopped, "the engine is away")
    running_job(folder)
    found = scrape(app)
    for state in ("running", "finished", "stopped"):
        assert found[f"houndstooth_jobs{{state={state}}}"] == 1
    assert found["houndstooth_job_products{status=written}"] == 8
    assert found["houndstooth_job_products{status=failed}"] == 1
    assert 0 < found["houndstooth_running_job_quiet_seconds"] < 60
    assert found["houndstooth_running_job_age_seconds"] < 60
    assert found["houndstooth_last_finished_job_timestamp_seconds"] > 1.7e9
    (folder / "f00000000000.jsonl").write_text("{broken\n")
    assert scrape(app)["houndstooth_jobs{state=running}"] == 1


def test_openmetrics_where_it_is_asked_for(app: Flask) -> None:
    headers = {"Accept": "application/openmetrics-text; version=1.0.0; charset=utf-8"}
    answer = app.test_client().get("/metrics", headers=headers)
    assert answer.content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert "houndstooth_searches" in {family.name for family in read_open(answer.text)}


def rules() -> list[dict[str, Any]]:
    """The alerts of the guide."""
    guide = (DOCS / "deployment.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```yaml\n(groups:\n.*?)```", guide, flags=re.DOTALL)
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def dashboard() -> list[str]:
    """The expressions of the dashboard, its variables filled in."""
    panels = json.loads((DOCS / "operations" / "dashboard.json").read_text())["panels"]
    texts = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    return [one.replace("$__rate_interval", "5m").replace("$job", "shop") for one in texts]


@pytest.fixture
def served(app: Flask, tmp_path: Path) -> tuple[set[str], set[str]]:
    """The names of all samples, and of all labels, that there can be."""
    finished_job(tmp_path / "jobs")
    search(app)
    text = app.test_client().get("/metrics").text
    names: set[str] = {"up", "houndstooth_columns_age_seconds"}  # of servers: test_columns_on_…
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, flags=re.MULTILINE):
        endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names |= {name + ending for ending in endings}
    metrics = vars(app.extensions["houndstooth"].metrics).values()
    labels = {"job", "instance", *re.findall(r'[{,](\w+)="', text)}
    return names, labels.union(*(getattr(one, "_labelnames", ()) for one in metrics))


def check(expression: str, served: tuple[set[str], set[str]]) -> None:
    promql_parser.parse(expression)
    names, labels = served
    asked = set(re.findall(r"\b(?:houndstooth|process)_\w+|\bup\b", expression))
    assert asked and asked <= names, expression
    used = set(re.findall(r'(\w+)(?:=~|!=|=)"', expression))
    for group in re.findall(r"by \(([^)]*)\)", expression):
        used |= {label.strip() for label in group.split(",")}
    assert used <= labels, expression


def test_the_dashboard_asks_for_what_there_is(served: tuple[set[str], set[str]]) -> None:
    assert len(dashboard()) > 20
    for expression in dashboard():
        check(expression, served)
    shown = " ".join(dashboard())
    own = {name for name in served[0] if name.startswith("houndstooth_")}
    assert [name for name in own if re.sub("_(sum|count)$", "", name) not in shown] == []


def test_the_alerts_ask_for_what_there_is(served: tuple[set[str], set[str]]) -> None:
    assert len({rule["alert"] for rule in rules()}) == len(rules()) > 8
    for rule in rules():
        assert rule.keys() <= {"alert", "expr", "for", "annotations"}
        assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m")) and rule["annotations"]["summary"]
        check(rule["expr"], served)


def test_the_guide_explains_every_metric(served: tuple[set[str], set[str]]) -> None:
    guide = (DOCS / "deployment.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`(houndstooth_\w+)`", guide))
    own = {name for name in served[0] if name.startswith("houndstooth_")}
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in own} == explained
