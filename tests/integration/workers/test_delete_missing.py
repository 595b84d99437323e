"""``--delete-missing`` by workers: at the end of the job, once, and after a worker's death too."""

from __future__ import annotations

from houndstooth.ingest.deletion import Deletion
from tests.integration.workers.shop import Shop, finish, opened, product, wait_until


def ids(shop: Shop) -> set[str]:
    with opened(shop.url) as engine:
        engine.refresh()
        return {one.product_id for one in engine.fetch([product(n)["id"] for n in range(200)])}


def test_a_job_deletes_what_its_feed_does_not_have(shop: Shop) -> None:
    rows = [product(n) for n in range(160)]
    with shop.workers(2):
        assert finish(shop.ingest(shop.write(rows)))[0] == 0
        less = shop.write(rows[:150], "less.csv")
        status, output, errors = finish(shop.ingest(less, "--delete-missing"))
        assert status == 0, errors
        assert ids(shop) == {row["id"] for row in rows[:150]}
        assert shop.report()["deletion"]["deleted"] == 10
        assert "deleted" in output and "e.g. p00150, p00151" in output
        fewer = shop.write(rows[:100], "less.csv")
        status, output, _ = finish(shop.ingest(fewer, "--delete-missing"))
        assert status == 1
        assert "expected at most 10% of 150 products to be missing in the feed; got 50" in output
        assert len(ids(shop)) == 150
        few = shop.write(rows[:40], "less.csv")
        status, _, errors = finish(shop.ingest(few))
        assert status == 1
        assert "error: expected about 100 products in the feed, as the last time; got 40" in errors
        few.write_text(few.read_text().splitlines()[0] + "\n")
        status, _, errors = finish(shop.ingest(few, "--delete-missing"))
        assert (status, "error: expected products in the feed; it has none" in errors) == (1, True)
        assert finish(shop.ingest(few, "--allow-fewer"))[0] == 0
    assert len(ids(shop)) == 150


def test_a_worker_dies_in_the_deletion(shop: Shop) -> None:
    """What is left is deleted by the next one, two at a time, and counted once."""
    rows = [product(n) for n in range(60)]
    less = shop.write(rows[:55], "less.csv")
    words = ["ingest", less, "--celery", "--no-wait", "--engine", shop.url, "--delete-missing"]
    with shop.workers():
        assert finish(shop.ingest(shop.write(rows)))[0] == 0
    jobs = shop.app().jobs
    with shop.workers(TEST_DIES_IN_DELETION=str(shop.folder / "died")):
        status, output, _ = finish(shop.command(*words))
        assert status == 0
        job_id = output.strip()
        wait_until(lambda: jobs.get(job_id).state == "finished")
    assert (shop.folder / "died").exists()
    found = jobs.get(job_id)
    assert found.deletion == Deletion(5, 60, tuple(f"p{n:05}" for n in range(55, 60)), None, 5)
    assert found.totals["unchanged"] == 55
    assert ids(shop) == {row["id"] for row in rows[:55]}
