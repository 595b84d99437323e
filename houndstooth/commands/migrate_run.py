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
    from houndstooth.ingest.migration.filling import Tally
    from houndstooth.ingest.migration.recoding import Recoder
    from houndstooth.mappings.shop_index import Serving, ShopIndex, Version
    from houndstooth.plugin.config import Settings

SHOWN = 5
"""Products with a reason that are named."""


@dataclass(frozen=True)
class Task:
    """The arguments of a migration.

    Attributes:
        to: the version that is to serve.
        fields: paths of ``image`` and ``images`` in a shop's own documents.
        images: what stands before image paths: a folder or a URL; None = there are none.
        rate: products a second, at most; None = half of the time.
        allow_failed: how many products may lack the new version, such as ``1%``.
    """

    to: Version
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

    def allows(self, failed: int, total: int) -> bool:
        """Tell whether so many of all products may lack the new version."""
        if self.allow_failed.endswith("%"):
            return 100 * failed <= float(self.allow_failed[:-1]) * total
        return failed <= int(self.allow_failed)


def run(task: Task, settings: Settings) -> int:
    """Migrate, and return the exit status.

    Raises:
        EngineUnavailable: the engine cannot be reached. What is done stays done.
        HoundstoothError: nothing could begin.
    """
    from tqdm import tqdm

    from houndstooth.ingest.attached.paths import field_of
    from houndstooth.ingest.migration.filling import Filling, resting
    from houndstooth.ingest.migration.switching import settle, switch
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
            recoder = _recoder(task, settings)
        stop = stack.enter_context(interrupts())
        bar = stack.enter_context(tqdm(total=index.count(), unit=" products", disable=None))
        filling = Filling(
            patient_engine(index, settings.engine_patience, stop),
            task.to.visual,
            recoder,
            resting(task.rate, stop),
            stop,
            bar.update,
            [field_of(path) for path in task.fields.values()] or ["image", "images"],
            is_done,
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
            settle(filling, tally)
            return 0
        if why := _refusal(task, tally, recoder, new, settings):
            click.echo(f"{_described(old)}, as before: {why}", err=True)
            return FAILED
        if not switch(filling, tally, serving, task.to):
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


def _recoder(task: Task, settings: Settings) -> Recoder:
    from houndstooth.ingest.migration.recoding import Recoder, references_of
    from houndstooth.mappings.shop_index import Serving
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.models.loading import load_extractor
    from houndstooth.plugin.engines.serving import with_serving

    options = with_serving(settings, Serving(*task.to)).extractor_options
    extractor = load_extractor(Taxonomy.load(settings.taxonomy), threads=1, texts=False, **options)
    own = extractor.encoder.model if extractor.encoder else ""
    references = references_of(task.fields, task.base)
    return Recoder(extractor, task.image_loader(settings), references, own)


def _refusal(
    task: Task, tally: Tally, recoder: Recoder, new: ShopIndex, settings: Settings
) -> str | None:
    """Return why the new version cannot serve, or None."""
    from houndstooth.commands.migrate_sample import check_sample
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.service import VisualSearch

    if not task.allows(len(tally.failed), tally.documents):
        return (
            f"expected at most {task.allow_failed} products that fail (--allow-failed); "
            f"got {len(tally.failed):,}"
        )
    new.refresh()
    taxonomy, plain = Taxonomy.load(settings.taxonomy), replace(settings, columns=None)
    with closing(VisualSearch(recoder.extractor, new, taxonomy, plain)) as search:
        wrong = list(check_sample(recoder, search, tally.sample))
    if wrong:
        return "\n".join([f"{len(wrong)} of a sample of {len(tally.sample)}", *wrong[:SHOWN]])
    click.echo(f"{len(tally.sample)} products were computed again, and find themselves first")
    return None


def _tell(tally: Tally, model: str, to: Version) -> None:
    click.echo(
        f"{tally.done:,} of {tally.documents:,} products have {to.visual} by {model}; "
        f"{len(tally.failed):,} failed; {tally.without:,} documents were never indexed; "
        f"{len(tally.changed):,} have another image than was indexed"
    )
    for product_id, why in list(tally.failed.items())[:SHOWN]:
        click.echo(f"failed: {product_id}: {why}", err=True)


def _described(version: Version) -> str:
    encoder = version.encoder or "codes of Houndstooth's own"
    return f"{version.visual} serves, by {encoder}"
