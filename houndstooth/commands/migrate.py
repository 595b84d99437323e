"""``houndstooth migrate``: change the image encoder of an index that goes on serving."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from houndstooth.commands import FAILED, INTERRUPTED, nothing_begun, parameters
from houndstooth.commands.interrupts import interrupts
from houndstooth.commands.migrate_run import Task, read_serving, run
from houndstooth.commands.waiting import patient_engine

if TYPE_CHECKING:
    from houndstooth.mappings.shop_index import Serving, Version
    from houndstooth.plugin.config import Settings

EPILOG = """\
\b
Examples:
  houndstooth migrate --encoder fashion-siglip-1.json --images folder-of-the-feed
  houndstooth migrate --encoder fashion-siglip-1.json --rate 20
  houndstooth migrate --rollback
  houndstooth migrate --drop
  houndstooth migrate --encoder none       # back to codes of Houndstooth's own features

\b
Exit status:
  0    the new version serves; with --drop: the old one is gone
  1    it does not: products failed, a check failed, or the engine was away for longer than
       HOUNDSTOOTH_ENGINE_PATIENCE
  2    nothing could begin: arguments, card, or an engine or index that cannot be migrated
  130  interrupted, or not confirmed; the same command goes on where it was
"""


@click.command(epilog=EPILOG, short_help="Change the image encoder while searches go on.")
@click.option(
    "--encoder", metavar="CARD", help="The card of the new encoder; none = Houndstooth's own codes."
)
@parameters.engine
@click.option(
    "--images",
    metavar="URL|DIR",
    help="What stands before image paths: an address, or the feed's folder.",
)
@click.option(
    "--fields",
    metavar="image=FIELD,images=FIELD",
    help="Fields of an index that was attached, e.g. image=media.0.url.",
)
@click.option(
    "--rate",
    type=parameters.Whole(1, 10_000),
    help="Products a second, at most.  [default: as many as half of the time allows]",
)
@click.option(
    "--allow-failed",
    type=parameters.Limit(),
    default="0",
    show_default=True,
    help="Products that may lack the new version, as their images are gone. Searches do not find "
    "them after the switch.",
)
@click.option("--rollback", is_flag=True, help="Let the version before serve again.")
@click.option("--drop", is_flag=True, help="Take the version before off all documents.")
@click.option("--yes", is_flag=True, help="With --drop: do not ask first.")
def command(
    encoder: str | None,
    engine: str | None,
    images: str | None,
    fields: str | None,
    rate: int | None,
    allow_failed: str,
    rollback: bool,
    drop: bool,
    yes: bool,
) -> int:
    """Change the image encoder of an index while searches and feeds go on.

    The codes of every product are made anew from its stored image, into the other of the objects
    visual and visual_2, whichever does not serve. Then counts and a sample are checked, writes wait
    for some seconds, and the index says that the other version serves. Web services and workers
    look for that every few seconds, and open the new encoder by the path of its card: let all
    machines have it under the same path, or name a card of that file name in HOUNDSTOOTH_ENCODER.

    HOUNDSTOOTH_ENCODER says which encoder serves now, as long as the index does not. The old
    version stays for --rollback, which brings it up to date first, until --drop.
    """
    from houndstooth.ingest.attached.fields import parse_fields
    from houndstooth.mappings.errors import EngineUnavailable
    from houndstooth.plugin.config import Settings

    if sum((encoder is not None, rollback, drop)) != 1:
        raise click.UsageError("expected one of --encoder, --rollback and --drop")
    with nothing_begun():
        settings = Settings.from_env()
        settings = replace(settings, engine=engine or settings.engine)
        check_url(settings.engine)
        if drop:
            return _drop(settings, yes)
        by = "--rollback" if rollback else "--encoder"
        task = Task(
            _target(settings, encoder),
            by,
            parse_fields(fields) if fields else {},
            images,
            rate,
            allow_failed,
        )
    try:
        return run(task, settings)
    except EngineUnavailable as error:
        click.echo(f"error: {error}", err=True)
        return FAILED


def check_url(url: str) -> None:
    """Raise if an engine keeps no versions beside each other, or the URL names one of them.

    Raises:
        InvalidConfig: It does not.
    """
    from houndstooth.mappings.errors import InvalidConfig
    from houndstooth.plugin.engines.serving import follows

    if url.startswith("sqlite:"):
        raise InvalidConfig(
            "expected the index of a cluster; a SQLite file keeps one version: set "
            "HOUNDSTOOTH_ENCODER, give the feed to a new file (houndstooth ingest FEED --engine "
            f"sqlite:///new.db), and start the web service with that; got {url}"
        )
    if not follows(url):
        raise InvalidConfig(
            f"expected an engine URL without visual=, as the index says what serves; got {url}"
        )


def _target(settings: Settings, encoder: str | None) -> Version:
    """Return the version that is to serve; for ``--rollback`` that of before.

    Raises:
        InvalidConfig: there is no such card, or nothing to go back to, or the last migration has
            not come to its end.
    """
    from houndstooth.commands.networks import network_stem
    from houndstooth.mappings.document import VISUAL
    from houndstooth.mappings.errors import InvalidConfig
    from houndstooth.mappings.shop_index import Version

    serving = read_serving(settings)
    if encoder is None:
        if serving.previous is None:
            raise InvalidConfig("expected a version that served before; there is none to roll back")
        if serving.unsettled == "--rollback":
            return serving.version  # that command ended before its end, and goes on
        return serving.previous
    stem = None if encoder == "none" else network_stem(encoder)
    card = None if stem is None else str(stem.with_name(f"{stem.name}.json"))
    if card == serving.encoder:
        return serving.version
    if card and serving.encoder and Path(card).name == Path(serving.encoder).name:
        raise InvalidConfig(
            f"expected a card of another name or version than {serving.encoder}, which serves; "
            f"got {card}"
        )
    target = Version(f"{VISUAL}_2" if serving.visual == VISUAL else VISUAL, card)
    if target != serving.previous:
        _check_settled(serving)  # the object to be filled may have writes that are newer
    return target


def _check_settled(serving: Serving) -> None:
    """Raise if writes to the version before may not be brought over yet.

    Raises:
        InvalidConfig: The last migration has not come to its end.
    """
    from houndstooth.mappings.errors import InvalidConfig

    if serving.unsettled:
        raise InvalidConfig(
            f"expected a finished houndstooth migrate; the last one, {serving.unsettled}, was "
            "ended before its end: give it again first"
        )


def _drop(settings: Settings, yes: bool) -> int:
    """Take the version before off all documents."""
    from houndstooth.ingest.attached.detaching import detach
    from houndstooth.ingest.migration.turn import Turn
    from houndstooth.mappings.errors import InvalidConfig
    from houndstooth.mappings.shop_index import Serving
    from houndstooth.plugin.engines import open_shop_index
    from houndstooth.plugin.engines.serving import with_serving

    with ExitStack() as stack:
        index = stack.enter_context(closing(open_shop_index(settings.engine, settings.credentials)))
        serving = index.serving()
        if serving is None or serving.previous is None:
            raise InvalidConfig("expected a version that served before; there is none to drop")
        _check_settled(serving)
        gone = with_serving(settings, Serving(*serving.previous))
        old = open_shop_index(gone.engine, settings.credentials)
        stack.callback(old.close)
        if not yes:
            question = f"Take {old.visual} off the documents? No --rollback is possible then."
            click.confirm(question, abort=True)
        stop = stack.enter_context(interrupts())
        index, old = (patient_engine(one, settings.engine_patience, stop) for one in (index, old))
        turn = Turn(index, serving)
        turn.take()
        refused = 0
        for outcomes in detach(old, [old.visual]):
            refused += sum(bool(one.error and not one.retryable) for one in outcomes)
            if stop.is_set():
                return INTERRUPTED
            turn.check()
        if refused:
            click.echo(f"{refused:,} documents were refused; {old.visual} stays in them", err=True)
            return FAILED
        turn.state(replace(turn.serving, previous=None, dropped=old.visual))
    click.echo(f"{old.visual} is gone; {serving.visual} serves")
    return 0
