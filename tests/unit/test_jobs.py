"""Jobs in their folder: counted once, capped, aged, and whole however writers end."""

from __future__ import annotations

import json
import os
import stat
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from houndstooth.ingest import journal
from houndstooth.ingest.deletion import Deletion
from houndstooth.ingest.job_request import JobRequest
from houndstooth.ingest.jobs import KEPT_SECONDS, Jobs
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.progress import KEPT, Progress
from houndstooth.ingest.steps import Steps
from houndstooth.mappings.errors import InvalidInput, JobNotFound, WorkersUnavailable
from houndstooth.mappings.product import Note
from tests.totals import totals

REQUEST = JobRequest(Path("/feeds/feed.csv"), "1", "opensearch://u:p@h/x", ReadOptions(), 8, 100)


def lines(jobs: Jobs, job_id: str) -> int:
    return len((jobs.folder / f"{job_id}.jsonl").read_bytes().splitlines())


def failed(row: int) -> Outcome:
    return Outcome(f"p{row}", "failed", "no image", "unusable image", row)


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(tmp_path / "jobs")


def test_a_batch_counts_once_in_every_process(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST, {"products": 2})
    other = Jobs(jobs.folder)
    assert jobs.record(job_id, 0, [Outcome("a", "written"), failed(3)], "m-1")
    assert not other.record(job_id, 0, [Outcome("a", "unchanged")], "m-1")
    assert other.has(job_id, 0) and not other.has(job_id, 1)
    job = other.get(job_id)
    assert (job.request, job.survey) == (REQUEST, {"products": 2})
    assert job.totals == totals(written=1, failed=1)
    assert (job.state, job.done, job.model) == ("running", 1, "m-1")
    assert job.tallies["failed"] == {
        "unusable image": {"count": 1, "examples": ["line 3: no image"]}
    }


def test_an_ended_job_is_a_line_that_says_the_same(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST)
    noted = Outcome("c", "written", row=4, notes=(Note("price left empty", "got 'POA'"),))
    for number, outcome in enumerate([Outcome("a", "unchanged", row=2), failed(3), noted]):
        with jobs.attempt(job_id, f"batch {number}") as attempts:
            assert attempts == 1
            jobs.record(job_id, number, [outcome], "m-1")
    before = jobs.get(job_id)
    jobs.end_feed(job_id, 3)
    jobs.record_placeholders(job_id, [])
    after = Jobs(jobs.folder).get(job_id)
    assert lines(jobs, job_id) == 1
    assert after.state == "finished"
    for name in ("totals", "tallies", "failed", "noted", "failed_rows", "done", "seconds"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.noted == [noted]
    assert not jobs.record(job_id, 2, [noted], "m-1")


def test_a_large_job_keeps_counts_and_the_first_failures(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST)
    rows = range(2, 2 + KEPT + 500)
    for number, start in enumerate(range(0, len(rows), 100)):
        jobs.record(job_id, number, [failed(row) for row in rows[start : start + 100]], "m-1")
    for number in range(15, 515):
        jobs.record(job_id, number, [Outcome(f"u{n}", "unchanged") for n in range(200)], "m-1")
    jobs.end_feed(job_id, 515)
    jobs.record_placeholders(job_id, [])
    job = jobs.get(job_id)
    assert job.totals == totals(unchanged=100_000, failed=KEPT + 500)
    assert [one.row for one in job.failed] == list(rows[:KEPT])
    assert list(job.failed_rows) == list(rows)
    assert (jobs.folder / f"{job_id}.jsonl").stat().st_size < 100_000


def test_a_line_cut_off_by_a_crash_costs_itself_alone(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST)
    jobs.record(job_id, 0, [Outcome("a", "written")], "m-1")
    path = jobs.folder / f"{job_id}.jsonl"
    with path.open("ab") as file:
        file.write(b'[1.0, "record", {"numb')
    assert jobs.get(job_id).done == 1
    jobs.record(job_id, 1, [Outcome("b", "written")], "m-1")
    assert jobs.get(job_id).done == Jobs(jobs.folder).get(job_id).done == 2


def _record(folder: Path, job_id: str, numbers: range) -> int:
    jobs = Jobs(folder)
    new = 0
    for number in numbers:
        with jobs.attempt(job_id, f"batch {number}"):
            new += jobs.record(job_id, number, [Outcome(f"p{number}", "written")], "m-1")
    return new


def test_many_processes_write_to_one_job(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST)
    jobs.end_feed(job_id, 200)
    with ProcessPoolExecutor(4, get_context("spawn")) as pool:
        numbers = [range(0, 120), range(40, 160), range(80, 200), range(0, 200)]
        new = list(pool.map(_record, [jobs.folder] * 4, [job_id] * 4, numbers))
    assert sum(new) == 200
    jobs.record_placeholders(job_id, [])
    job = jobs.get(job_id)
    assert (job.state, job.done, job.totals["written"]) == ("finished", 200, 200)


def test_threads_of_a_process_read_and_write_one_job(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST)

    def work(number: int) -> int:
        jobs.record(job_id, number, [failed(number)], "m-1")
        return sum(jobs.get(job_id).totals.values())

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(work, range(100))) == 100
    assert jobs.get(job_id).done == 100


