"""Where a service writes while the version that the index serves changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from houndstooth.ingest.writes.operations import Delete
from houndstooth.ingest.writes.writer import ProductWriter
from houndstooth.mappings.errors import EngineUnavailable, InvalidConfig
from houndstooth.mappings.shop_index import Serving
from houndstooth.plugin.config import Settings
from houndstooth.web import version_follower
from houndstooth.web.errors import answer_errors
from houndstooth.web.version_follower import VersionFollower

A = Serving("visual", "/a-1.json")
B = Serving("visual_2", "/b-1.json", previous=A.version)
C = Serving("visual", "/c-1.json", previous=B.version)
BACK = Serving("visual", "/a-1.json", previous=B.version)
DETACHED = None
AWAY = EngineUnavailable("it is away")


class Index:
    """An index that says one thing after the other; the last one stays."""

    embedded = False

    def __init__(self, says: Sequence[Serving | EngineUnavailable | None]) -> None:
        self._says = [*says]

    def serving(self) -> Serving | None:
        said = self._says.pop(0) if len(self._says) > 1 else self._says[0]
        if isinstance(said, EngineUnavailable):
            raise said
        return said


class World:
    """A service that serves A, and its writer.

    Args:
        missing: Names of cards that cannot be opened.
        are_built: Whether the columns of new parts are there at once, or never.
    """

    def __init__(self, missing: Sequence[str], are_built: bool) -> None:
        self._missing, self._are_built = missing, are_built
        self.written, self.closed = list[str](), Event()
        stated = Settings(engine="opensearch://h/products", encoder=Path("/o-1.json"))
        settings = version_follower.with_serving(stated, A)
        parts = self._open(settings)
        self.backend: Any = SimpleNamespace(settings=settings, parts=parts, search=parts.search)
        self.backend.exchange = lambda parts: setattr(self.backend, "parts", parts)
        writer: Any = self
        self.follower = VersionFollower(stated, self.backend, self._open, writer)

    def use(self, engine: Any, _: Any) -> None:
        self.written.append(engine.location[0])

    def refuse(self, why: str) -> None:
        found = re.search(r"serves, (.)-1\.json;", why)
        assert found, why
        self.written.append(f"no {found[1]}")

    def _open(self, settings: Settings) -> Any:
        assert settings.encoder is not None
        if settings.encoder.name in self._missing:
            raise InvalidConfig(f"no {settings.encoder.name}")
        search = SimpleNamespace(
            rules=None,
            follow=lambda: None,
            compute=None,
            columns=SimpleNamespace(age=1.0 if self._are_built else None),
            close=self.closed.set,
        )
        return SimpleNamespace(
            engine=SimpleNamespace(location=settings.encoder.name),
            extractor=SimpleNamespace(model=""),
            search=search,
        )


@pytest.mark.parametrize(
    ("missing", "says", "are_built", "looks", "written", "serves"),
    [
        ((), [B], True, 1, ["no b", "b"], "b"),
        (["b-1.json"], [B], True, 1, ["no b"], "a"),
        # The object of A has codes of C by then.
        (["b-1.json", "c-1.json"], [B, C], True, 2, ["no b", "no c"], "a"),
        (["b-1.json"], [B, C], True, 2, ["no b", "no c", "c"], "c"),
        (["b-1.json"], [B, BACK], True, 2, ["no b", "a"], "a"),
        ((), [B, *5 * [DETACHED]], True, 6, ["no b", "b", "no o", "o"], "o"),
        # An alias may name two indices for a moment.
        ((), [B, *4 * [DETACHED], B], True, 6, ["no b", "b"], "b"),
        # The columns are not there yet.
        ((), [B, AWAY, B, BACK], False, 1, ["no b", "b", "a"], "a"),
        ((), [B, DETACHED, DETACHED, A], False, 1, ["no b", "b", "a"], "a"),
        (["c-1.json"], [B, C], False, 1, ["no b", "b", "no c"], "a"),
    ],
)
def test_writes_go_where_the_index_serves_or_nowhere(
    missing: Sequence[str],
    says: Sequence[Serving | EngineUnavailable | None],
    are_built: bool,
    looks: int,
    written: Sequence[str],
    serves: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(version_follower, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(version_follower, "CLOSE_SECONDS", 0.0)
    index = Index(says)
    monkeypatch.setattr(version_follower, "open_engine", lambda *_: index)
    world = World(missing, are_built)
    for _ in range(looks):
        world.follower.look()
    assert world.written == written
    assert world.backend.parts.engine.location == f"{serves}-1.json"
    if not are_built:
        assert world.closed.wait(5), "parts that never served are closed"


def test_a_refused_write_says_why() -> None:
    nothing: Any = None
    writer = ProductWriter(nothing, nothing, nothing, bytes, 1, nothing)
    writer.refuse("expected b-1.json")
    app = Flask(__name__)
    answer_errors(app)
    app.add_url_rule("/", view_func=lambda: str(writer.write([Delete("1", 1)])))
    for _ in range(2):
        answer = app.test_client().get("/")
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert "expected b-1.json" in answer.text
