"""``houndstooth measure``: which terms of a recogniser are true often enough to be stored."""

from __future__ import annotations

from pathlib import Path

import click

from houndstooth.commands import parameters
from houndstooth.commands.networks import network_stem
from houndstooth.commands.parameters import FILE
from houndstooth.mappings.errors import InvalidConfig


@click.command
@click.argument("name")
@click.option("--products", type=FILE, metavar="CSV", help="A products.csv.")
@click.option("--csv", type=FILE, metavar="CSV", help="A CSV with columns file, category, groups.")
@click.option(
    "--cross-fitted", type=FILE, metavar="NPZ",
    help="Predictions of training photos that training a term reader left; more photos count then.",
)  # fmt: skip
@parameters.taxonomy
@click.option(
    "--page", type=FILE, metavar="FILE", help="Write the page of all terms to it too, in Markdown."
)
def command(
    name: str,
    products: Path | None,
    csv: Path | None,
    cross_fitted: Path | None,
    taxonomy: Path | None,
    page: Path | None,
) -> None:
    """Measure a recogniser on labelled photos that it was not trained on, and write its card.

    NAME is a network's name and version, or the path of its card. The photos for validation and
    test are recognised from the picture alone. A term is stored from a probability on at which it
    is right nine times in ten. A term that never is, is not stored from a picture at all, but
    preferred in a search. "houndstooth train" does this too.

    \b
    Example:
      houndstooth measure attribute-distilled-1 --products products.csv
    """
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.models.runtime.card import CATEGORY_MEASURED
    from houndstooth.models.training.labelled import labelled_samples
    from houndstooth.models.training.measure import measure, measured_page
    from houndstooth.models.training.measured_terms import JudgedTerms

    given = {name: [path] for name, path in (("products", products), ("csv", csv)) if path}
    if len(given) != 1:
        got = "both" if given else "none"
        raise InvalidConfig(f"expected --products or --csv; got {got}")
    stem, terms = network_stem(name), Taxonomy.load(taxonomy)
    others = JudgedTerms.read(cross_fitted) if cross_fitted else None
    measured = measure(stem, labelled_samples(given, terms), terms, others)
    text = measured_page(stem.name, measured, terms)
    click.echo(text)
    count = len(measured.keys() - {CATEGORY_MEASURED})
    click.echo(f"{count} attribute terms are stored from a picture; written to {stem.name}.json")
    if page:
        page.write_text(text, encoding="utf-8")
