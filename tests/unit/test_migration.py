"""What a migration takes for done, for newer, and for closed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from houndstooth.commands import main, migrate, migrate_run
from houndstooth.commands.migrate_sample import check_sample
from houndstooth.ingest import patient_engine
from houndstooth.ingest.migration import switching, turn
from houndstooth.ingest.migration.filling import Filling, Tally
from houndstooth.ingest.migration.recoding import Recoded, Recoder, references_of
from houndstooth.ingest.migration.turn import Turn
from houndstooth.ingest.migration.versions import Versions
from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.errors import EngineUnavailable, InvalidInput
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.shop_index import Serving, SourceDocument, Version
from houndstooth.mappings.times import now_ms
from houndstooth.mappings.writes import WriteOutcome
from houndstooth.plugin import engines
from tests.catalogue import LENGTHS, document
from tests.fakes import FakeExtractor

OLD = document("1", {}).visual
assert OLD is not None
NEW = replace(OLD, model="new-1")
LATER = "2026-05-02T00:00:00+00:00"


def stored(visual: VisualDocument, **times: int) -> dict[str, Any]:
    return visual.to_json() | times


CASES: dict[str, tuple[dict[str, Any], dict[str, Any] | None, bool, bool]] = {
    "equal": (stored(OLD), stored(NEW), False, True),
    "none yet": (stored(OLD), None, False, False),
    "damaged": (stored(OLD), stored(NEW) | {"box": []}, False, False),
    "of another encoder": (stored(OLD), stored(replace(OLD, model="x")), False, False),
    "another title": (stored(replace(OLD, source_hash="b")), stored(NEW), False, False),
    "no picture any more": (
        stored(replace(OLD, attributes=("picture:none",))),
        stored(NEW),
        False,
        False,
    ),
    "written in the new one": (
        stored(OLD),
        stored(replace(NEW, source_hash="b", computed_at=LATER)),
        True,
        True,
    ),
    "written in the old one": (
        stored(replace(OLD, source_hash="b", computed_at=LATER)),
        stored(NEW),
        True,
        False,
    ),
    "older, computed later": (
        stored(replace(OLD, source_hash="b", computed_at=LATER), as_of=1),
        stored(NEW, as_of=2),
        True,
        True,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_done(case: str) -> None:
    old, new, new_serves, is_current = CASES[case]
    for source in (
        {"visual": old, "visual_2": new},
        {
            f"{name}.{key}": value
            for name, one in (("visual", old), ("visual_2", new or {}))
            for key, value in one.items()
        },
    ):
        versions = Versions.of(source, "visual", "visual_2")
        assert versions.is_current("new-1", LENGTHS, new_serves) == is_current


def test_newer_times_come_along() -> None:
    old, new = stored(OLD, facts_as_of=5, as_of=3), stored(NEW, facts_as_of=4, as_of=4)
    assert Versions(old, new).times == {"facts_as_of": 5}
    assert Versions(old, None).times == {"facts_as_of": 5, "as_of": 3}


def test_features_of_other_networks_are_refused() -> None:
    extractor = FakeExtractor()
    extractor.model = "net-1+enc-2+colour-1"
    recoder = Recoder(extractor, bytes, references_of({}, ""), "enc-2")
    for model in ("net-1+colour-1", "net-1+enc-1+colour-1", "net-1+enc-2+colour-1"):
        recoder.check_model(model)
    for model in ("net-2+colour-1", "net-1+enc-1", "net-1+enc-1+x+colour-1"):
        with pytest.raises(InvalidInput, match="any encoder"):
            recoder.check_model(model)


def test_references_are_read_as_they_were_written() -> None:
    plain = references_of({}, "")
    assert plain({"image": "a,b.png"}) == ("a,b.png",)
    assert plain({"image": "a.png", "images": ["a.png", "b.png"]}) == ("a.png", "b.png")
    own = references_of({"image": "media.0.url", "images": "media.url"}, "https://cdn.shop.example")
    found = own({"media": [{"url": "a.png"}, {"url": "b.png"}]})
    assert found == ("https://cdn.shop.example/a.png", "https://cdn.shop.example/b.png")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--encoder", "none", "--engine", "sqlite:///a.db"), "SQLite file keeps one version"),
        (("--encoder", "none", "--engine", "opensearch://h/p?visual=visual"), "without visual="),
        ((), "expected one of --encoder"),
        (("--rollback", "--drop"), "expected one of --encoder"),
    ],
)
def test_what_cannot_be_migrated(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate", *words]) == 2
    assert message in capsys.readouterr().err


def test_resting_leaves_time_to_others() -> None:
    from houndstooth.ingest.migration.filling import resting

    class Stop(Event):
        def wait(self, timeout: float | None = None) -> bool:
            rested.append(timeout)
            return False

    rested: list[float | None] = []
    resting(None, Stop())(8, 0.25)
    resting(16, Stop())(8, 0.25)
    resting(16, Stop())(8, 2.0)
    assert rested == [0.25, 0.25, 0.0]


class Stated:
    """An index that says what it serves."""

    def __init__(self, serving: Serving | None = None) -> None:
        self.now = serving

    def serving(self) -> Serving | None:
        return self.now

    def serve(self, serving: Serving, after: Serving | None) -> bool:
        """Say it, unless another thing is said since."""
        if self.now not in (after, serving):
            return False
        self.now = serving
        return True


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "CLAIM_SECONDS", 0.0)


def test_of_two_migrations_that_begin_at_once_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    index: Any = Stated()
    first, second = (Turn(index, Serving("visual", None)) for _ in range(2))

    def meanwhile(_: float) -> None:
        monkeypatch.setattr(turn, "sleep", lambda _: None)
        second.take()

    monkeypatch.setattr(turn, "sleep", meanwhile)
    with pytest.raises(EngineUnavailable, match="one migration"):
        first.take()
    second.check()


def test_a_migration_that_comes_late_states_nothing() -> None:
    """Its connection failed after it had read; the other one has switched meanwhile."""
    index: Any = Stated()
    read = Serving("visual", None)
    switched = Serving("visual_2", None, previous=read.version, run="other")

    class Late(Stated):
        def serve(self, serving: Serving, after: Serving | None) -> bool:
            index.now = switched
            return bool(index.serve(serving, after))

    late: Any = Late()
    with pytest.raises(EngineUnavailable, match="one migration"):
        Turn(late, read).take()
    assert index.now == switched


def test_of_two_migrations_the_later_one_goes_on() -> None:
    index: Any = Stated()
    read = Serving("visual", None)
    first, second = Turn(index, read), Turn(index, read)
    first.take()
    first.state(replace(first.serving, closed="visual", closed_until=now_ms() + 10**9))
    second.take()
    assert (index.now.closed, index.now.run) == (None, second.run)
    for late in (first.check, lambda: first.state(Serving("visual_2"))):
        with pytest.raises(EngineUnavailable, match="one migration"):
            late()
    second.state(Serving("visual_2", None, previous=read.version))
    third = Turn(index, read)  # has read before the second one switched
    with pytest.raises(EngineUnavailable, match="visual_2 serves"):
        third.take()
    assert index.now.visual == "visual_2"


@pytest.mark.parametrize(
    ("quiet", "why", "states"),
    [
        ([True, True], None, [("visual", "visual", ""), ("visual_2", None, "--encoder")]),
        ([True, False], None, [("visual", "visual", ""), ("visual_2", None, "--encoder")]),
        ([False], None, [("visual", "visual", ""), ("visual", None, "")]),
        ([True], "3 failed", [("visual", "visual", ""), ("visual", None, "")]),
    ],
)
def test_what_is_stated_in_a_switch(
    quiet: list[bool],
    why: str | None,
    states: list[tuple[str, str | None, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until what was on its way has come over, the switch is not settled."""
    told: list[Serving] = []

    class Noting(Stated):
        def serve(self, serving: Serving, after: Serving | None) -> bool:
            told.append(serving)
            return super().serve(serving, after)

    ours = Turn(cast(Any, Noting()), Serving("visual", None))
    ours.take()
    told.clear()
    filling: Any = SimpleNamespace(turn=ours, rest=None, new_serves=False, stop=Event())
    answers = [*quiet]

    def settle(*_: Any) -> bool:
        is_quiet = answers.pop(0)
        if not is_quiet:
            filling.stop.set()
        return is_quiet

    monkeypatch.setattr(switching, "settle", settle)
    to = Version("visual_2", "/tiny-7.json")

    def switch() -> bool:
        return switching.switch(filling, Tally(), to, "--encoder", lambda _: why)

    if why:
        with pytest.raises(EngineUnavailable, match=why):
            switch()
    else:
        assert switch() == all(quiet)
    settled = [("visual_2", None, "")] if quiet == [True, True] else []
    assert [(one.visual, one.closed, one.unsettled) for one in told] == states + settled


