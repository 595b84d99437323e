"""One picture of unlike products in batches of several workers: found once all are written."""

from __future__ import annotations

from houndstooth.mappings.document import NO_PICTURE
from tests.integration.workers.shop import Shop, finish, opened, product

THINGS = ("Linen Shirt", "Denim Jeans", "Leather Boots", "Silk Scarf", "Straw Hat", "Gold Ring")


def test_workers_count_together(shop: Shop) -> None:
    rows = [product(n, image="images/red.png", title=THINGS[n % 6]) for n in range(24)]
    rows += [product(n, image="images/blue.png", title="Wool Sweater") for n in range(24, 48)]
    with shop.workers(2):
        status, output, errors = finish(shop.ingest(shop.write(rows)))
    assert status == 0, errors
    assert f"{'one picture, unlike products':<28}{24:>10}   e.g. p00000, p00001, p00002" in output
    [told] = shop.report()["placeholders"]
    assert told["products"] == 24
    with opened(shop.url) as engine:
        stored = engine.fetch([row["id"] for row in rows])
    none = {one.product_id for one in stored if one.visual and NO_PICTURE in one.visual.attributes}
    assert none == {row["id"] for row in rows[:24]}
