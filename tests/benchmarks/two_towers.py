"""How well a made two-tower encoder finds drawn products by words, and how long that takes.

``python -m tests.benchmarks.two_towers [--each N] [--steps N] [--folder DIR] [--seed N]``

An encoder is trained on drawn products and their titles (``tests/two_towers``), ``--each`` of every
kind in every colour, and asked for 12 others of each that it has not seen. Asked are the words of
their titles without the brand, where these name the colour, and the kind by its own noun. P@10 is
the share of the first ten other hits that are of that kind and colour; standard errors are those of
the questions.

- *Tower alone*: by floats; by codes with the asymmetric distance, with and without the centre; and
  by the bits of both.
- *A search* in a SQLite file of products with the seller's category, whose titles are brands:
  colours are those that the recogniser sees, if it is sure. Without the tower, and with it; also in
  a language that the encoder has and Houndstooth's reader does not, so that only the tower finds.
- *Time* of a search in words, in this process, without the tower and with it: medians.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median, stdev
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from PIL import Image

from houndstooth.ingest.pipeline import ingest_batch
from houndstooth.mappings.features import WeightedCode
from houndstooth.mappings.product import Product
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.embedding.binary_code import weighted_code
from houndstooth.models.encoder.onnx_encoder import OnnxEncoder
from houndstooth.models.loading import load_extractor
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from houndstooth.plugin.text_search import TextSearch
from tests.two_towers.drawn import ASKED, COLOURS, Drawn, draw_products, foreign, pictures_of
from tests.two_towers.measured import Search, make_encoder, precision_at_10, search_alone

HELD_OUT = 12
AT_ONCE = 32
TIMED = 100


def main() -> None:
    """Train, ask, and print the figures."""
    options = _options()
    with TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        seen = list(draw_products(options.each, options.seed))
        others = list(draw_products(HELD_OUT, options.seed + 1))
        started = perf_counter()
        pictures, shown = pictures_of(seen), pictures_of(others)
        drawn = perf_counter()
        encoder = make_encoder(folder, seen, pictures, options.steps)
        print(
            f"{len(seen)} products drawn and {len(others)} to ask for: {drawn - started:.0f} s; "
            f"trained and written: {perf_counter() - drawn:.0f} s; chance "
            f"{1 / len(ASKED) / len(COLOURS):.4f}"
        )
        _alone(encoder, others, shown)
        _searches(folder / "drawn-1", folder / "catalogue.db", others, shown)


def _alone(encoder: OnnxEncoder, products: Sequence[Drawn], shown: Sequence[Image.Image]) -> None:
    assert encoder.text
    embeddings, tower = encoder.embed(shown), encoder.text
    ids = [one.product_id for one in products]

    def by_floats(words: str) -> list[str]:
        likeness = embeddings @ tower.encode([words])[0]
        return [ids[place] for place in np.argsort(-likeness)[:11]]

    def uncentred(words: str) -> WeightedCode:
        return weighted_code(tower.encode([words])[0], np.zeros_like(tower.card.centre))

    def by_bits(words: str) -> WeightedCode:
        code = tower.code(words)
        return replace(code, weights=np.full(len(code.weights), 1 / len(code.weights)))

    for name, search in (
        ("floats", by_floats),
        ("asymmetric", search_alone(encoder, products, shown)),
        ("asymmetric, not centred", search_alone(encoder, products, shown, uncentred)),
        ("bits of both", search_alone(encoder, products, shown, by_bits)),
    ):
        _print(f"tower alone, {name}", precision_at_10(products, search))


def _searches(
    stem: Path, file: Path, products: Sequence[Drawn], shown: Sequence[Image.Image]
) -> None:
    taxonomy = Taxonomy.load()
    settings = Settings.from_env({"HOUNDSTOOTH_ENCODER": f"{stem}.json"})
    extractor = load_extractor(taxonomy, **settings.extractor_options)
    engine = open_engine(f"sqlite:///{file}")
    engine.prepare()
    by_id = dict(zip([one.product_id for one in products], shown, strict=True))

    def load(product_id: str) -> bytes:
        picture = io.BytesIO()
        by_id[product_id].save(picture, "PNG")
        return picture.getvalue()

    for start in range(0, len(products), AT_ONCE):
        some = products[start : start + AT_ONCE]
        brands = [one.title.removesuffix(one.words).strip() for one in some]
        rows = zip(some, brands, strict=True)
        ingest_batch(
            [
                Product(one.product_id, brand, [one.product_id], category_text=one.shelf)
                for one, brand in rows
            ],
            extractor=extractor,
            engine=engine,
            taxonomy=taxonomy,
            load_image=load,
        )
    search = VisualSearch(extractor, engine, taxonomy, settings)
    texts = TextSearch(search)

    def by_words(words: str) -> list[str]:
        request = SearchRequest(text=words, top=11)
        return [hit.product_id for hit in texts.search(request).hits]

    tower = extractor.texts
    for name, own in (("without the tower", None), ("with it", tower)):
        extractor.texts = own
        _print(f"search {name}", precision_at_10(products, by_words))
        print(f"  {_milliseconds(products, by_words):.1f} ms a search (median of {TIMED})")
        in_it = precision_at_10(products, lambda words: by_words(foreign(words)))
        _print(f"search {name}, in a language that the reader lacks", in_it)
    search.close()
    engine.close()


def _milliseconds(products: Sequence[Drawn], search: Search) -> float:
    times = []
    for one in products[:: -(-len(products) // TIMED)]:
        started = perf_counter()
        search(one.words)
        times.append(1000 * (perf_counter() - started))
    return median(times)


def _print(what: str, found: Sequence[float]) -> None:
    error = stdev(found) / len(found) ** 0.5
    print(f"{what}: P@10 {mean(found):.3f} (s.e. {error:.3f}), {len(found)} questions", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.two_towers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--each", type=int, default=20, help="a kind and colour to train on (20)")
    parser.add_argument("--steps", type=int, default=800, help="of training (800)")
    parser.add_argument("--folder", type=Path, help="where to leave encoder and catalogue")
    parser.add_argument("--seed", type=int, default=1, help="of drawing (1)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