def test_an_attempt_stays_counted_when_its_process_dies(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST)
    if os.fork() == 0:
        with jobs.attempt(job_id, "batch 0"):
            os._exit(1)
    os.wait()
    with jobs.attempt(job_id, "batch 0") as attempts:
        assert attempts == 2
    with pytest.raises(ValueError), jobs.attempt(job_id, "batch 0") as attempts:
        assert attempts == 1
        raise ValueError
    with jobs.attempt(job_id, "batch 0") as attempts:
        assert attempts == 1


def test_a_stopped_job_goes_on_where_it_was(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST)
    jobs.mark_queued(job_id, 0)
    jobs.record(job_id, 1, [Outcome("a", "written")], "m-1")
    jobs.stop(job_id, "the engine is away")
    jobs.stop(job_id, "cancelled")
    jobs.record(job_id, 2, [Outcome("b", "written")], "m-1")  # was at hand
    assert (jobs.get(job_id).state, jobs.get(job_id).stopped) == ("stopped", "the engine is away")
    jobs.resume(job_id)
    assert jobs.get(job_id).state == "running"
    assert [jobs.has(job_id, number) for number in range(3)] == [False, True, True]
    assert not jobs.has_queued(job_id, 0)
    jobs.record(job_id, 0, [Outcome("c", "written")], "m-1")
    jobs.end_feed(job_id, 3)
    assert jobs.get(job_id).totals["written"] == 3
    jobs.record_placeholders(job_id, [])
    jobs.stop(job_id, "cancelled")
    assert jobs.get(job_id).state == "finished"
    with pytest.raises(InvalidInput, match="expected a job that is not finished"):
        jobs.resume(job_id)


def test_an_attempt_that_waits_for_the_engine_is_no_death(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST)
    for _ in range(3):
        if os.fork() == 0:
            steps = Steps(jobs)
            with steps.step(job_id, "batch 0", 60) as attempts, steps.paused(job_id, "away"):
                os._exit(attempts)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 1
    steps = Steps(jobs)
    with steps.step(job_id, "batch 0", 60) as attempts:
        assert attempts == 1
        with steps.paused(job_id, "still away") as since:
            job = jobs.get(job_id)
            assert (job.away, job.away_since) == ("still away", since)
            assert since <= time.time()
        assert Jobs(jobs.folder).get(job_id).away == "still away"
        with jobs.attempt(job_id, "batch 0") as attempts:
            assert attempts == 2  # the one that waited counts again
        jobs.record(job_id, 0, [Outcome("a", "written")], "m-1")
    assert jobs.get(job_id).away is None


