"""Run a process, and start it again whenever it ends without having been asked to."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from threading import Event
from types import FrameType

import click
from celery.platforms import set_pdeathsig

CHECK_SECONDS = 2.0
"""Time between two calls of what is done meanwhile."""

PAUSE_SECONDS = 2.0
"""Pause before a process is started again."""

USAGE_ERROR = 2


def supervise(words: Sequence[str], meanwhile: Callable[[], None]) -> int:
    """Run a command until it is asked to end, or ends by itself in order; return its exit status.

    SIGTERM and Ctrl-C are passed on to it. It is killed if this process dies.

    Args:
        words: The command.
        meanwhile: Called every ``CHECK_SECONDS``.
    """
    asked = Event()
    end_with_parent = partial(set_pdeathsig, "SIGKILL")
    child: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, _frame: FrameType | None) -> None:
        asked.set()
        if child is not None:
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    while True:
        # In a group of its own, so that Ctrl-C reaches it once.
        child = subprocess.Popen(words, process_group=0, preexec_fn=end_with_parent)  # noqa: S603
        if asked.is_set():
            child.terminate()
        while child.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                child.wait(CHECK_SECONDS)
            meanwhile()
        if asked.is_set() or child.returncode in (0, USAGE_ERROR):
            return max(child.returncode, 0)
        click.echo(
            f"the worker ended with status {child.returncode}; it starts again in "
            f"{PAUSE_SECONDS:.0f} s",
            err=True,
        )
        if asked.wait(PAUSE_SECONDS):
            return 0
