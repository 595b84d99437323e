"""How much longer a search by product takes where merchandising rules apply, as a ratio.

``python -m tests.benchmarks.rules_time --engine URL [--count N] [--pins N] [--rules FILE]``

Asks for what looks like some products of a catalogue, in this process: each with rules and without,
one right after the other, whichever first in turns, after some to warm up. Prints the ratio of the
medians and its standard error, by resampling the products, of the time by the clock and of the
processor's time in this process, which a busy machine hardly changes and which has no part of a
server's; then of which stages the former is. Without a file there are two rules, which boost by an
attribute and bury by a price; ``--pins`` pins some random products, which are shown where a query
is of their kind.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, median, stdev
from tempfile import TemporaryDirectory
from time import thread_time
from typing import Any

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.search import SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.models.loading import load_extractor
from houndstooth.plugin.clock import STAGES
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch

WARM_UP = 30
RESAMPLES = 500

Took = dict[str, float]
"""Milliseconds by stage, ``total``, and ``processor``."""


def rules_of(pins: Sequence[str]) -> dict[str, Any]:
    """Rules for any catalogue."""
    rules: list[dict[str, Any]] = [
        {"name": "boost", "action": "boost", "match": {"term": "gender:women"}},
        {"name": "bury", "action": "bury", "by": 0.2, "match": {"filter": "price=..20"}},
    ]
    if pins:
        rules.append({"name": "pins", "action": "pin", "match": {"ids": list(pins)}})
    return {"rules": rules}


def main() -> None:
    """Ask, and print the figures."""
    options = _options()
    taxonomy, settings = Taxonomy.load(), Settings.from_env()
    engine = open_engine(options.engine, settings.credentials)
    extractor = load_extractor(taxonomy, **settings.extractor_options)
    chance = random.Random(options.seed)
    ids = sorted(engine.match(CandidateQuery(extractor.model), 10**6))
    some = chance.sample(ids, WARM_UP + options.count)
    with TemporaryDirectory() as folder:
        rules = options.rules or Path(folder, "rules.json")
        if not options.rules:
            rules.write_text(json.dumps(rules_of(chance.sample(ids, options.pins))))
        settings = replace(settings, engine=options.engine, rules=rules, columns=None)
        search = VisualSearch(extractor, engine, taxonomy, settings)
        pairs = [_pair(search, one, n % 2 == 0) for n, one in enumerate(some)]
        search.close()
    engine.close()
    _print(pairs[WARM_UP:])


def _pair(search: VisualSearch, product_id: str, rules_first: bool) -> tuple[Took, Took]:
    """Ask with rules and without."""
    took = {}
    for rules in (rules_first, not rules_first):
        began = thread_time()
        answer = search.similar(product_id, SearchRequest(rules=rules))
        took[rules] = {**answer.took_ms, "processor": 1000 * (thread_time() - began)}
    return took[True], took[False]


def _ratio(pairs: Sequence[tuple[Took, Took]], stage: str) -> float:
    ruled, plain = zip(*pairs, strict=True)
    return median(one[stage] for one in ruled) / median(one[stage] for one in plain)


def _print(pairs: Sequence[tuple[Took, Took]]) -> None:
    chance = random.Random(1)
    print(f"{len(pairs)} products, each with rules and without: ratio of the medians")
    for stage, name in (("total", "clock"), ("processor", "processor")):
        ratios = [_ratio(chance.choices(pairs, k=len(pairs)), stage) for _ in range(RESAMPLES)]
        print(f"{name:<16}{_ratio(pairs, stage):.2f} (s.e. {stdev(ratios):.2f})")
    ruled, plain = zip(*pairs, strict=True)
    print(f"{'stage, mean ms':<16}{'with':>8}{'without':>9}")
    for stage in (*STAGES, "total"):
        of = [mean(one[stage] for one in each) for each in (ruled, plain)]
        print(f"{stage:<16}{of[0]:>8.2f}{of[1]:>9.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.rules_time",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--engine", required=True, metavar="URL", help="with a catalogue in it")
    parser.add_argument("--count", type=int, default=300, help="products asked for (300)")
    parser.add_argument("--rules", type=Path, help="a file of merchandising rules")
    parser.add_argument("--pins", type=int, default=0, help="products that are pinned (0)")
    parser.add_argument("--seed", type=int, default=1, help="of the samples (1)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
