"""Check the files of rules and arms, and where events go, for ``houndstooth doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from houndstooth.commands.finding import Finding, Findings
from houndstooth.mappings.errors import HoundstoothError

if TYPE_CHECKING:
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.config import Settings


def check_merchandising(settings: Settings, taxonomy: Taxonomy) -> Findings:
    """Read what the settings name; nothing is said of what is not set."""
    from houndstooth.plugin.arms import Arms
    from houndstooth.plugin.events.stores import open_store
    from houndstooth.plugin.merchandising.rules_file import RulesFile

    if settings.rules:
        try:
            rules = RulesFile(settings.rules, taxonomy).current().rules
            there = "" if settings.rules.exists() else f", as there is no {settings.rules} yet"
            yield Finding("ok", "rules", f"{len(rules)}{there}")
        except HoundstoothError as error:
            yield Finding("FAIL", "rules", str(error), "Correct the file of HOUNDSTOOTH_RULES.")
    if settings.arms:
        try:
            Arms.read(settings.arms)
            yield Finding("ok", "arms", f"of {settings.arms}")
        except HoundstoothError as error:
            yield Finding("FAIL", "arms", str(error), "Correct the file of HOUNDSTOOTH_ARMS.")
    if settings.events:
        try:
            open_store(settings.events, settings.credentials).check()
            clients = "with" if settings.event_clients else "without"
            yield Finding("ok", "events", f"to {settings.events}, {clients} ids of clients")
        except HoundstoothError as error:
            yield Finding("FAIL", "events", str(error), "Correct HOUNDSTOOTH_EVENTS.")
    if settings.look_events:
        try:
            some = any(open_store(settings.look_events, settings.credentials).read())
            there = "" if some else ", where there are none yet"
            yield Finding("ok", "looks", f"by the events of {settings.look_events}{there}")
        except HoundstoothError as error:
            help_text = "Until HOUNDSTOOTH_LOOK_EVENTS can be read, pictures alone complete looks."
            yield Finding("warn", "looks", str(error), help_text)
