"""``houndstooth evaluate``: a recogniser, a detector, encoders on a benchmark, hits by clicks."""

from __future__ import annotations

import json
from pathlib import Path

import click

from houndstooth.commands import parameters
from houndstooth.commands.networks import network_stem
from houndstooth.commands.parameters import FILE
from houndstooth.commands.training_packages import training_packages
from houndstooth.mappings.errors import InvalidConfig
from houndstooth.models.training.retrieval.names import BENCHMARKS

CACHE = Path("var/features")
"""The folder of features, where none is given."""


@click.command
@click.argument("name", required=False)
@click.option("--products", type=FILE, metavar="CSV", help="Recogniser: a products.csv.")
@click.option(
    "--csv", type=FILE, metavar="CSV",
    help="Recogniser: a CSV with columns file, category and attribute groups.",
)  # fmt: skip
@parameters.street
@click.option(
    "--clicks", metavar="FILE|URL",
    help="Hits: what HOUNDSTOOTH_EVENTS has recorded, a file or opensearch://host:port.",
)  # fmt: skip
@click.option(
    "--dataset", type=click.Choice(list(BENCHMARKS)),
    help="Encoders: a public retrieval benchmark, which lies in --data.",
)  # fmt: skip
@click.option("--data", type=FILE, metavar="DIR", help="Encoders: the benchmark's folder.")
@click.option(
    "--encoder", "encoders", multiple=True, metavar="CARD",
    help="Encoders: compare this one with the recogniser's own features; repeatable.",
)  # fmt: skip
@click.option(
    "--float", "with_floats", is_flag=True,
    help="Encoders: rank by float features too, beside binary codes.",
)  # fmt: skip
@click.option(
    "--cache", type=FILE, metavar="DIR",
    help=f"Encoders: where features are kept; an interrupted run goes on.  [default: {CACHE}]",
)  # fmt: skip
@click.option(
    "--split", type=click.Choice(["train", "validation", "test", "all"]),
    help="The photos to use.  [default: test where the network was trained on them, else all]",
)  # fmt: skip
@click.option(
    "--min-boxes", type=int,
    help="Detector: least boxes of a class that counts in the means.  [default: 20]",
)  # fmt: skip
@click.option("--threads", type=int, help="Detector: of one network run.  [default: all cores]")
@parameters.taxonomy
@click.option(
    "--weights", type=FILE, metavar="DIR",
    help="Folder of the networks.  [default: that of the shipped ones]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
def command(
    name: str | None,
    products: Path | None,
    csv: Path | None,
    street: Path | None,
    clicks: str | None,
    dataset: str | None,
    data: Path | None,
    encoders: tuple[str, ...],
    with_floats: bool,
    cache: Path | None,
    split: str | None,
    min_boxes: int | None,
    threads: int | None,
    taxonomy: Path | None,
    weights: Path | None,
    as_json: bool,
) -> None:
    """Evaluate a recogniser on labelled photos, a detector on boxes, encoders, or hits by clicks.

    NAME is a network's name and version, or the path of its card. Default: the shipped recogniser,
    and with --street the shipped detector. With --clicks: click-through rate, mean reciprocal rank
    and add-to-basket rate, by model, index and arm. With --dataset: the benchmark's own metric,
    with standard errors, of the recogniser's own features and of each --encoder; docs/datasets.md
    says how each folder is laid out.

    \b
    Examples:
      houndstooth evaluate --products products.csv
      houndstooth evaluate guided-detector-3 --street street/
      houndstooth evaluate --dataset in-shop --data in-shop/ --encoder siglip-1.json --float
      houndstooth evaluate --clicks var/events.jsonl
    """
    of_photos = {"NAME": name, "--products": products, "--csv": csv, "--street": street}
    of_boxes = {"--split": split, "--min-boxes": min_boxes, "--threads": threads}
    files = {"--taxonomy": taxonomy, "--weights": weights}
    of_encoders = {
        "--data": data,
        "--encoder": encoders or None,
        "--float": with_floats or None,
        "--cache": cache,
    }
    if dataset is not None:
        _refuse("encoders", {**of_photos, "--clicks": clicks, **of_boxes, **files})
        if data is None:
            raise InvalidConfig(f"expected --data, the folder of {dataset}; got none")
        from houndstooth.commands.retrieval_table import print_retrieval

        print_retrieval(dataset, data, encoders, with_floats, cache or CACHE, as_json)
        return
    given = [option for option, value in of_encoders.items() if value is not None]
    if given:
        raise InvalidConfig(f"expected --dataset with {', '.join(given)}; got none")
    if clicks is not None:
        _refuse("clicks", {**of_photos, **of_boxes, **files})
        from houndstooth.commands.click_table import print_clicks

        print_clicks(clicks, as_json)
        return
    from houndstooth.models.loading import DEFAULT_DETECTOR, DEFAULT_MODEL
    from houndstooth.models.runtime.card import read_json

    stem = network_stem(name or (DEFAULT_DETECTOR if street else DEFAULT_MODEL), weights)
    if read_json(stem).get("kind") == "detector":
        _refuse("detector", {"--products": products, "--csv": csv, "--taxonomy": taxonomy})
        if street is None:
            raise InvalidConfig(f"expected --street, as {stem.name} is a detector; got none")
        _evaluate_detector(stem, street, split, min_boxes, threads, as_json)
        return
    _refuse("recogniser", {"--street": street, "--min-boxes": min_boxes, "--threads": threads})
    labels = products or csv
    if labels is None or (products and csv):
        got = "both" if labels else "none"
        raise InvalidConfig(f"expected --products or --csv for the recogniser; got {got}")
    _evaluate_recogniser(stem, labels, split, taxonomy, csv is not None, as_json)


_ARTICLES = {"detector": "a ", "recogniser": "a ", "encoders": "", "clicks": ""}


def _refuse(kind: str, options: dict[str, object]) -> None:
    """Refuse options of another kind of evaluation."""
    given = [option for option, value in options.items() if value is not None]
    if given:
        raise InvalidConfig(f"expected options for {_ARTICLES[kind]}{kind}; got {', '.join(given)}")


def _evaluate_recogniser(
    stem: Path, labels: Path, split: str | None, taxonomy: Path | None, plain: bool, as_json: bool
) -> None:
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.models.training.evaluate import evaluate, print_tables

    figures = evaluate(
        stem.name, labels, split, stem.parent, Taxonomy.load(taxonomy), plain_csv=plain
    )
    print_tables(figures)
    if as_json:
        click.echo(json.dumps(figures))


def _evaluate_detector(
    stem: Path,
    street: Path,
    split: str | None,
    min_boxes: int | None,
    threads: int | None,
    as_json: bool,
) -> None:
    with training_packages():
        from houndstooth.models.training.evaluate_boxes import (
            MIN_BOXES,
            box_figures,
            evaluate_detector,
            print_boxes,
        )

    least = MIN_BOXES if min_boxes is None else min_boxes
    title, guided, unguided = evaluate_detector(stem, street, split, threads)
    print_boxes(title, guided, unguided, least)
    if as_json:
        click.echo(json.dumps(box_figures(guided, unguided, least)))
