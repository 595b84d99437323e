"""Training's commands, run within the process: errors come as exceptions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from houndstooth.commands import casual_photos, evaluate, export, train


def run(command: click.Command, *arguments: str | Path) -> None:
    with command.make_context("houndstooth", [str(argument) for argument in arguments]) as context:
        command.invoke(context)


Run = Callable[..., None]
run_train: Run = partial(run, train.command)
run_evaluate: Run = partial(run, evaluate.command)
run_export: Run = partial(run, export.command)
run_casual_photos: Run = partial(run, casual_photos.command)
