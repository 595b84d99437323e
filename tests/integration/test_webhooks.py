"""Webhooks of shops: signed, and harmless when they come twice or in another order."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from houndstooth.mappings.errors import EngineUnavailable
from tests.integration.writes import SECRET, Service, pictures

TIMES = [f"2026-05-0{day}T10:00:00-04:00" for day in range(1, 6)]


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with pictures() as address:
        yield address


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.engine.close()


def signature(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def shopify(service: Service, topic: str, payload: Any, **headers: str) -> Any:
    body = json.dumps(payload).encode()
    given = {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature(body),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return service.client.post(
        "/api/v1/webhooks/shopify", data=body, headers=given, content_type="application/json"
    )


def woocommerce(service: Service, topic: str, payload: Any, delivery: str = "") -> Any:
    body = json.dumps(payload).encode()
    given = {"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": signature(body)}
    if delivery:
        given["X-WC-Webhook-Delivery-ID"] = delivery
    return service.client.post(
        "/api/v1/webhooks/woocommerce", data=body, headers=given, content_type="application/json"
    )


def tee(
    shop: str, updated_at: str, price: str = "20.00", sizes: tuple[str, ...] = ("S", "M")
) -> dict[str, Any]:
    """A product as Shopify sends it."""
    return {
        "id": 788032119674292922,
        "title": "Red T-Shirt",
        "body_html": "<p>Cotton</p>",
        "vendor": "Acme",
        "product_type": "T-Shirts",
        "handle": "red-tee",
        "updated_at": updated_at,
        "status": "active",
        "tags": "summer",
        "variants": [
            {
                "id": 642667041472713900 + place,
                "product_id": 788032119674292922,
                "title": size,
                "price": price,
                "sku": f"TEE-{size}",
                "option1": size,
                "inventory_quantity": 5,
                "inventory_policy": "deny",
                "updated_at": updated_at,
            }
            for place, size in enumerate(sizes)
        ],
        "options": [{"name": "Size", "values": list(sizes)}],
        "images": [{"id": 1, "src": f"{shop}/red.png"}],
        "image": {"id": 1, "src": f"{shop}/red.png"},
    }


def statuses(response: Any) -> dict[str, str]:
    assert response.status_code == 200, response.text
    return {one["product_id"]: one["status"] for one in response.json["results"]}


def test_shopify_products_come_change_and_go(service: Service, shop: str) -> None:
    created = shopify(service, "products/create", tee(shop, TIMES[0]))
    assert statuses(created) == {"TEE-S": "written", "TEE-M": "written"}
    facts = service.facts("TEE-M")
    assert facts["price"] == 20 and facts["brand"] == "Acme" and facts["group"] == "red-tee"
    assert service.client.get("/api/v1/products/TEE-S").json["category"] == "t-shirt"
    changed = shopify(service, "products/update", tee(shop, TIMES[1], "15.00", ("M", "L")))
    assert statuses(changed) == {"TEE-M": "updated", "TEE-L": "written", "TEE-S": "deleted"}
    assert service.facts("TEE-S") is None and service.facts("TEE-M")["price"] == 15
    gone = shopify(
        service,
        "products/delete",
        {"id": 788032119674292922},
        X_Shopify_Triggered_At="2026-05-03T14:00:27.877041743Z",
    )
    assert statuses(gone) == {"TEE-M": "deleted", "TEE-L": "deleted"}
    late = shopify(service, "products/update", tee(shop, TIMES[2]))
    assert set(statuses(late).values()) == {"overtaken"}
    assert service.facts("TEE-M") is None


def test_a_draft_is_taken_out(service: Service, shop: str) -> None:
    shopify(service, "products/create", tee(shop, TIMES[0]))
    draft = {**tee(shop, TIMES[1]), "status": "draft"}
    assert statuses(shopify(service, "products/update", draft)) == {
        "TEE-S": "deleted",
        "TEE-M": "deleted",
    }
    again = shopify(service, "products/update", tee(shop, TIMES[2]))
    assert statuses(again) == {"TEE-S": "written", "TEE-M": "written"}


def test_the_same_webhook_again_changes_nothing(service: Service, shop: str) -> None:
    shopify(service, "products/create", tee(shop, TIMES[0]))
    photos = service.extractor.photos
    again = shopify(service, "products/create", tee(shop, TIMES[0]))
    assert set(statuses(again).values()) == {"unchanged"}
    assert service.extractor.photos == photos


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_any_order_ends_the_same(service: Service, shop: str, order: tuple[int, ...]) -> None:
    """Two changes, a deletion, and a product that is made anew under the same SKU."""
    renewed = {**tee(shop, TIMES[3], "30.00", ("S",)), "id": 2}
    events = [
        ("products/create", tee(shop, TIMES[0], "10.00"), ""),
        ("products/update", tee(shop, TIMES[1], "20.00"), ""),
        ("products/delete", {"id": 788032119674292922}, TIMES[2]),
        ("products/create", renewed, ""),
    ]
    for place in order:
        topic, payload, at = events[place]
        sent = {"X_Shopify_Triggered_At": at} if at else {}
        assert shopify(service, topic, payload, **sent).status_code == 200
    assert service.facts("TEE-S")["price"] == 30
    assert service.facts("TEE-M") is None


def test_signatures_are_checked_over_the_body_as_it_came(service: Service, shop: str) -> None:
    body = json.dumps(tee(shop, TIMES[0]), indent=3).encode()

    def post(sent: bytes, signed: str) -> int:
        headers = {"X-Shopify-Topic": "products/create", "X-Shopify-Hmac-Sha256": signed}
        path = "/api/v1/webhooks/shopify"
        return service.client.post(path, data=sent, headers=headers).status_code

    for signed in ("", "x", "é", signature(body, "another"), signature(body + b" ")):
        assert post(body, signed) == 401
    assert post(body + b" ", signature(body)) == 401
    assert service.facts("TEE-S") is None
    assert post(body, signature(body)) == 200


def test_webhooks_are_off_without_a_secret(service: Service, app: Any) -> None:
    for platform in ("shopify", "woocommerce"):
        response = app.test_client().post(f"/api/v1/webhooks/{platform}", data=b"{}")
        assert response.status_code == 403
        assert f"HOUNDSTOOTH_{platform.upper()}_SECRET" in response.json["error"]["message"]


@pytest.mark.parametrize(
    "payload", [[], {}, None, {"id": None}, {"id": True}, {"id": {}}, "x", {"id": "\ud800"}]
)
def test_what_is_no_product_is_refused(service: Service, payload: Any) -> None:
    for topic in ("products/update", "products/delete"):
        assert shopify(service, topic, payload).status_code == 400


def test_topics_of_other_things_are_refused(service: Service, shop: str) -> None:
    response = shopify(service, "orders/create", {"id": 1})
    assert response.status_code == 400
    assert "products/create, products/delete" in response.json["error"]["message"]


def test_pictures_that_fail_for_good_are_told_and_others_sent_again(
    service: Service, shop: str
) -> None:
    broken = tee(f"{shop}/none.png#", TIMES[0])
    assert set(statuses(shopify(service, "products/create", broken)).values()) == {"failed"}
    away = tee(f"{shop}/away.png#", TIMES[1])
    assert shopify(service, "products/update", away).status_code == 503


def test_the_engine_away_has_the_webhook_sent_again(
    service: Service, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise EngineUnavailable("http://10.0.0.1:9200 cannot be reached")

    with monkeypatch.context() as patch:
        patch.setattr(service.engine, "stored", away)
        assert shopify(service, "products/create", tee(shop, TIMES[0])).status_code == 503
    again = shopify(service, "products/create", tee(shop, TIMES[0]))
    assert set(statuses(again).values()) == {"written"}


def cap(shop: str, modified: str, **changes: Any) -> dict[str, Any]:
    """A product as WooCommerce sends it."""
    return {
        "id": 794,
        "name": "Green Cap",
        "permalink": "https://shop.example/cap",
        "date_modified_gmt": modified,
        "type": "simple",
        "status": "publish",
        "catalog_visibility": "visible",
        "sku": "",
        "price": "12.50",
        "regular_price": "12.50",
        "sale_price": "",
        "stock_quantity": None,
        "stock_status": "instock",
        "parent_id": 0,
        "categories": [{"id": 9, "name": "T-Shirts", "slug": "t-shirts"}],
        "images": [{"id": 792, "src": f"{shop}/green.png"}],
        "variations": [],
        **changes,
    }


def test_woocommerce_products_come_change_and_go(service: Service, shop: str) -> None:
    created = woocommerce(service, "product.created", cap(shop, "2026-05-01T12:00:00"))
    assert statuses(created) == {"794": "written"}
    assert service.facts("794")["price"] == 12.5
    sale = cap(shop, "2026-05-03T12:00:00", price="10", sale_price="10")
    assert statuses(woocommerce(service, "product.updated", sale)) == {"794": "updated"}
    late = cap(shop, "2026-05-02T12:00:00", regular_price="99")
    assert statuses(woocommerce(service, "product.updated", late)) == {"794": "overtaken"}
    assert service.facts("794")["price"] == 10
    assert statuses(woocommerce(service, "product.deleted", {"id": 794})) == {"794": "deleted"}
    assert service.facts("794") is None


def test_a_deletion_that_comes_again_deletes_nothing_restored(service: Service, shop: str) -> None:
    woocommerce(service, "product.created", cap(shop, "2026-05-01T12:00:00"))
    gone = woocommerce(service, "product.deleted", {"id": 794}, "7f1b")
    assert statuses(gone) == {"794": "deleted"}
    now = datetime.now(UTC) + timedelta(seconds=1)
    restored = cap(shop, now.isoformat(timespec="milliseconds").removesuffix("+00:00"))
    assert statuses(woocommerce(service, "product.restored", restored)) == {"794": "written"}
    again = woocommerce(service, "product.deleted", {"id": 794}, "7f1b")
    assert again.headers["Idempotency-Replayed"] == "true" and again.json == gone.json
    assert service.facts("794")


def test_what_is_restored_is_newer_than_its_deletion(service: Service, shop: str) -> None:
    product = cap(shop, "2026-05-01T12:00:00")
    woocommerce(service, "product.created", product)
    woocommerce(service, "product.deleted", {"id": 794})  # its time is that of its arrival
    assert statuses(woocommerce(service, "product.updated", product)) == {"794": "overtaken"}
    assert statuses(woocommerce(service, "product.restored", product)) == {"794": "written"}
    assert service.facts("794")


def test_deliveries_of_one_second_have_one_name_in_woocommerce(service: Service, shop: str) -> None:
    for number in (794, 795):
        product = cap(shop, "2026-05-01T12:00:00", id=number, sku=str(number))
        for _ in range(2):
            sent = woocommerce(service, "product.created", product, "7f1b")
            assert statuses(sent) == {str(number): "written"}


def test_variations_come_by_themselves(service: Service, shop: str) -> None:
    parent = cap(shop, "2026-05-01T12:00:00", type="variable", variations=[1001, 1002])
    assert statuses(woocommerce(service, "product.updated", parent)) == {}
    small = cap(shop, "2026-05-01T12:00:00", id=1001, type="variation", parent_id=794, sku="C-S")
    assert statuses(woocommerce(service, "product.updated", small)) == {"C-S": "written"}
    assert service.facts("C-S")["group"] == "794"
    assert statuses(woocommerce(service, "product.deleted", {"id": 1001})) == {"C-S": "deleted"}


def test_woocommerce_asks_whether_somebody_listens(service: Service) -> None:
    response = service.client.post("/api/v1/webhooks/woocommerce", data={"webhook_id": "12"})
    assert response.status_code == 200
    assert woocommerce(service, "product.updated", []).status_code == 400
    assert service.client.post("/api/v1/webhooks/woocommerce", data=b"{}").status_code == 401
