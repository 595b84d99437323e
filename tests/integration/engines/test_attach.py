"""Attaching to an index that a shop fills itself, from its own documents."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest

from houndstooth.commands import main
from houndstooth.ingest import placeholders
from houndstooth.ingest.attached import attaching
from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced
from houndstooth.mappings.rows import Checkpoint
from houndstooth.plugin.engines import open_engine, open_shop_index
from houndstooth.plugin.engines.cluster import scan
from tests.fakes import FakeExtractor
from tests.http_server import running
from tests.integration.engines.helpers import client
from tests.integration.engines.own_shop import FIELDS, OwnShop, product
from tests.integration.ingest.fakes import Counting, Relabelled, Unwilling


@pytest.fixture
def shop(index_url: str, tmp_path: Path) -> Iterator[OwnShop]:
    shop = OwnShop(index_url, tmp_path)
    yield shop
    shop.client.close()


class Meanwhile(FakeExtractor):
    """Does something once, while the first product is recognised."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._acts = [act]

    def extract(self, *arguments: Any, **options: Any) -> Any:
        if self._acts:
            self._acts.pop()()
        return super().extract(*arguments, **options)


def dresses(count: int) -> dict[str, dict[str, Any]]:
    return {f"p{n}": product(f"Women Red Dress {n}", price=n + 0.25) for n in range(count)}


@pytest.mark.parametrize("shards", [1, 3])
def test_visual_is_added_and_nothing_else_changes(shop: OwnShop, shards: int) -> None:
    shop.create(shards)
    shop.write(dresses(40))
    assert shop.attach() == 0
    assert shop.totals == {"written": 40}
    for key, source in dresses(40).items():
        stored = shop.source(key)
        assert stored.pop("visual")["category"] == "dress"
        assert stored == source
    engine = open_engine(shop.url)
    assert len(engine.match(CandidateQuery("fake-1", category="dress"), 100)) == 40
    engine.close()


def test_what_is_done_is_neither_recognised_nor_read_again(shop: OwnShop) -> None:
    shop.create()
    shop.write(dresses(12))
    assert shop.attach() == 0
    for image in shop.folder.glob("*.png"):
        image.rename(image.with_suffix(".away"))
    assert shop.attach(extractor=Unwilling()) == 0
    assert shop.totals == {"unchanged": 12}
    for image in shop.folder.glob("*.away"):
        image.rename(image.with_suffix(".png"))
    assert shop.attach("--state", str(shop.folder / "another"), extractor=Unwilling()) == 0
    assert shop.totals == {"unchanged": 12}
    assert shop.attach(extractor=Relabelled()) == 0
    assert shop.totals == {"written": 12}


def test_an_interrupted_run_goes_on_where_it_ended(shop: OwnShop) -> None:
    shop.create()
    shop.write(dresses(100))
    interrupt = Meanwhile(partial(os.kill, os.getpid(), signal.SIGINT))
    assert shop.attach(extractor=interrupt) == 130
    assert "attach again" in shop.report["stopped"]
    done = shop.totals["written"]
    assert 0 < done < 100
    counting = Counting()
    assert shop.attach(extractor=counting) == 0
    assert shop.totals == {"unchanged": done, "written": 100 - done}
    assert all(shop.category(key) == "dress" for key in dresses(100))


@pytest.mark.parametrize("changes", [{"name": "Men Jeans"}, {"media": {"url": "green.png"}}])
def test_what_the_shop_writes_meanwhile_stays_and_is_recognised(
    shop: OwnShop, changes: dict[str, Any]
) -> None:
    shop.create()
    shop.write(dresses(3))
    new = product("Women Skirt")

    def write() -> None:
        shop.update("p0", offers={"price": 1.0}, **changes)
        shop.write({"new": new})

    assert shop.attach(extractor=Meanwhile(write)) == 0
    stored = shop.source("p0")
    visual = stored.pop("visual")
    offers = {"price": 1.0, "currency": "EUR"}
    assert stored == dresses(1)["p0"] | changes | {"offers": offers}
    assert visual["category"] == ("jeans" if "name" in changes else "dress")
    assert shop.category("new") == "skirt"
    assert shop.totals == {"written": 5}
    # As if it had been attached to what the shop has now.
    assert shop.attach("--state", str(shop.folder / "another"), extractor=Unwilling()) == 0


def test_a_change_of_price_alone_costs_no_recognition(shop: OwnShop) -> None:
    shop.create()
    shop.write(dresses(3))
    extractor = Meanwhile(lambda: shop.update("p0", offers={"price": 1.0}))
    assert shop.attach(extractor=extractor) == 0
    assert shop.totals == {"written": 3}
    assert shop.source("p0")["offers"]["price"] == 1.0
    shop.update("p1", offers={"price": 2.0})
    assert shop.attach(extractor=Unwilling()) == 0


def test_a_document_that_is_deleted_meanwhile_stays_deleted(shop: OwnShop) -> None:
    shop.create()
    shop.write(dresses(3))
    delete = partial(shop.client.delete, index=shop.name, id="p1", refresh=True)
    assert shop.attach(extractor=Meanwhile(delete)) == 0
    assert shop.outcomes == {"p0": "written", "p1": "left_out", "p2": "written"}
    assert not shop.client.exists(index=shop.name, id="p1")


