"""``houndstooth attach``: add ``visual`` to the documents of a shop's own index."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from houndstooth.commands import INTERRUPTED, nothing_begun, parameters
from houndstooth.commands.ingest_run import collect, load_networks
from houndstooth.commands.interrupts import interrupts
from houndstooth.commands.parameters import FILE
from houndstooth.commands.waiting import patient_engine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from houndstooth.ingest.images import LoadImage
    from houndstooth.mappings.extractor import Extractor
    from houndstooth.mappings.shop_index import ShopIndex
    from houndstooth.plugin.config import Settings

SHOWN = 3
"""Products that a dry run shows."""

STOPPED = "interrupted; attach again to go on, what is written will be skipped"

EPILOG = """\
\b
Examples:
  houndstooth attach opensearch://127.0.0.1:9200/products --dry-run
  houndstooth attach opensearch://127.0.0.1:9200/products \\
      --fields title=name,image=media.0.url,price=offers.price,group=style_id
  houndstooth attach elasticsearch://127.0.0.1:9200/products --images /srv/media --rate 20
  houndstooth attach elasticsearch://127.0.0.1:9200/products --follow

\b
Exit status:
  0    every document has it; with --follow: it was interrupted
  1    some failed, or the engine went away for longer than HOUNDSTOOTH_ENGINE_PATIENCE
  2    nothing could begin: arguments, fields, taxonomy or engine
  130  interrupted; attach again to go on
"""


@dataclass(frozen=True)
class Task:
    """The arguments of an attachment.

    Attributes:
        fields: field by role, as the user chooses them.
        images: what stands before image paths: a folder or a URL; None = there are none.
        language: of the texts; empty detects it.
        rate: products a second, at most; None = as many as there are.
        follow: go on when all is done.
        state: folder of the journals.
        report: path of the JSON report.
        dry_run: show some products, and write nothing.
    """

    fields: Mapping[str, str]
    images: str | None = None
    language: str = ""
    rate: int | None = None
    follow: bool = False
    state: Path = Path("var/attach")
    report: Path | None = None
    dry_run: bool = False

    @property
    def image_address(self) -> str | None:
        """The URL that stands before image paths; None if that is a folder, or nothing."""
        from houndstooth.ingest.images import is_url

        return self.images if self.images and is_url(self.images) else None

    def image_loader(self, settings: Settings) -> LoadImage:
        """Create the loader of the documents' images."""
        from houndstooth.ingest.images import UrlImages, feed_images

        if self.images is None or self.image_address:
            return UrlImages(settings.max_upload_bytes, settings.image_hosts)
        return feed_images(Path(self.images), settings.max_upload_bytes, settings.image_hosts)


@click.command(epilog=EPILOG, short_help="Add visual search to the index of a shop.")
@click.argument("url", required=False)
@click.option(
    "--fields",
    metavar="ROLE=FIELD,…",
    help="Fields that are not recognised, e.g. title=name,image=media.0.url; also images, "
    "category, colour and the others of a dry run. category= says that there is none.",
)
@click.option(
    "--images",
    "--image-base",
    metavar="URL|DIR",
    help="What stands before image paths: an address, or a folder.",
)
@parameters.language
@click.option(
    "--rate", type=parameters.Whole(1, 10_000), help="Products a second, at most.  [default: all]"
)
@click.option(
    "--follow", is_flag=True, help="Then keep up with what the shop writes, until interrupted."
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Say which fields are read, and show some products. Nothing is written.",
)
@parameters.report
@click.option(
    "--state",
    type=FILE,
    metavar="DIR",
    default=Path("var/attach"),
    show_default=True,
    help="Folder that remembers what is done; without it images are read again.",
)
@click.pass_context
def command(
    context: click.Context,
    url: str | None,
    fields: str | None,
    images: str | None,
    language: str | None,
    rate: int | None,
    follow: bool,
    dry_run: bool,
    report: Path | None,
    state: Path,
) -> None:
    """Add the object visual to every document of the shop's index at URL.

    Products are read from the documents themselves; no feed is needed. Nothing but visual is
    written, and what the shop writes meanwhile stays and is recognised in its turn. FIELDs are
    dotted paths, with a place in a list, such as media.0.url, or all of it: media.url. Fields that
    are called as a feed's columns are known: docs/attach.md.

    URL is opensearch://host:port/index, or elasticsearch://.  [default: HOUNDSTOOTH_ENGINE]

    To take it off again: houndstooth detach.
    """
    from houndstooth.ingest.attached.fields import parse_fields
    from houndstooth.ingest.options import parse_options
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.engines import open_shop_index
    from houndstooth.plugin.engines.serving import followed

    with nothing_begun():
        settings = Settings.from_env()
        chosen = parse_fields(fields) if fields else {}
        code = parse_options(Path(), language=language).language
        settings = followed(replace(settings, engine=url or settings.engine))
        index = open_shop_index(settings.engine, settings.credentials)
        task = Task(chosen, images, code, rate, follow, state, report, dry_run)
        with closing(index):
            context.exit(run(task, index, settings, context.obj))


