"""Write the tables and plots of the scale benchmark from its raw figures.

``python -m tests.benchmarks.scale.report FOLDER`` writes them anew from ``scale-N.json`` files.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.scale.catalogue import FIXED_SIZES

Figures = Mapping[str, Any]
STAGES = ("candidates", "rerank", "fetch")
EXACT_RIVALS = ("painless", "k-NN hammingbit on binary", "k-NN exact knn_vector")

COLOURED = (
    *("ours, columns", "ours, engine", "build", "painless", "k-NN hammingbit", "k-NN exact"),
    *("k-NN Lucene", "FAISS"),
)
"""Beginnings of names in the order of their colours."""


def write_report(raw: Sequence[Figures], out: Path) -> None:
    """Write ``scale.md`` and the plots."""
    out.mkdir(parents=True, exist_ok=True)
    lines = [line for figures in raw for line in size_section(figures)]
    (out / "scale.md").write_text("\n".join(["# Scale", "", *lines]) + "\n", encoding="utf-8")
    plot_growth(raw, out / "scale-growth.png")
    plot_filters(raw[-1], out / "scale-filter.png")


def size_section(figures: Figures) -> Iterator[str]:
    """Yield the lines of one catalogue size."""
    machine = figures["machine"]
    yield f"## {figures['size']:,} products"
    yield ""
    yield (
        f"{machine['cores']} cores ({machine['cpu']}), {machine['memory_gb']} GB; heap of the "
        f"node {figures['heap']}, resident {figures['node_resident'] / 1e9:.1f} GB. "
        f"{figures['distinct_term_sets']:,} distinct sets of category and attributes."
    )
    yield ""
    yield "| index | loaded, s | merged, s | on disk, MB | bytes a product |"
    yield "|---|---|---|---|---|"
    for load in figures["loads"]:
        yield (
            f"| {load['index']} | {load['seconds']:.0f} | {load['merge_seconds']:.0f} "
            f"| {load['store_bytes'] / 1e6:,.0f} | {load['store_bytes'] / load['products']:.0f} |"
        )
    yield ""
    if "columns" in figures:
        columns = figures["columns"]
        yield (
            f"Columns built from the index in {columns['build_seconds']:.1f} s, "
            f"{columns['bytes'] / 1e6:,.0f} MB ({columns['bytes'] / figures['size']:.0f} bytes a "
            "product)."
        )
        yield ""
    yield "| service | ready after, s | resident, MB | of that mapped files, MB |"
    yield "|---|---|---|---|"
    for name, resident in figures["resident"].items():
        yield (
            f"| {name} | {figures['ready_seconds'][name]:.1f} | {resident['VmRSS'] / 1e6:,.0f} "
            f"| {resident['RssFile'] / 1e6:,.0f} |"
        )
    yield ""
    for records in (figures["single"], figures["several"]):
        yield from _times(records, figures["rates"])


def _times(
    records: Sequence[Mapping[str, Any]], rates: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Yield a table for each filter and number of clients."""
    cells: dict[tuple[str, str, int], dict[str, list[Mapping[str, Any]]]] = {}
    for one in records:
        key = (one["category"], one["variant"], one["clients"])
        cells.setdefault(key, defaultdict(list))[one["way"]].append(one)
    for (category, variant, clients), by_way in cells.items():
        passing = [one["passing"] for one in next(iter(by_way.values()))]
        per_second = {
            rate["way"]: rate["queries"] / rate["seconds"]
            for rate in rates
            if (rate["category"], rate["variant"], rate["clients"]) == (category, variant, clients)
        }
        fastest = min((_p50(by_way[n]) for n in EXACT_RIVALS if n in by_way), default=float("nan"))
        earlier = next((_p50(by_way[n]) for n in by_way if n.startswith("build ")), 0.0)
        yield (
            f"**{category}, {variant}**, {clients} client{'s' if clients > 1 else ''}: "
            f"{int(np.median(passing)):,} products pass (median; {min(passing):,} to "
            f"{max(passing):,})"
        )
        yield ""
        yield (
            "| way | p50, ms | p95 | p99 | candidates + rerank + fetch "
            "| to the fastest exact rival | to the earlier build | queries/s | recall@24 |"
        )
        yield "|---|---|---|---|---|---|---|---|---|"
        for way in sorted(by_way, key=_place):
            found = by_way[way]
            times = [one["milliseconds"] for one in found]
            p50, p95, p99 = np.percentile(times, [50, 95, 99])
            stages = [_stage(found, stage) for stage in STAGES if stage in found[0]["stages"]]
            recall = np.mean([one["recall"] for one in found])
            to_earlier = f"{p50 / earlier:.2f}" if earlier else ""
            rate = f"{per_second[way]:.1f}" if way in per_second else ""
            yield (
                f"| {way} | {p50:.1f} | {p95:.1f} | {p99:.1f} | {' + '.join(stages)} "
                f"| {p50 / fastest:.2f} | {to_earlier} | {rate} | {recall:.3f} |"
            )
        yield ""


