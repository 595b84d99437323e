"""Products written over REST: each with an outcome of its own, once, and the newest stays."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from houndstooth.ingest.writes import ledger, writer
from houndstooth.mappings.errors import EngineUnavailable
from tests.integration.web_catalogue import draw, file_of
from tests.integration.writes import Service, pictures

OLD, NEW, NEWER = "2026-05-01T12:00:00Z", "2026-05-02T12:00:00Z", "2026-05-03T12:00:00Z"


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with pictures() as address:
        yield address


@pytest.fixture(params=["sqlite", "opensearch", "elasticsearch"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    url = None
    if request.param != "sqlite":
        node = request.getfixturevalue(f"{request.param}_url")
        url = f"{node}/writes-{uuid.uuid4().hex[:12]}"
    service = Service(tmp_path, url)
    yield service
    if url:
        for name in (url.rpartition("/")[2], f"{url.rpartition('/')[2]}-houndstooth-deleted"):
            service.engine._client.indices.delete(index=name, ignore=[404])
    service.engine.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.engine.close()


def product(shop: str, **changes: Any) -> dict[str, Any]:
    return {
        "title": "Red T-Shirt",
        "images": [f"{shop}/red.png"],
        "facts": {"price": 20.0, "stock": 3},
        **changes,
    }


def test_a_product_is_inserted_updated_and_deleted(service: Service, shop: str) -> None:
    written = service.ask("PUT", "products/new/1", product(shop))
    assert written.status_code == 200
    assert written.json["status"] == "written" and written.json["category"] == "t-shirt"
    facts = service.facts("new/1")
    assert facts["title"] == "Red T-Shirt" and facts["image"] == f"{shop}/red.png"
    assert facts["price"] == 20 and facts["stock"] == 3
    found = service.client.get("/api/v1/products/new/1").json
    assert found["category"] == "t-shirt" and "colour:red" in found["attributes"]

    photos = service.extractor.photos
    cheaper = service.ask("PUT", "products/new/1", product(shop, facts={"price": 15.0}))
    assert cheaper.json["status"] == "updated"
    patched = service.ask("PATCH", "products/new/1", {"facts": {"stock": 0}})
    assert patched.json["status"] == "updated"
    facts = service.facts("new/1")
    assert facts["price"] == 15 and facts["stock"] == 0 and facts["title"] == "Red T-Shirt"
    assert service.extractor.photos == photos, "nothing is recognised again"

    assert service.ask("DELETE", "products/new/1").json["status"] == "deleted"
    assert service.facts("new/1") is None
    assert service.ask("DELETE", "products/new/1").json["status"] == "absent"


def test_one_bad_product_costs_no_other(service: Service, shop: str) -> None:
    results = service.batch(
        {"op": "upsert", "id": "a", "product": product(shop)},
        {"op": "upsert", "id": "b", "product": product(shop, images=[f"{shop}/broken.png"])},
        {"op": "upsert", "id": "c", "product": product(shop, images=[f"{shop}/none.png"])},
        {"op": "upsert", "id": "d", "product": product(shop, images=[f"{shop}/away.png"])},
        {"op": "upsert", "id": "e", "product": product(shop, images=[])},
        {"op": "upsert", "id": "f", "product": product(shop, facts={"price": {"a": 1}})},
        {"op": "upsert", "id": "g", "product": product(shop, colour="red")},
        {"op": "upsert", "id": "h", "product": product(shop, images=["http://10.0.0.1/a.png"])},
        {"op": "update", "id": "nobody", "facts": {"price": 1}},
        {"op": "delete", "id": "nobody"},
        {"op": "sell", "id": "a"},
        {"op": "update", "id": "a", "facts": {"price": 9.5, "visual": "x", "_id": "y"}},
        "delete",
    )
    statuses = [one["status"] for one in results]
    assert statuses == ["written", *["failed"] * 8, "absent", "failed", "updated", "failed"]
    codes = [one["error"]["code"] for one in results if one["error"]]
    assert codes == [
        *("invalid_image", "invalid_image", "image_unavailable"),
        *["invalid_product"] * 3,
        *("invalid_image", "product_not_found", "invalid_product", "invalid_product"),
    ]
    assert [one["error"]["retryable"] for one in results if one["error"]].count(True) == 1
    assert "10.0.0.1 is not" in results[7]["error"]["message"]
    assert len(results[11]["notes"]) == 2, "reserved names are left out and told"
    assert service.facts("a")["price"] == 9.5


def test_operations_are_done_in_order(service: Service, shop: str) -> None:
    results = service.batch(
        {"op": "upsert", "id": "a", "product": product(shop)},
        {"op": "update", "id": "a", "facts": {"price": 1}},
        {"op": "update", "id": "a", "facts": {"price": 2}},
        {"op": "delete", "id": "a"},
        {"op": "upsert", "id": "a", "product": product(shop, title="Blue T-Shirt")},
    )
    found = [one["status"] for one in results]
    assert found == ["written", "updated", "updated", "deleted", "written"]
    assert service.facts("a")["title"] == "Blue T-Shirt"


def test_the_newest_state_stays(service: Service, shop: str) -> None:
    def put(as_of: str, price: float) -> str:
        sent = product(shop, as_of=as_of, facts={"price": price})
        return str(service.ask("PUT", "products/a", sent).json["status"])

    assert put(NEW, 20) == "written"
    assert put(OLD, 10) == "overtaken"
    assert put(NEW, 20) == "unchanged"
    sent = {"facts": {"price": 10}, "as_of": OLD}
    assert service.ask("PATCH", "products/a", sent).json["status"] == "overtaken"
    assert service.ask("DELETE", f"products/a?as_of={OLD}").json["status"] == "overtaken"
    assert service.facts("a")["price"] == 20
    assert service.ask("DELETE", f"products/a?as_of={NEWER}").json["status"] == "deleted"
    assert put(NEW, 20) == "overtaken", "an older update does not bring back what was deleted"
    assert service.facts("a") is None
    assert put("2026-05-04T12:00:00+02:00", 30) == "written"


def test_images_can_be_sent_along(small: Service) -> None:
    def put(colour: str, times: int = 1, **headers: str) -> Any:
        files = [(io.BytesIO(file_of(draw(colour))), f"{n}.png") for n in range(times)]
        form = {"product": '{"title": "T-Shirt"}', "image": files}
        return small.client.put(
            "/api/v1/products/a", data=form, headers={**small.bearer, **headers}
        )

    once = {"Idempotency-Key": "1"}
    first = put("red", **once)
    assert first.json["status"] == "written"
    again = put("red", **once)  # with another boundary
    assert again.json == first.json and "Idempotency-Replayed" in again.headers
    assert put("blue", **once).status_code == 422
    assert "colour:red" in small.client.get("/api/v1/products/a").json["attributes"]
    assert "image" not in small.facts("a"), "it is not kept"
    assert put("red").json["status"] == "unchanged"
    assert put("green", 2).json["status"] == "written"
    assert put("red", 5).status_code == 400
    form = {"product": "{}", "other": (io.BytesIO(b""), "a.png")}
    refused = small.client.put("/api/v1/products/a", data=form, headers=small.bearer)
    assert refused.status_code == 400 and "fields" not in refused.json
    nameless = b'--x\r\nContent-Disposition: form-data; filename="a.png"\r\n\r\n\r\n--x--\r\n'
    headers = {**small.bearer, "Content-Type": "multipart/form-data; boundary=x"}
    refused = small.client.put("/api/v1/products/a", data=nameless, headers=headers)
    assert refused.status_code == 400, refused.text


def test_writes_need_a_key_that_may_write(small: Service, shop: str) -> None:
    for method, path in (
        ("POST", "products"),
        ("PUT", "products/a"),
        ("PATCH", "products/a"),
        ("DELETE", "products/a"),
    ):
        assert small.ask(method, path, {}, Authorization="").status_code == 401
    login = {"username": "staff", "password": small.bearer["Authorization"][7:]}
    basic = small.client.delete("/api/v1/products/a", auth=(login["username"], login["password"]))
    assert basic.status_code == 401, "a browser would send it for a foreign page"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b'{"title": NaN}', 400),
        (b'{"title": "\\ud800"}', 400),
        (b"[" * 100_000, 400),
        (b"[]", 400),
        (b'{"title": "x", "images": "a"}', 400),
        (b'{"title": "x", "images": ["a.jpg"]}', 400),
        (b'{"title": 1, "images": []}', 400),
        (b'{"title": "x", "images": ["http://s/a"], "box": [0, 0, 0, 0]}', 400),
        (b'{"title": "x", "images": ["http://s/a"], "box": [0, 0, 1e999, 1]}', 400),
        (b'{"title": "x", "images": ["http://s/a"], "language": "klingon"}', 400),
        (b'{"title": "x", "images": ["http://s/a"], "attributes": {"mood": "good"}}', 400),
        (b'{"title": "x", "images": ["http://s/a"], "as_of": "yesterday"}', 400),
        (b'{"title": "x", "images": ["http://s/a"], "as_of": "9999-01-01"}', 400),
        (b'{"title": "x", "images": ["http://s/a"], "as_of": "0001-01-01T00:00:00+14:00"}', 400),
        (b'{"title": "x", "images": ["http://s/a"], "facts": {"a": 1e999}}', 400),
        (b" " * 1_000_001, 413),
    ],
)
def test_what_cannot_be_used_is_refused(small: Service, body: bytes, status: int) -> None:
    headers = {**small.bearer, "Content-Type": "application/json"}
    response = small.client.put("/api/v1/products/a", data=body, headers=headers)
    assert response.status_code == status, response.text
    assert response.json["error"]["message"].startswith("expected ")
    assert small.facts("a") is None


def test_batches_are_bounded(small: Service) -> None:
    one = {"op": "delete", "id": "nobody"}
    assert len(small.batch(*[one] * 100)) == 100
    for operations in ([], [one] * 101, "all", None):
        sent = {"operations": operations}
        assert small.ask("POST", "products", sent).status_code == 400


def test_a_write_that_is_sent_twice_is_done_once(small: Service, shop: str) -> None:
    once = {"Idempotency_Key": "order-1"}
    first = small.ask("PUT", "products/a", product(shop), **once)
    small.ask("PATCH", "products/a", {"facts": {"price": 1}})
    again = small.ask("PUT", "products/a", product(shop), **once)
    assert again.status_code == 200 and again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert small.facts("a")["price"] == 1, "it was not done again"
    other = small.ask("PUT", "products/a", product(shop, title="Other"), **once)
    assert (other.status_code, other.json["error"]["code"]) == (422, "unprocessable_entity")
    assert small.ask("DELETE", "products/a", **once).status_code == 422
    for name in ("", "x" * 256, "a b", "ä"):
        assert small.ask("DELETE", "products/a", Idempotency_Key=name).status_code == 400


def test_refusals_are_kept_and_faults_are_not(
    small: Service, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = {"facts": {"price": 1}}
    assert small.ask("PATCH", "products/a", missing, Idempotency_Key="1").status_code == 404

    def away(*_: object) -> None:
        raise EngineUnavailable("http://10.0.0.1:9200 cannot be reached")

    with monkeypatch.context() as patch:
        patch.setattr(small.engine, "stored", away)
        failed = small.ask("PUT", "products/a", product(shop), Idempotency_Key="2")
        assert (failed.status_code, failed.json["error"]["code"]) == (503, "engine_unavailable")
        assert failed.headers["Retry-After"] == "1"
        assert "10.0.0.1" not in failed.text
    assert small.ask("PUT", "products/a", product(shop), Idempotency_Key="2").status_code == 200
    again = small.ask("PATCH", "products/a", missing, Idempotency_Key="1")
    assert again.status_code == 404 and "Idempotency-Replayed" in again.headers


def test_what_is_under_way_is_not_begun_again(
    small: Service, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    photos = small.extractor.extract

    def during(*arguments: Any, **options: Any) -> Any:
        seen.append(small.ask("PUT", "products/a", product(shop), Idempotency_Key="1").status_code)
        return photos(*arguments, **options)

    monkeypatch.setattr(small.extractor, "extract", during)
    small.ask("PUT", "products/a", product(shop), Idempotency_Key="1")
    assert seen == [409]


def test_the_engine_that_goes_away_in_between_costs_the_rest(
    small: Service, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = small.engine.write

    def away_after_one(documents: Any) -> Any:
        monkeypatch.setattr(small.engine, "write", away)
        return write(documents)

    def away(_: Any) -> None:
        raise EngineUnavailable("http://10.0.0.1:9200 cannot be reached")

    monkeypatch.setattr(small.engine, "write", away_after_one)
    results = small.batch(
        *({"op": "upsert", "id": f"p{n}", "product": product(shop)} for n in range(20))
    )
    assert [one["status"] for one in results] == ["written"] * 8 + ["failed"] * 12
    assert {one["error"]["code"] for one in results[8:]} == {"engine_unavailable"}
    assert all(one["error"]["retryable"] for one in results[8:])


def test_a_deletion_while_an_older_state_is_written_wins(
    small: Service, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = small.extractor.extract

    def during(*arguments: Any, **options: Any) -> Any:
        assert small.ask("DELETE", f"products/a?as_of={NEW}").json["status"] == "absent"
        return photos(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(small.extractor, "extract", during)
        late = small.ask("PUT", "products/a", product(shop, as_of=OLD))
    assert late.json["status"] == "overtaken"
    assert small.facts("a") is None


def test_images_of_a_write_have_so_much_time(
    small: Service, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "IMAGES_SECONDS", -1)
    response = small.ask("PUT", "products/a", product(shop))
    assert (response.status_code, response.json["error"]["code"]) == (503, "image_unavailable")


def test_what_is_kept_is_bounded(small: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MAX_ANSWERS", 3)
    monkeypatch.setattr(ledger, "MAX_DELETED", 3)
    for number in range(6):
        small.ask("DELETE", f"products/p{number}?as_of={NEW}", Idempotency_Key=str(number))
    kept = ledger.Ledger(small.app.extensions["houndstooth"].settings.jobs)
    for number in range(6):
        kept.mark_deleted(f"p{number}", number)
    assert len(kept.deleted([f"p{number}" for number in range(6)])) == 3
    assert kept.deleted(["p5"])
    again = small.ask("DELETE", f"products/p5?as_of={NEW}", Idempotency_Key="5")
    assert "Idempotency-Replayed" in again.headers
    monkeypatch.setattr(ledger, "ANSWER_SECONDS", -1)
    again = small.ask("DELETE", f"products/p5?as_of={NEW}", Idempotency_Key="5")
    assert "Idempotency-Replayed" not in again.headers


def test_a_record_that_cannot_be_used_is_503(small: Service, tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir(exist_ok=True)
    (tmp_path / "jobs" / "writes.db").write_text("no database" * 100)
    response = small.ask("DELETE", "products/a", Idempotency_Key="1")
    assert response.status_code == 503
    assert str(tmp_path) not in response.text
