"""``houndstooth keys``: API keys for the web service."""

from __future__ import annotations

import click

from houndstooth.commands import CannotBegin, nothing_begun


@click.group(short_help="Make API keys, list and revoke them.")
def command() -> None:
    """Make API keys for the web service, list and revoke them.

    They are kept in the file that HOUNDSTOOTH_KEYS names, as hashes. A running service reads it
    again when it changes.
    """


CREATE_EPILOG = """\
\b
Scopes:
  search  search, where HOUNDSTOOTH_SEARCH_KEYS=yes
  ingest  see /ingest and jobs, write products
  admin   everything

\b
Examples:
  houndstooth keys create ingest --label "stock updates"
  houndstooth keys create search ingest --record

\b
Exit status:
  0  the key is printed, this once
  2  the file of keys cannot be used, or no such scope
"""


@command.command("create", epilog=CREATE_EPILOG, short_help="Make a key.")
@click.argument("scopes", nargs=-1, required=True, metavar="SCOPE...")
@click.option("--label", default="", help="What it is for.")
@click.option(
    "--record",
    is_flag=True,
    help="Write no file: print a second line, which HOUNDSTOOTH_KEY_RECORDS of the service takes.",
)
def create(scopes: tuple[str, ...], label: str, record: bool) -> None:
    """Make a key that has one or several SCOPEs, and print it."""
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.keys import SCOPES, KeyFile, make_key

    chosen = [scope for scope in SCOPES if scope in scopes]
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise click.BadParameter(
            f"expected {', '.join(SCOPES)}; got {unknown[0]!r}", param_hint="SCOPE"
        )
    with nothing_begun():
        text, key = make_key(chosen, label)
        if not record:
            KeyFile(Settings.from_env().access.keys).add(key)
    click.echo(text)
    if record:
        click.echo(key.record)
    else:
        click.echo(f"key {key.key_id}: keep it now, it is not shown again", err=True)


LIST_EPILOG = """\
\b
Exit status:
  0  answered, also where there is no key
  2  the file of keys cannot be used
"""


@command.command("list", epilog=LIST_EPILOG, short_help="List the keys.")
def list_keys() -> None:
    """List the keys, the oldest first: id, time, scopes, label. Keys themselves are not kept."""
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.keys import KeyFile

    with nothing_begun():
        access = Settings.from_env().access
        keys = KeyFile(access.keys).read()
    for key in keys:
        click.echo(f"{key.key_id}  {key.created}  {'+'.join(key.scopes)}  {key.label}".rstrip())
    for key in access.key_records:
        click.echo(f"{key.key_id}  HOUNDSTOOTH_KEY_RECORDS  {'+'.join(key.scopes)}")
    if not keys and not access.key_records:
        click.echo("no keys; houndstooth keys create SCOPE makes one", err=True)


REVOKE_EPILOG = """\
\b
Exit status:
  0  it is revoked; running services know within their next request
  2  no such key in the file, or the file cannot be used
"""


@command.command("revoke", epilog=REVOKE_EPILOG, short_help="Revoke a key.")
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Revoke the key of an ID, which houndstooth keys list shows."""
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.keys import KeyFile

    with nothing_begun():
        path = Settings.from_env().access.keys
        if not KeyFile(path).remove(key_id):
            raise CannotBegin(f"expected the id of a key in {path}; got {key_id[:40]!r}")
    click.echo(f"key {key_id} is revoked")
