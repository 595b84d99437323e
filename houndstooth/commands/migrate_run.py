"""Fill another version of ``visual``, check it, and let it serve."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from houndstooth.commands import FAILED, INTERRUPTED, nothing_begun
from houndstooth.commands.interrupts import interrupts
from houndstooth.commands.waiting import patient_engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from houndstooth.ingest.images import LoadImage
    from houndstooth.ingest.migration.filling import Filling, Tally
    from houndstooth.ingest.migration.recoding import Recoder
    from houndstooth.mappings.shop_index import Serving, ShopIndex, Version
    from houndstooth.models.extractor import ImageExtractor
    from houndstooth.plugin.config import Settings

SHOWN = 5
"""Products with a reason that are named."""


@dataclass(frozen=True)
class Task:
    """The arguments of a migration.

    Attributes:
        to: the version that is to serve.
        by: option that asked for it, see ``Serving.unsettled``.
        fields: paths of ``image`` and ``images`` in a shop's own documents.
        images: what stands before image paths: a folder or a URL; None = there are none.
        rate: products a second, at most; None = half of the time.
        allow_failed: how many products may lack the new version, such as ``1%``.
    """

    to: Version
    by: str
    fields: Mapping[str, str]
    images: str | None
    rate: int | None
    allow_failed: str

    @property
    def base(self) -> str:
        """The URL that stands before image paths; empty if that is a folder, or nothing."""
        from houndstooth.ingest.images import is_url

        return self.images if self.images and is_url(self.images) else ""

    def image_loader(self, settings: Settings) -> LoadImage:
        """Create the loader of the products' images."""
        from houndstooth.ingest.images import UrlImages, feed_images

        limits = settings.max_upload_bytes, settings.image_hosts
        if self.images is None or self.base:
            return UrlImages(*limits)
        return feed_images(Path(self.images), *limits)

    def refusal(self, tally: Tally) -> str | None:
        """Return why so many products that lack the new version are too many, or None."""
        failed = len(tally.failed)
        if self.allow_failed.endswith("%"):
            is_allowed = 100 * failed <= float(self.allow_failed[:-1]) * tally.documents
        else:
            is_allowed = failed <= int(self.allow_failed)
        if is_allowed:
            return None
        names = ", ".join(list(tally.failed)[:SHOWN])
        return (
            f"expected at most {self.allow_failed} products that fail (--allow-failed); "
            f"got {failed:,}: {names}"
        )


def run(task: Task, settings: Settings) -> int:
    """Migrate, and return the exit status.

    Raises:
        EngineUnavailable: the engine cannot be reached. What is done stays done.
        HoundstoothError: nothing could begin.
    """
    from tqdm import tqdm

    from houndstooth.ingest.attached.paths import field_of
    from houndstooth.ingest.migration.filling import Filling, resting
    from houndstooth.ingest.migration.switching import finish, switch
    from houndstooth.ingest.migration.turn import Turn
    from houndstooth.plugin.engines import prepare

    with ExitStack() as stack:
        with nothing_begun():
            serving = read_serving(settings)
            is_done = serving.version == task.to
            old = serving.previous if is_done else serving.version
            if old is None:
                click.echo(f"{_described(task.to)} already")
                return 0
            index, new = (_open(settings, one, stack) for one in (old, task.to))
            prepare(new, must_exist=True)
            if index.serving() is None:
                _check_stated(serving, index, settings)
            recoder = _recoder(task, settings)
            stop = stack.enter_context(interrupts())
            index, new = (
                patient_engine(one, settings.engine_patience, stop) for one in (index, new)
            )
            turn = Turn(index, serving)
            turn.take()
        bar = stack.enter_context(tqdm(total=index.count(), unit=" products", disable=None))
        filling = Filling(
            index,
            task.to.visual,
            recoder,
            resting(task.rate, stop),
            stop,
            bar.update,
            [field_of(path) for path in task.fields.values()] or ["image", "images"],
            turn,
            is_done or bool(serving.unsettled),
        )
        tally = filling.fill()
        found = tally.documents + 1
        while not stop.is_set() and found > (found := filling.catch_up(tally)) > 0:
            pass  # until passes find no fewer: those are the writes of a moment
        if not stop.is_set():
            bar.reset()
            tally = filling.fill()  # once more: it counts, and tries again what failed
        bar.close()
        _tell(tally, recoder.extractor.model, task.to)
        if stop.is_set():
            return INTERRUPTED
        if is_done:
            if not finish(filling, tally):
                return INTERRUPTED
        else:
            if why := _refusal(task, tally, filling, new, settings):
                click.echo(f"{_described(old)}, as before: {why}", err=True)
                return FAILED
            if not switch(filling, tally, task.to, task.by, task.refusal):
                return INTERRUPTED
    click.echo(
        f"{_described(task.to)}; web services and workers follow within seconds; {old.visual} "
        "stays for --rollback until --drop"
    )
    return 0


