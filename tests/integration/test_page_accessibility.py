"""axe-core on every state of the pages: narrow and wide, light and dark, in other languages."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from houndstooth.ingest.placeholders import Placeholder
from houndstooth.mappings.errors import EngineUnavailable, WorkersUnavailable
from houndstooth.web.languages import LANGUAGES
from tests.integration.page import DESKTOP, PHONE, SMALL_PHONE, Page
from tests.integration.web_jobs import finished_job, running_job, unfold_failures

SETUP = Path(__file__).parents[2] / ".ci" / "setup"


def axe_source() -> str:
    """The script that `.ci/setup browser` put into the cache."""
    [version] = re.findall(r"^AXE_VERSION=(\S+)$", SETUP.read_text(), flags=re.MULTILINE)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    base = Path("/var/cache") if os.geteuid() == 0 else Path(home)
    folder = base / "houndstooth" / f"axe-core-{version}"
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_source()


def start(page: Page) -> None:
    page.open()
    page.one(".sample")


def results(page: Page, photo: Path) -> None:
    page.open()
    page.upload(photo)
    page.settled()
    for name in ("category", "colour", "price", "brand"):
        page.facet(name)
    page.one("#timing summary").click()
    page.choose("colour:green", "require")
    page.reads(".chip.required", "Green")
    page.settled()


def other_kinds_offered(page: Page) -> None:
    page.open("/?like=jacket-red-0&filter=brand:Acme&exclude=colour:blue&sort=price:asc")
    page.settled()
    page.one("[data-key=other-kinds]")
    page.reads("#relaxed", "200")


def other_kinds(page: Page) -> None:
    page.open("/?like=jacket-red-0&filter=brand:Acme&exclude=colour:blue&relax=any-category")
    page.settled()
    page.one(".other-kinds")


def menu(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    page.unfold("#refine")
    page.one('[data-key="attribute-colour:red"]').click()
    page.one("#menu .menu-choice")


def saved(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    page.one(".heart").click()
    page.open("/?saved=yes")
    page.one("#saved-list .heart[aria-pressed=true]")


def saved_nothing(page: Page) -> None:
    page.open("/?saved=yes")
    page.one("#saved-words:not(:empty)")


def recent(page: Page) -> None:
    page.open("/?like=jacket-red-0")
    page.settled()
    page.open()
    page.one("#recent .sample")
    page.one("#sample-list .sample")


def empty(page: Page) -> None:
    page.open("/?like=jacket-red-0&filter=brand:None")
    page.reads("#results-heading", "Nothing found")


def words(page: Page) -> None:
    page.open("/?q=red t-shirt, not blue, under 14")
    page.settled()
    page.one("#applied .chip")


def refused(page: Page) -> None:
    page.open("/?like=none-such")
    page.reads("#problem", "not in the catalogue")


def lost_photo(page: Page) -> None:
    page.open("/?photo=gone")
    page.reads("#start-notice", "only its owner has")


def violations(page: Page, axe: str) -> list[str]:
    """What axe finds, whatever its impact, a line each."""
    page.driver.execute_script(axe)
    found: list[dict[str, Any]] = page.driver.execute_async_script(
        """
        const done = arguments[0];
        const moving = document.getAnimations().filter((one) => one instanceof CSSTransition);
        Promise.allSettled(moving.map((one) => one.finished))
          .then(() => axe.run())
          .then((result) => done(result.violations));
        """
    )
    return [
        f"{one['impact']}: {one['id']}: {one['help']}: "
        + "; ".join(" ".join(map(str, node["target"])) for node in one["nodes"][:4])
        for one in found
    ]


def test_axe_sees_a_planted_fault(page: Page, axe: str) -> None:
    start(page)
    page.driver.execute_script("document.querySelector('.sample img').removeAttribute('alt')")
    assert any("image-alt" in line for line in violations(page, axe))


STATES = [
    *(start, recent, saved, saved_nothing, menu, other_kinds_offered, other_kinds),
    *(words, empty, refused, lost_photo),
]


def in_both_schemes(page: Page, axe: str) -> list[str]:
    """What axe finds in a light page, and in the same page when it turns dark."""
    found = []
    for scheme in ("light", "dark"):
        page.prefer(scheme)
        found += [f"{scheme}: {one}" for one in violations(page, axe)]
    return found


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("state", STATES)
def test_states_of_the_page(
    page: Page, axe: str, width: int, state: Callable[[Page], None]
) -> None:
    page.resize(width)
    state(page)
    assert in_both_schemes(page, axe) == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_results_with_everything_unfolded(page: Page, axe: str, width: int, photo: Path) -> None:
    page.resize(width)
    results(page, photo)
    assert in_both_schemes(page, axe) == []


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_results_in_other_languages(page: Page, axe: str, language: str) -> None:
    page.speak(language)
    page.resize(SMALL_PHONE)
    start(page)
    assert page.driver.execute_script("return document.documentElement.scrollWidth") <= SMALL_PHONE
    other_kinds_offered(page)
    page.unfold("#refine")
    assert page.text("#results-heading") == LANGUAGES[language].words["heading"]
    assert page.text(".chip.category[aria-pressed=true]") == LANGUAGES[language].labels["jacket"]
    assert violations(page, axe) == []
    assert page.driver.execute_script("return document.documentElement.scrollWidth") <= SMALL_PHONE


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_unavailable_service(
    page: Page, axe: str, width: int, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise EngineUnavailable("expected an engine; none answers")

    monkeypatch.setattr(app.extensions["houndstooth"].engine, "show", away)
    page.resize(width)
    page.open("/?like=jacket-red-0")
    page.reads("#results-heading", "The search is unavailable")
    assert violations(page, axe) == []


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_ingest_view(
    page: Page, axe: str, width: int, jobs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.resize(width)
    running_job(jobs_folder)
    finished = finished_job(jobs_folder, Placeholder("0" * 16, 14, ("tee-1", "tee-2")))
    page.open("/ingest")
    unfold_failures(page, finished)
    page.reads(".placeholders", "Pictures that are none: 1, under 14 products, such as tee-1")
    assert in_both_schemes(page, axe) == []

    def away(*_: Any, **__: Any) -> None:
        raise WorkersUnavailable("expected to read and write the jobs")

    monkeypatch.setattr("houndstooth.ingest.jobs.Jobs.recent", away)
    page.open("/ingest")
    page.reads("#notice", "cannot be read")
    assert in_both_schemes(page, axe) == []