def test_what_was_written_since_is_looked_at_again() -> None:
    """A picture that changes between filling and check is not taken for wrong codes."""
    changed = document("1", {}).visual
    assert changed is not None
    stored = {"1": replace(changed, binary_code=np.zeros(4, np.uint8)), "2": None}
    engine: Any = SimpleNamespace(
        refresh=lambda: None,
        fetch=lambda ids: [StoredProduct(key, {}, stored[key]) for key in ids if key in stored],
    )
    recoder: Any = SimpleNamespace(recode=lambda _: [Recoded(changed, True)])
    first = SimpleNamespace(product_id="1", appearance_distance=0, colour_distance=0)
    found = SimpleNamespace(hits=[first])
    search: Any = SimpleNamespace(engine=engine, search_features=lambda *_: found)
    passes: list[int] = []

    def catch_up() -> None:
        passes.append(1)
        if len(passes) == 2:
            stored["1"] = changed

    wrong = check_sample(recoder, search, ["1", "2", "gone"], catch_up)
    assert wrong.keys() == {"2"}


def test_a_product_that_is_deleted_meanwhile_has_not_failed() -> None:
    """One that is there and is refused has."""
    sources = [SourceDocument(key, {"visual": stored(OLD)}, 1, 1) for key in ("gone", "there")]

    def pages() -> Any:
        yield sources

    index: Any = SimpleNamespace(
        visual="visual",
        refresh=lambda: None,
        documents=lambda *_: (None, pages()),
        update=lambda some: [WriteOutcome(one.product_id, "refused") for one in some],
        fetch=lambda ids: [StoredProduct(key, {}, None) for key in ids if key != "gone"],
    )
    recoder: Any = SimpleNamespace(
        extractor=SimpleNamespace(model="new-1", lengths=LENGTHS),
        recode=lambda some: [Recoded(NEW, True) for _ in some],
    )
    turn: Any = SimpleNamespace(check=lambda: None)
    filling = Filling(
        index, "visual_2", recoder, lambda *_: None, Event(), lambda _: None, (), turn
    )
    assert filling.fill().failed == {"there": "refused"}