def read_serving(settings: Settings) -> Serving:
    """Read what the index serves; where it does not say so, ``visual`` by the settings' encoder.

    Raises:
        EngineUnavailable: the engine cannot be reached, or has no such index.
    """
    from houndstooth.mappings.shop_index import Serving
    from houndstooth.plugin.engines import open_shop_index

    card = settings.encoder
    with closing(open_shop_index(settings.engine, settings.credentials)) as index:
        stated = Serving(index.visual, None if card is None else str(card.resolve()))
        return index.serving() or stated


def _open(settings: Settings, version: Version, stack: ExitStack) -> ShopIndex:
    """Open the index by one of its versions, until the stack is closed."""
    from houndstooth.mappings.shop_index import Serving
    from houndstooth.plugin.engines import open_shop_index
    from houndstooth.plugin.engines.serving import with_serving

    url = with_serving(settings, Serving(*version)).engine
    return stack.enter_context(closing(open_shop_index(url, settings.credentials)))


def _extractor(version: Version, settings: Settings) -> ImageExtractor:
    from houndstooth.mappings.shop_index import Serving
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.models.loading import load_extractor
    from houndstooth.plugin.engines.serving import with_serving

    options = with_serving(settings, Serving(*version)).extractor_options
    return load_extractor(Taxonomy.load(settings.taxonomy), threads=1, texts=False, **options)


def _check_stated(serving: Serving, index: ShopIndex, settings: Settings) -> None:
    """Raise if the settings name another encoder than the index was filled with.

    From now on the index says which one serves, and services and workers do as it says.

    Raises:
        InvalidConfig: they do.
    """
    from houndstooth.mappings.engine import CandidateQuery
    from houndstooth.mappings.errors import InvalidConfig

    model = _extractor(serving.version, settings).model
    if index.count() and not index.count(CandidateQuery(model=model)):
        raise InvalidConfig(
            "expected HOUNDSTOOTH_ENCODER as the index was filled with it; no product has features "
            f"by {model}"
        )


def _recoder(task: Task, settings: Settings) -> Recoder:
    from houndstooth.ingest.migration.recoding import Recoder, references_of

    extractor = _extractor(task.to, settings)
    own = extractor.encoder.model if extractor.encoder else ""
    references = references_of(task.fields, task.base)
    return Recoder(extractor, task.image_loader(settings), references, own)


def _refusal(
    task: Task, tally: Tally, filling: Filling, new: ShopIndex, settings: Settings
) -> str | None:
    """Return why the new version cannot serve, or None."""
    from houndstooth.commands.migrate_sample import check_sample
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.service import VisualSearch

    if why := task.refusal(tally):
        return why
    recoder = filling.recoder
    taxonomy, plain = Taxonomy.load(settings.taxonomy), replace(settings, columns=None)
    with closing(VisualSearch(recoder.extractor, new, taxonomy, plain)) as search:
        sample = list(dict.fromkeys(tally.sample))
        wrong = check_sample(recoder, search, sample, lambda: filling.catch_up(tally))
    if wrong:
        lines = [f"{key}: {why}" for key, why in list(wrong.items())[:SHOWN]]
        return "\n".join([f"{len(wrong)} of a sample of {len(sample)}", *lines])
    click.echo(f"{len(sample)} products were computed again, and find themselves first")
    return None


def _tell(tally: Tally, model: str, to: Version) -> None:
    click.echo(
        f"{tally.done:,} of {tally.documents:,} products have {to.visual} by {model}; "
        f"{tally.meanwhile:,} were written meanwhile, and follow; "
        f"{len(tally.failed):,} failed; {tally.without:,} documents were never indexed; "
        f"{len(tally.changed):,} have another image than was indexed"
    )
    for product_id, why in list(tally.failed.items())[:SHOWN]:
        click.echo(f"failed: {product_id}: {why}", err=True)


def _described(version: Version) -> str:
    encoder = version.encoder or "codes of Houndstooth's own"
    return f"{version.visual} serves, by {encoder}"