def test_a_document_that_the_shop_writes_anew_is_attached_again(shop: OwnShop) -> None:
    shop.create()
    shop.write(dresses(3))
    assert shop.attach() == 0
    shop.write({"p1": dresses(3)["p1"]})
    assert shop.category("p1") is None
    assert shop.attach() == 0
    assert shop.outcomes == {"p0": "unchanged", "p1": "written", "p2": "unchanged"}
    assert shop.category("p1") == "dress"


@pytest.mark.parametrize("how", ["several", "half", "of another length", "empty", "a list"])
def test_a_visual_that_something_wrote_over_is_written_anew(shop: OwnShop, how: str) -> None:
    shop.create()
    shop.write(dresses(3))
    assert shop.attach() == 0
    whole = shop.source("p0")["visual"]
    model = {"model": whole["model"], "source_hash": whole["source_hash"]}
    longer = whole | {"binary_code": whole["binary_code"] + "AAAA"}
    damaged = {"several": [whole, whole], "half": model, "of another length": longer}
    stored = damaged.get(how, {} if how == "empty" else [])
    shop.write({"p0": dresses(1)["p0"] | {"visual": stored}})
    assert shop.attach() == 0
    assert shop.outcomes == {"p0": "written", "p1": "unchanged", "p2": "unchanged"}
    mended = shop.source("p0")["visual"]
    assert mended | {"computed_at": ""} == whole | {"computed_at": ""}
    shop.write({"p0": dresses(1)["p0"] | {"visual": stored}})
    assert shop.detach("--yes") == 0
    assert [shop.source(f"p{n}") for n in range(3)] == [*dresses(3).values()]


def test_a_document_without_a_usable_image_fails_alone(shop: OwnShop) -> None:
    shop.create()
    bare = product("Women Dress") | {"media": []}
    shop.write(dresses(1) | {"bare": bare, "lost": product("Women Dress", "lost.png")})
    assert shop.attach() == 1
    assert shop.outcomes == {"p0": "written", "bare": "failed", "lost": "failed"}
    assert shop.totals["failed"] == 2
    assert shop.source("bare") == bare
    shop.update("bare", media={"url": "red.png"})
    assert shop.attach() == 1
    assert shop.outcomes == {"p0": "unchanged", "bare": "written", "lost": "failed"}


def until(holds: Callable[[], bool]) -> None:
    deadline = monotonic() + 60
    while not holds():
        assert monotonic() < deadline
        sleep(0.1)


