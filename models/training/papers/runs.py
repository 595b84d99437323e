"""Runs of rows: one function trains or loads a row, one evaluates it.

A finished run leaves ``ROW-SEED.run.json`` with its figures and ``ROW-SEED.scores.npz`` with its
scores in the folder of its paper, beside the files of the network. An interrupted one continues
from the trainer's checkpoint.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from houndstooth.mappings.errors import InvalidConfig
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.localisation.detector import Detector
from houndstooth.models.localisation.locator import Locator
from houndstooth.models.runtime.card import WEIGHTS
from houndstooth.models.training.crops import Crops
from houndstooth.models.training.datasets.products import product_samples
from houndstooth.models.training.inputs import Inputs
from houndstooth.models.training.papers.crop_cache import CropCache
from houndstooth.models.training.papers.rows import Change, Row
from houndstooth.models.training.papers.scores import Scored, evaluate_row, time_again
from houndstooth.models.training.papers.tables import NONE
from houndstooth.models.training.recipe import Recipe, find_recipe, read_recipe
from houndstooth.models.training.samples import Sample, Split
from houndstooth.models.training.train import train_recogniser


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        stem: path of the network's files, without a suffix.
        facts: what ``ROW-SEED.run.json`` says.
    """

    stem: Path
    facts: dict[str, Any]

    @cached_property
    def validation(self) -> Scored:
        """Scores of the validation photos."""
        return self._scored("validation")

    @cached_property
    def test(self) -> Scored:
        """Scores of the test photos; of a fold's row, of the fold's photos."""
        return self._scored("test")

    def _scored(self, split: Split) -> Scored:
        with np.load(f"{self.stem}.scores.npz", allow_pickle=False) as arrays:
            return Scored(arrays, split, self.facts["heads"])


@dataclass(frozen=True)
class Results:
    """The finished runs of a paper.

    Attributes:
        folder: the paper's folder of runs.
        pictures: the folder of pictures, beside the file of tables.
        runs: by row, one for each seed.
        drawn: paths of drawn images, for pictures.
    """

    folder: Path
    pictures: Path
    runs: Mapping[str, Sequence[Run]]
    drawn: Sequence[Path] = ()

    def of(self, row: str) -> Sequence[Run]:
        """Return a row's runs, those done."""
        return self.runs.get(row, ())

    def picture(self, name: str, title: str) -> tuple[Path, str]:
        """Return where a picture goes, and the Markdown that shows it."""
        return self.pictures / name, f"![{title}]({self.pictures.name}/{name})"

    def speed(self, row: str) -> str:
        """Write a row's images/s, the mean over seeds."""
        speeds = [run.facts["images_per_s"] for run in self.of(row)]
        known = [speed for speed in speeds if speed is not None]
        return f"{np.mean(known):.0f}" if known else NONE


@dataclass(frozen=True)
class RowInputs(Inputs):
    """The inputs of a row: photos of one file, changed as the row says, with cached crops."""

    cache: CropCache | None = field(default=None, kw_only=True)
    change: Change = field(default=list, kw_only=True)

    @cached_property
    def samples(self) -> list[Sample]:
        """The row's samples."""
        return self.change(self.cache.samples if self.cache else super().samples)

    def crops(self, samples: Sequence[Sample], side: int) -> Crops:
        """Load crops, from the cache where there is one."""
        return self.cache.load(samples, side) if self.cache else super().crops(samples, side)


@dataclass(frozen=True)
class Paper:
    """A paper: its rows, and how its tables are written from finished runs.

    Attributes:
        name: as in ``--paper``, and of the folder of its runs.
        title: the heading of its tables.
        rows: in the order in which they are trained.
        report: writes the tables, and pictures into a folder; returns Markdown.
        evaluate: computes a row's facts and arrays; by default those of ``Scored``.
    """

    name: str
    title: str
    rows: tuple[Row, ...]
    report: Callable[[Results], str]
    evaluate: Callable[[Row, RowInputs], tuple[dict[str, Any], dict[str, Any]]] | None = None

    def row(self, name: str) -> Row:
        """Look a row up by its name. Raises StopIteration where there is none."""
        return next(row for row in self.rows if row.name == name)