def test_failed_products_are_looked_up_some_at_a_time() -> None:
    asked: list[int] = []

    def fetch(ids: Any) -> list[StoredProduct]:
        asked.append(len(ids))
        return [StoredProduct(key, {}, None) for key in ids if key != "7"]

    sources = [SourceDocument(str(n), {"visual": {"model": 1}}, 1, 1) for n in range(250)]

    def pages() -> Any:
        yield sources

    index: Any = SimpleNamespace(
        visual="visual", refresh=lambda: None, documents=lambda *_: (None, pages()), fetch=fetch
    )
    recoder: Any = SimpleNamespace(extractor=SimpleNamespace(model="new-1", lengths=LENGTHS))
    nothing: Any = None
    filling = Filling(index, "visual_2", recoder, nothing, Event(), lambda _: None, (), nothing)
    assert len(filling.fill().failed) == 249
    assert asked == [100, 100, 50]


class Flickering(Stated):
    """An index of one product that is away at every second question of a migration."""

    location = "the index"

    def __init__(self, serving: Serving, visual: str) -> None:
        super().__init__(serving)
        self.visual = visual
        self.stored = [SourceDocument("1", {"visual_2": stored(OLD), "visual": stored(NEW)}, 1, 1)]
        self._asked: Counter[str] = Counter()

    def ask(self, name: str) -> None:
        self._asked[name] += 1
        if self.is_begun and self._asked[name] % 2:
            raise EngineUnavailable("it is away")

    @property
    def is_begun(self) -> bool:
        return bool(self.now and self.now.run)

    def serving(self) -> Serving | None:
        self.ask("serving")
        return super().serving()

    def serve(self, serving: Serving, after: Serving | None) -> bool:
        self.ask("serve")
        return super().serve(serving, after)

    def refresh(self) -> None:
        self.ask("refresh")

    def count(self, _: Any = None) -> int:
        self.ask("count")
        return 1

    def documents(self, *_: Any, since: Any = None) -> Any:
        self.ask("documents")
        return None, (page for page in [self.stored])

    def update(self, documents: Any) -> list[WriteOutcome]:
        return self._write("update", documents)

    def rewrite(self, documents: Any) -> list[WriteOutcome]:
        return self._write("rewrite", documents)

    def _write(self, name: str, documents: Any) -> list[WriteOutcome]:
        self.ask(name)
        known = {one.product_id: one for one in self.stored}
        for one in documents:
            source = {**known[one.product_id].source, **one.source}
            source = source if name == "update" else one.source
            known[one.product_id] = replace(one, source=source)
        self.stored = [*known.values()]
        return [WriteOutcome(one.product_id) for one in documents]

    def ping(self) -> None:
        pass

    def close(self) -> None:
        pass