def test_a_job_that_stepped_aside_goes_on_with_its_patience_used_up(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST)
    since = jobs.wait(job_id, "away")
    jobs.step_aside(job_id)
    time.sleep(0.02)
    assert jobs.wait(job_id, "away again") == since
    assert jobs.get(job_id).is_aside
    assert jobs.resume_if_quiet(jobs.get(job_id), -1)
    job = jobs.get(job_id)
    assert (job.is_aside, job.away_since) == (False, since)
    jobs.resume(job_id)
    assert jobs.get(job_id).away is None


def test_a_process_that_dies_as_it_creates_a_job_leaves_none(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.folder.mkdir()
    if os.fork() == 0:
        monkeypatch.setattr(journal, "_line", lambda *_: os._exit(0))
        jobs.create(REQUEST)
    os.wait()
    assert jobs.recent() == [] == jobs.running()
    assert jobs.get(jobs.create(REQUEST)).state == "running"


def test_those_that_run_are_told_apart(jobs: Jobs) -> None:
    made = [jobs.create(REQUEST) for _ in range(3)]
    jobs.stop(made[1], "cancelled")
    (jobs.folder / "0123456789ab.jsonl").touch()
    for _ in range(2):
        assert [job.job_id for job in jobs.running()] == [made[0], made[2]]
    jobs.resume(made[1])
    assert [job.job_id for job in jobs.running()] == made


def test_one_of_several_takes_care_of_a_quiet_job(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST)
    time.sleep(0.05)
    seen = jobs.get(job_id)
    assert not jobs.resume_if_quiet(seen, 10)
    assert jobs.resume_if_quiet(seen, 0.01)
    assert not Jobs(jobs.folder).resume_if_quiet(seen, 0.5)
    with jobs.attempt(job_id, "read 0"):
        time.sleep(0.05)
        assert not jobs.resume_if_quiet(seen, 0.01), "its batch was begun since"
    jobs.stop(job_id, "cancelled")
    time.sleep(0.05)
    assert not jobs.resume_if_quiet(seen, 0.01)


def test_jobs_are_listed_newest_first_and_removed_by_age(jobs: Jobs) -> None:
    assert jobs.recent() == []
    made = [jobs.create(REQUEST) for _ in range(5)]
    assert jobs.recent(3) == made[:1:-1]
    past = time.time() - KEPT_SECONDS - 60
    os.utime(jobs.folder / f"{made[0]}.jsonl", (past, past))
    jobs.create(REQUEST)
    assert made[0] not in jobs.recent() and made[1] in jobs.recent()
    with pytest.raises(JobNotFound):
        jobs.get(made[0])


@pytest.mark.parametrize("job_id", ["0123456789ab", "../secret", "", "x" * 12])
def test_no_job_of_that_id(jobs: Jobs, job_id: str) -> None:
    jobs.create(REQUEST)
    (jobs.folder.parent / "secret.jsonl").write_text("[]")
    with pytest.raises(JobNotFound, match="in the folder of jobs") as found:
        jobs.get(job_id)
    assert str(jobs.folder) not in str(found.value)
    assert not jobs.is_usable(job_id)


def test_a_file_that_has_the_number_of_the_one_before_is_another(jobs: Jobs) -> None:
    """A number is free again when its file is replaced, and mostly comes back with the next."""
    job_id = jobs.create(REQUEST)
    reader = Jobs(jobs.folder)
    for number in range(4):
        assert reader.get(job_id).state == "running"
        jobs.stop(job_id, f"reason {number}")
        jobs.resume(job_id)
        jobs.stop(job_id, f"another reason {number}")
        assert reader.get(job_id).stopped == f"another reason {number}"
        jobs.resume(job_id)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("no folder")
    for call in (lambda: Jobs(tmp_path / "jobs").create(REQUEST), Jobs(tmp_path / "jobs").recent):
        with pytest.raises(WorkersUnavailable, match=r"jobs in .*/jobs \(HOUNDSTOOTH_JOBS\)"):
            call()


def test_passwords_are_read_by_the_owner_alone(jobs: Jobs) -> None:
    job_id = jobs.create(REQUEST)
    path = jobs.folder / f"{job_id}.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    jobs.stop(job_id, "cancelled")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


EVENT = st.one_of(
    st.builds(
        lambda number, rows: ("record", number, rows),
        st.integers(0, 5),
        st.lists(st.integers(2, 50), max_size=3),
    ),
    st.tuples(st.just("end"), st.just(4)),
    st.tuples(st.sampled_from(["queue"]), st.integers(0, 3)),
    st.tuples(st.just("stop"), st.text(max_size=5), st.text(max_size=5)),
    st.tuples(st.just("resume")),
)


@given(st.lists(EVENT, max_size=12))
def test_a_sum_is_read_as_it_was_written(events: list[tuple]) -> None:  # type: ignore[type-arg]
    progress = Progress(REQUEST.to_json(), None, 1.0, 1.0)
    for event, *values in events:
        if event == "record":
            number, rows = values
            outcomes = [failed(row).to_json() for row in rows]
            progress.record(number, "m-1", {"failed": len(rows)}, {}, outcomes)
        else:
            getattr(progress, event)(*values)
    again = Progress.from_json(json.loads(json.dumps(progress.to_json())))
    assert again.to_json() == json.loads(json.dumps(progress.to_json()))


def test_the_last_steps_are_queued_once_each(jobs: Jobs) -> None:
    job_id = jobs.create(replace(REQUEST, delete_at_most="10%"))
    jobs.end_feed(job_id, 1)
    assert jobs.queue_last(job_id) is None, "a batch is left to do"
    jobs.record(job_id, 0, [], "test-1")
    assert [jobs.queue_last(job_id) for _ in range(3)] == ["deletion", None, None]
    jobs.resume(job_id)  # its message was lost
    assert jobs.queue_last(job_id) == "deletion"
    jobs.record_deletion(job_id, Deletion())
    assert [jobs.queue_last(job_id) for _ in range(2)] == ["placeholders", None]
    assert jobs.get(job_id).state == "running"
    jobs.record_placeholders(job_id, [])
    assert (jobs.get(job_id).state, jobs.queue_last(job_id)) == ("finished", None)


@pytest.mark.parametrize("ends_first", [True, False])
def test_the_last_batch_and_the_end_of_the_feed_come_in_any_order(
    jobs: Jobs, ends_first: bool
) -> None:
    job_id = jobs.create(REQUEST)
    if ends_first:
        jobs.end_feed(job_id, 1)
        assert jobs.queue_last(job_id) is None
    jobs.record(job_id, 0, [], "test-1")
    if not ends_first:
        assert jobs.queue_last(job_id) is None
        jobs.end_feed(job_id, 1)
    assert jobs.queue_last(job_id) == "placeholders"
    empty = jobs.create(REQUEST)
    jobs.end_feed(empty, 0)
    assert (jobs.get(empty).state, jobs.queue_last(empty)) == ("finished", None)


@pytest.mark.parametrize(("batches", "state"), [(1, "finished"), (None, "running")])
def test_a_journal_of_another_release_is_read(jobs: Jobs, batches: int | None, state: str) -> None:
    job_id = jobs.create(REQUEST)
    path = jobs.folder / f"{job_id}.jsonl"
    when, event, values = json.loads(path.read_text())
    del values["placeholders"]
    values |= {"batches": batches, "done": 1, "recorded": [] if batches else [0]}
    old = [[when, event, values], [when, "unknown", {"number": 0}]]
    path.write_text("".join(json.dumps(line) + "\n" for line in old))
    assert (jobs.get(job_id).state, len(jobs.running())) == (state, batches is None)
    assert jobs.has(job_id, 0)