@dataclass(frozen=True)
class Bench:
    """Settings that all runs share.

    Attributes:
        products: a products.csv.
        out: the folder of crops and of the papers' folders.
        epochs: instead of the recipes'; None is theirs.
        command: for cards and tables, without the caller's folders.
    """

    products: Path
    out: Path
    taxonomy: Taxonomy
    detector: str
    epochs: int | None
    command: str

    @cached_property
    def cache(self) -> CropCache:
        """The crops of all photos."""
        samples = list(product_samples(self.products, self.taxonomy))
        detector = None if self.detector == "none" else Detector(WEIGHTS / self.detector, 1)
        return CropCache(self.out / "crops", samples, Locator(detector, self.taxonomy))

    def inputs(self, paper: Paper, row: Row, seed: int) -> RowInputs:
        """Make the inputs of a row; its network is called ``ROW-SEED``."""
        recipe = Recipe(row.name, seed)
        if not row.shipped:
            recipe = read_recipe(Recipe, find_recipe(row.recipe))
        fields = {"name": row.name, "version": seed, "seed": seed, **row.fields}
        fields |= {"epochs": self.epochs} if self.epochs else {}
        fields |= {"init_from": f"{row.after}-{seed}"} if row.after else {}
        return RowInputs(
            replace(recipe, **fields),
            {"products": [self.products]},
            self.out / paper.name,
            None,
            self.detector,
            self.taxonomy,
            self.command,
            cache=self.cache,
            change=row.photos,
        )

    def load(self, paper: Paper, row: Row, seed: int) -> Run | None:
        """Load a finished run; None where it is not done."""
        stem = self.out / paper.name / f"{row.name}-{seed}"
        path = Path(f"{stem}.run.json")
        return Run(stem, json.loads(path.read_text("utf-8"))) if path.exists() else None

    def finished(self, paper: Paper, row: Row) -> list[Run]:
        """Load a row's finished runs, of any seed."""
        runs = (self.out / paper.name).glob(f"{row.name}-*.run.json")
        prefix = f"{row.name}-"
        seeds = [path.name.removesuffix(".run.json").removeprefix(prefix) for path in runs]
        found = (self.load(paper, row, int(s)) for s in sorted(seeds) if s.isdigit())
        return [run for run in found if run is not None]

    def run(self, paper: Paper, row: Row, seed: int) -> Run:
        """Train a row, or what is left of it, and evaluate it; or load it where that is done.

        Raises:
            InvalidConfig: it was done by another recipe, or on other photos.
        """
        inputs = self.inputs(paper, row, seed)
        made_by = {"recipe": asdict(inputs.recipe), "trained_on": inputs.digests()}
        done = self.load(paper, row, seed)
        if done is not None:
            if {key: done.facts[key] for key in made_by} != json.loads(json.dumps(made_by)):
                raise InvalidConfig(
                    f"expected {done.stem.name}.run.json of the same recipe and photos in "
                    f"{inputs.out}; got other ones; choose another --out, or remove it"
                )
            return done
        if row.after:
            self.run(paper, paper.row(row.after), seed)
        print(f"{paper.name}: {row.name}, seed {seed}", flush=True)
        inputs.out.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        if not (row.shipped or Path(f"{inputs.stem}.json").exists()):
            train_recogniser(inputs)
        facts, arrays = paper.evaluate(row, inputs) if paper.evaluate else evaluate_row(inputs)
        np.savez_compressed(f"{inputs.stem}.scores.npz", allow_pickle=False, **arrays)
        facts |= {"row": row.name, "seed": seed, "command": self.command, **made_by}
        facts["minutes"] = round((time.perf_counter() - start) / 60, 1)
        return _write(Run(inputs.stem, facts))

    def time_again(self, paper: Paper, row: Row, seed: int) -> None:
        """Measure how fast a finished run is, for the machine had other work while it trained.

        Of a paper with an evaluation of its own it is part of that, and stays as it is.
        """
        run = self.load(paper, row, seed)
        if run is None or paper.evaluate or run.facts["images_per_s"] is None:
            return
        speed = time_again(self.inputs(paper, row, seed))
        _write(replace(run, facts=run.facts | {"images_per_s": speed}))


def _write(run: Run) -> Run:
    """Write a run's facts, whole or not at all."""
    text = json.dumps(run.facts, indent=1)
    partial = Path(f"{run.stem}.run.partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(f"{run.stem}.run.json")
    return Run(run.stem, json.loads(text))