BEGUN = Serving("visual_2", "/b-1.json", Version("visual", None))


@pytest.mark.parametrize(
    ("words", "serving", "read", "left"),
    [
        (["--drop", "--yes"], BEGUN, "visual", Serving("visual_2", "/b-1.json", dropped="visual")),
        (
            ["--encoder", "none", "--rate", "1000"],
            replace(BEGUN, previous=None),
            "visual_2",
            Serving("visual", None, Version("visual_2", "/b-1.json")),
        ),
    ],
)
def test_short_outages_are_waited_for(
    words: list[str],
    serving: Serving,
    read: str,
    left: Serving,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index = Flickering(serving, read)
    monkeypatch.setattr(patient_engine, "FIRST_PAUSE_SECONDS", 0.0)
    for name in ("QUIET_SECONDS", "PAUSE_SECONDS"):
        monkeypatch.setattr(switching, name, 0.0)
    monkeypatch.setattr(engines, "open_shop_index", lambda url, _: index)
    monkeypatch.setattr(engines, "prepare", lambda *_, **__: None)
    extractor = SimpleNamespace(model="new-1", lengths=LENGTHS)
    recoder = SimpleNamespace(
        extractor=extractor, recode=lambda some: [Recoded(NEW, True) for _ in some]
    )
    monkeypatch.setattr(migrate_run, "_recoder", lambda *_: recoder)
    monkeypatch.setattr(migrate_run, "_refusal", lambda *_: None)
    assert main(["migrate", "--engine", "opensearch://h/products", *words]) == 0
    assert index.now is not None
    assert replace(index.now, run="") == left


@pytest.mark.parametrize(
    ("encoder", "is_taken"), [("c-1.json", False), ("a-1.json", True), ("b-1.json", True)]
)
def test_no_third_version_comes_before_the_second_is_settled(
    encoder: str,
    is_taken: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its codes would replace late writes to the version before."""
    for name in ("a-1", "b-1", "c-1"):
        (tmp_path / f"{name}.json").touch()
        (tmp_path / f"{name}.onnx").touch()
    previous = Version("visual", str(tmp_path / "a-1.json"))
    serving = Serving("visual_2", str(tmp_path / "b-1.json"), previous, unsettled="--encoder")
    begun: list[Version] = []
    monkeypatch.setattr(engines, "open_shop_index", lambda *_: Flickering(serving, "visual_2"))
    monkeypatch.setattr(migrate, "run", lambda task, _: begun.append(task.to) or 0)
    words = ["--engine", "opensearch://h/products", "--encoder", str(tmp_path / encoder)]
    assert main(["migrate", *words]) == (0 if is_taken else 2)
    assert bool(begun) == is_taken
    assert is_taken or "expected a finished houndstooth migrate" in capsys.readouterr().err


def test_an_outage_is_no_quiet_time_when_writes_are_taken_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(switching, "QUIET_SECONDS", 0.0)
    now = [0.0]
    monkeypatch.setattr(switching, "monotonic", lambda: now[0])
    turn = SimpleNamespace(check=lambda: None)
    for away, is_quiet in ((1.0, True), (61.0, False)):
        now[0] = 0.0

        def catch_up(_: Tally, seconds: float = away) -> int:
            now[0] += seconds
            return 0

        filling: Any = SimpleNamespace(stop=Event(), turn=turn, catch_up=catch_up)
        assert switching.settle(filling, Tally(), 60.0) == is_quiet
