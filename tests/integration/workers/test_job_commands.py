"""Jobs that people cancel, resume and retry, and what failed as a table."""

from __future__ import annotations

import csv

from tests.integration.workers.shop import Shop, finish, opened, product, wait_until


def run(shop: Shop, *words: str) -> tuple[int, str, str]:
    return finish(shop.command("jobs", *words), 60)


def test_a_job_is_cancelled_and_goes_on(shop: Shop) -> None:
    feed = shop.write([product(n) for n in range(80)])
    words = ["ingest", feed, "--celery", "--no-wait", "--engine", shop.url, "--batch", "4"]
    with shop.workers(TEST_SECONDS_PER_BATCH="0.3"), shop.app() as app:
        status, output, _ = finish(shop.command(*words))
        assert status == 0
        job = output.strip()
        wait_until(lambda: app.jobs.get(job).done > 1)
        assert run(shop, "cancel", job) == (0, f"job {job}: stopped\n", "")
        status, output, _ = run(shop, "status", job)
        assert (status, "stopped early: cancelled" in output) == (1, True)
        done = app.jobs.get(job).done
        assert 1 < done < 20
        assert run(shop, "resume", job)[:2] == (
            0,
            f"job {job} goes on; its state: houndstooth jobs status {job}\n",
        )
        wait_until(lambda: app.jobs.get(job).state == "finished")
        assert app.jobs.get(job).totals["written"] == 80
        status, _, errors = run(shop, "resume", job)
        assert (status, "expected a job that is not finished" in errors) == (2, True)
        shop.write([product(n) for n in range(9)])
    with opened(shop.url) as engine:
        assert engine.count() == 80


def test_what_failed_is_a_table_and_is_tried_again(shop: Shop) -> None:
    rows = [product(n) for n in range(20)]
    for n in (3, 11):
        rows[n]["image"] = f"images/late{n}.png"
    feed = shop.write(rows)
    with shop.workers(), shop.app() as app:
        assert finish(shop.ingest(feed))[0] == 1
        [job] = app.jobs.recent()
        status, output, errors = run(shop, "failures", job, "--csv")
        table = list(csv.DictReader(output.splitlines()))
        assert (status, errors) == (0, "")
        assert [(row["line"], row["id"], row["type"]) for row in table] == [
            ("5", "p00003", "unusable image"),
            ("13", "p00011", "unusable image"),
        ]
        assert "images/late3.png" in table[0]["reason"]
        assert "line 5  p00003  unusable image: " in run(shop, "failures", job)[1]

        (shop.folder / "images" / "late3.png").symlink_to(shop.folder / "images" / "red.png")
        status, output, _ = run(shop, "retry", job)
        assert status == 0
        again = output.strip()
        wait_until(lambda: app.jobs.get(again).state == "finished")
        totals = app.jobs.get(again).totals
        assert (totals["written"], totals["failed"]) == (1, 1)
        assert list(app.jobs.get(again).failed_rows) == [13]

        (shop.folder / "images" / "late11.png").symlink_to(shop.folder / "images" / "red.png")
        last = run(shop, "retry", again)[1].strip()
        wait_until(lambda: app.jobs.get(last).state == "finished")
        status, _, errors = run(shop, "retry", last)
        assert (status, "nothing failed" in errors) == (2, True)
        shop.write(rows[:5])
        status, _, errors = run(shop, "retry", again)
        assert (status, "has changed since the job began" in errors) == (2, True)
    with opened(shop.url) as engine:
        assert engine.count() == 20