def test_an_engine_that_goes_away_at_the_end_is_told(
    shop: OwnShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise EngineUnavailable("gone")

    shop.create()
    shop.write(dresses(2))
    monkeypatch.setattr(placeholders, "set_placeholders_aside", away)
    assert shop.attach() == 1
    assert (shop.report["stopped"], len(shop.outcomes)) == ("gone", 2)


def test_following_keeps_up_until_it_is_interrupted(
    shop: OwnShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.create()
    shop.write(dresses(2))

    def act() -> None:
        try:
            until(lambda: shop.category("p1") == "dress")
            shop.update("p1", name="Men Jeans")
            shop.write({"new": product("Women Skirt")})
            until(lambda: (shop.category("p1"), shop.category("new")) == ("jeans", "skirt"))
            shop.write({"new": product("Women Skirt")})
            until(lambda: shop.category("new") == "skirt")
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    thread = Thread(target=act)
    thread.start()
    monkeypatch.setattr(placeholders, "set_placeholders_aside", lambda *_: pytest.fail("asked"))
    assert shop.attach("--follow") == 0
    thread.join()
    assert (shop.category("p1"), shop.category("new")) == ("jeans", "skirt")
    assert shop.outcomes == {"p0": "written", "p1": "written", "new": "written"}
    assert shop.report["stopped"] is None


@pytest.mark.parametrize("follows", [False, True])
def test_an_image_server_that_comes_back_is_asked_again(
    shop: OwnShop, monkeypatch: pytest.MonkeyPatch, follows: bool
) -> None:
    monkeypatch.setattr(attaching, "PAUSE_SECONDS", 0.2)
    monkeypatch.setenv("HOUNDSTOOTH_IMAGE_HOSTS", "127.0.0.1")
    refusals = {"/red.png": 5 if follows else 2, "/green.png": 10**6}

    class Busy(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            refusals[self.path] = refusals.get(self.path, 0) - 1
            if refusals[self.path] >= 0:
                self.send_error(503)
            else:
                super().do_GET()

    def act() -> None:
        try:
            until(lambda: shop.category("p1") == "dress")
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    shop.create()
    never = product("Women Dress", "green.png") | {"media": [{"url": "green.png"}]}
    late = {key: one | {"media": one["media"][:1]} for key, one in dresses(2).items()}
    shop.write(late | {"never": never})
    handler = partial(Busy, directory=str(shop.folder))
    with running(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        base = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=act)
        if follows:
            thread.start()
        assert shop.attach("--images", base, *["--follow"] * follows) == 1
        if follows:
            thread.join()
    assert shop.outcomes == {"p0": "written", "p1": "written", "never": "failed"}
    assert shop.totals == {"written": 2, "failed": 1}


@pytest.mark.parametrize("is_old", [False, True], ids=["expired", "held for long"])
def test_reading_goes_on_in_another_point_in_time(
    shop: OwnShop, monkeypatch: pytest.MonkeyPatch, is_old: bool
) -> None:
    shop.create(shards=2)
    shop.write(dresses(35))
    monkeypatch.setattr(scan, "PAGE", 5)
    if is_old:
        monkeypatch.setattr(scan, "RENEW_SECONDS", 0)
    else:
        search = scan._PointInTime.search

        def expired(view: scan._PointInTime, body: dict[str, Any]) -> list[dict[str, Any]]:
            view.close()
            return search(view, body)

        monkeypatch.setattr(scan._PointInTime, "search", expired)
    assert shop.attach() == 0
    assert shop.totals == {"written": 35}
    assert all(shop.category(key) == "dress" for key in dresses(35))


def test_an_index_that_took_the_name_is_not_taken_for_the_old_one(shop: OwnShop) -> None:
    shop.create()
    index = open_shop_index(shop.url)
    with pytest.raises(IndexReplaced):
        index.documents(since=Checkpoint("another", {"0": 5}))
    index.close()


def test_fields_are_known_by_their_names_and_shown(
    shop: OwnShop, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = ("title", "image", "product_type", "colour", "brand")
    mappings = {"properties": {name: {"type": "keyword"} for name in fields}}
    shop.create(mappings=mappings)
    source = {"title": "Robe", "image": "red.png", "product_type": "Dresses", "colour": "Navy"}
    shop.write({"1": source})
    before = shop.client.indices.get_mapping(index=shop.name)
    words = ["attach", shop.url, "--images", str(shop.folder), "--state", str(shop.folder / "s")]
    assert main([*words, "--dry-run"], extractor=Unwilling()) == 0
    shown = capsys.readouterr().out
    for line in (
        *("title       title\n", "category    product_type\n", "colour      colour\n"),
        *(
            "1: Robe\n",
            "  images      red.png\n",
            "  category    Dresses\n",
            "  colour      Navy\n",
        ),
        "1 documents; nothing was written\n",
    ):
        assert line in shown
    assert shop.client.indices.get_mapping(index=shop.name) == before
    assert shop.source("1") == source
    assert main(words, extractor=FakeExtractor()) == 0
    assert shop.category("1") == "dress"
    assert "colour:navy" in " ".join(shop.source("1")["visual"]["attributes"])


def test_images_come_by_address(
    shop: OwnShop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create()
    shop.write(dresses(2))
    handler = partial(SimpleHTTPRequestHandler, directory=str(shop.folder))
    with running(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        base = f"http://127.0.0.1:{server.server_port}"
        assert shop.attach("--images", base) == 1
        assert "HOUNDSTOOTH_IMAGE_HOSTS" in shop.report["products"][0]["reason"]
        monkeypatch.setenv("HOUNDSTOOTH_IMAGE_HOSTS", "127.0.0.1")
        assert shop.attach("--images", base) == 0
    assert shop.totals == {"written": 2}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--fields", "title=nme,image=media.url"], "none of the first 2 has 'nme'"),
        (["--fields", "title=name"], "expected a field as the image"),
        (["--fields", "title=name,image="], "expected a field as the image"),
        (["--fields", "name"], "expected --fields as title=FIELD"),
        (["--fields", "label=name"], "expected one of title, image"),
        (["--fields", FIELDS, "--language", "German"], "expected a language of two letters"),
        (["--fields", FIELDS, "--rate", "0"], "expected a whole number from 1"),
        (["--fields", FIELDS], "'red.png'"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_is_written(
    shop: OwnShop, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    shop.create()
    shop.write(dresses(2))
    before = shop.client.indices.get_mapping(index=shop.name)
    assert main(["attach", shop.url, *words], extractor=Unwilling()) == 2
    assert expected in capsys.readouterr().err
    assert shop.client.indices.get_mapping(index=shop.name) == before
    assert shop.source("p0") == dresses(1)["p0"]


@pytest.mark.parametrize("command", [["attach"], ["detach", "--yes"]])
def test_an_index_that_is_not_there_is_not_created(
    index_url: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, index_url]) == 2
    assert "has no index" in capsys.readouterr().err
    with client(index_url.rpartition("/")[0]) as server:
        assert not server.indices.exists(index=index_url.rpartition("/")[2])


@pytest.mark.parametrize("command", [["attach"], ["detach", "--yes"]])
def test_a_file_of_our_own_is_no_index_of_a_shop(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, f"sqlite:///{tmp_path}/c.db"]) == 2
    assert "expected the index of a shop" in capsys.readouterr().err


def test_an_empty_index_is_attached(shop: OwnShop) -> None:
    shop.create()
    assert shop.attach() == 0
    assert shop.totals == {}
    shop.write(dresses(1))
    assert shop.attach() == 0
    assert shop.totals == {"written": 1}