def run(
    task: Task, index: ShopIndex, settings: Settings, extractor: Extractor | None = None
) -> int:
    """Attach to an index, and return the exit status.

    Args:
        extractor: None loads the networks, once the index and its fields are known to be usable.

    Raises:
        HoundstoothError: nothing could begin.
    """
    from houndstooth.ingest.attached.attaching import Attaching, Pace
    from houndstooth.ingest.attached.fields import choose_fields, described
    from houndstooth.ingest.attached.journal import Journal
    from houndstooth.ingest.attached.paths import value_at
    from houndstooth.ingest.attached.reader import DocumentReader, first_documents
    from houndstooth.ingest.pipeline import ingest_feed
    from houndstooth.ingest.placeholders import Placeholder, set_placeholders_aside
    from houndstooth.ingest.report import Report, create_report
    from houndstooth.mappings.errors import EngineUnavailable
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.engines import prepare

    names = index.field_names()
    reading = choose_fields(names, task.fields, task.image_address or "", task.language)
    reader = DocumentReader(reading)
    sample = first_documents(index, reader.fields)
    reader.check(sample, names, has_base=task.images is not None)
    with ExitStack() as stack:
        if task.dry_run:
            index.check()
            reading.language = task.language or reader.detect_language(sample)
            click.echo(described(reading))
            for line in reader.shown(sample[:SHOWN]):
                click.echo(line)
            click.echo(f"{index.count():,} documents; nothing was written")
            return 0
        prepare(index, must_exist=True)
        journal = Journal(task.state, f"{index.index_id()}-{index.visual}")
        stack.enter_context(journal)
        reading.language = journal.language_of(
            task.language, lambda: reader.detect_language(sample)
        )
        click.echo(described(reading), err=True)
        taxonomy = Taxonomy.load(settings.taxonomy)
        extractor = extractor or load_networks(taxonomy, settings)
        file = stack.enter_context(create_report(task.report))
        stop = stack.enter_context(interrupts())
        index = patient_engine(index, settings.engine_patience, stop)
        attaching = Attaching(
            index,
            reader,
            journal,
            partial(
                ingest_feed,
                extractor=extractor,
                engine=index,
                taxonomy=taxonomy,
                load_image=task.image_loader(settings),
                views=settings.views,
            ),
            extractor.model,
            extractor.lengths,
            taxonomy,
            settings.views,
            Pace(task.rate, stop),
            stop,
        )
        report = Report(extractor.model, file)
        stopped = collect(attaching.run(task.follow), report, index.count(), index)
        if stop.is_set():
            stopped = None if task.follow else STOPPED
        found: list[Placeholder] = []
        if stopped is None and not stop.is_set():
            titles = reading.roles["title"]
            try:
                found = set_placeholders_aside(
                    index,
                    extractor.model,
                    settings.shared_picture,
                    settings.variant_field,
                    lambda facts: " ".join(str(value_at(facts, path) or "") for path in titles),
                )
            except EngineUnavailable as error:
                stopped = str(error)
        click.echo(report.close(stopped, placeholders=found))
        if stopped == STOPPED:
            return INTERRUPTED
        return int(bool(stopped or report.totals["failed"]))
