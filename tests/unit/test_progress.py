from concurrent.futures import ThreadPoolExecutor

from houndstooth.web.progress import Progress


def counts(progress: Progress) -> tuple[object, ...]:
    return tuple(progress.to_json()[key] for key in ("total", "done", "failed", "state"))


def test_a_first_run_counts_what_came_in() -> None:
    progress = Progress(10)
    assert counts(progress) == (10, 0, 0, "running") and progress.running
    progress.add(3, 1)
    assert counts(progress) == (10, 3, 1, "running")
    progress.end()
    assert counts(progress) == (10, 3, 1, "finished") and not progress.running


def test_what_was_in_before_is_in() -> None:
    progress = Progress(10, present=6)
    progress.add(4, 0)
    assert counts(progress)[1] == 6
    progress.add(4, 0)
    assert counts(progress)[1] == 8
    assert counts(Progress(10, present=600))[1] == 10
    assert counts(Progress(None, present=600))[:2] == (None, 600)


def test_an_early_end_is_told() -> None:
    progress = Progress(10)
    progress.end(stopped=True)
    assert counts(progress)[3] == "stopped"


def test_no_count_is_lost_among_threads() -> None:
    progress = Progress(8000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: progress.add(1, 1), range(4000)))
    assert counts(progress)[1:3] == (4000, 4000)
