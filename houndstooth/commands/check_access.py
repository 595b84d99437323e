"""Check who may call the web service, for ``houndstooth doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from houndstooth.commands.finding import Finding, Findings
from houndstooth.mappings.errors import InvalidConfig

if TYPE_CHECKING:
    from houndstooth.plugin.config import Settings


def check_access(settings: Settings) -> Findings:
    """Count the API keys; without any, jobs can be seen by everybody, and nobody can write."""
    from houndstooth.plugin.keys import KeyFile

    access = settings.access
    try:
        keys = [*access.key_records, *KeyFile(access.keys).read()]
    except InvalidConfig as error:
        yield Finding("FAIL", "API keys", str(error), "Correct or remove the file.")
        return
    if keys:
        yield Finding("ok", "API keys", ", ".join(map(str, keys)))
    elif access.search_keys:
        advice = "houndstooth keys create search makes one."
        yield Finding("FAIL", "API keys", "none, and searches need one", advice)
    else:
        text = "none: everybody sees /ingest, and nobody writes over REST"
        yield Finding("ok", "API keys", text)