def plot_growth(raw: Sequence[Figures], picture: Path) -> None:
    """Plot the median time against the number of products, for each fixed filter."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = [c for c in FIXED_SIZES if any(_medians(figures, c) for figures in raw)]
    if not shown:
        return
    figure, axes = plt.subplots(
        1, len(shown), figsize=(4.6 * len(shown), 4.8), layout="constrained", squeeze=False
    )
    for axis, category in zip(axes[0], shown, strict=True):
        points: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for figures in raw:
            for way, median in _medians(figures, category).items():
                points[way].append((figures["size"], median))
        for way, pairs in sorted(points.items(), key=lambda item: _place(item[0])):
            axis.plot(*zip(*pairs, strict=True), marker="o", label=way, color=_colour(way))
        axis.set(xscale="log", yscale="log", title=f"{FIXED_SIZES[category]:,} pass the filter")
        axis.set(xlabel="products in the catalogue", ylabel="median, ms")
        sizes = [figures["size"] for figures in raw if _medians(figures, category)]
        axis.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=8)
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(picture, dpi=90)


def plot_filters(figures: Figures, picture: Path) -> None:
    """Plot the median time against the number of products that pass."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    points: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for category, passing in sorted(FIXED_SIZES.items(), key=lambda item: item[1]):
        for way, median in _medians(figures, category).items():
            points[way].append((passing, median))
    figure, axis = plt.subplots(figsize=(7, 5.6), layout="constrained")
    for way, pairs in sorted(points.items(), key=lambda item: _place(item[0])):
        axis.plot(*zip(*pairs, strict=True), marker="o", label=way, color=_colour(way))
    axis.set(xscale="log", yscale="log", xlabel="products that pass the filter")
    axis.set(ylabel="median, ms", title=f"{figures['size']:,} products, one client")
    axis.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    figure.savefig(picture, dpi=90)


def _medians(figures: Figures, category: str) -> dict[str, float]:
    """Return the median of each way with one client where the whole category passes."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in figures["single"]:
        if one["category"] == category and one["variant"] == "whole":
            found[one["way"]].append(one)
    return {way: _p50(records) for way, records in found.items()}


def _colour(way: str) -> str:
    """Return the colour of a way, the same in every plot."""
    place = next((n for n, start in enumerate(COLOURED) if way.startswith(start)), 9)
    return f"C{place}"


def _place(way: str) -> tuple[int, str]:
    """Sort ours first, then the earlier build, then rivals."""
    return (0 if way.startswith("ours") else 1 if way.startswith("build") else 2), way


def _p50(records: Sequence[Mapping[str, Any]]) -> float:
    return float(np.median([one["milliseconds"] for one in records]))


def _stage(records: Sequence[Mapping[str, Any]], stage: str) -> str:
    return f"{np.median([one['stages'][stage] for one in records]):.1f}"


def main() -> None:
    """Write the report from raw figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale.report")
    parser.add_argument("folder", type=Path, help="with scale-N.json files")
    folder = parser.parse_args().folder
    raw = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("scale-*.json")]
    write_report(sorted(raw, key=lambda figures: figures["size"]), folder)


if __name__ == "__main__":
    main()
