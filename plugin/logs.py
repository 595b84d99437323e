"""Write log lines to stderr: one JSON object each, or text."""

from __future__ import annotations

import logging

from pythonjsonlogger.json import JsonFormatter

FORMS = ("json", "text")


def log_formatter(form: str) -> logging.Formatter:
    """Create the formatter of a form, ``json`` or ``text``.

    JSON has ``time``, ``level``, ``logger``, ``message``, what a message brings along by ``extra``,
    and ``exc_info`` where there is an exception.
    """
    if form == "text":
        return logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    return JsonFormatter(
        ["levelname", "name", "message"],
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp="time",
        json_ensure_ascii=False,
    )


def write_logs(form: str, *filters: logging.Filter) -> None:
    """Write all warnings, and what Houndstooth itself logs, to stderr.

    Args:
        form: ``json`` or ``text``.
        filters: Filters that add to a line.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(log_formatter(form))
    for one in filters:
        handler.addFilter(one)
    logging.basicConfig(handlers=[handler])
    logging.getLogger("houndstooth").setLevel(logging.INFO)
