"""Reader of Fashion200k (Han et al., ICCV 2017) with the test queries of TIRG.

``labels/CATEGORY_test_detect_all.txt`` has for each picture its path, the score of its detection
and its caption, between tabs. ``test_queries.txt`` (Vo et al., CVPR 2019) has pairs of a source
and a target picture whose captions differ by a word: "replace the source's word by the target's".
Right is every picture with the target's caption.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from houndstooth.mappings.errors import InvalidFeed
from houndstooth.models.training.datasets.reading import text_lines
from houndstooth.models.training.retrieval.benchmark import (
    Album,
    Benchmark,
    Query,
    Task,
    find_path,
    unknown_layout,
)
from houndstooth.models.training.retrieval.metrics import recall_at

DEPTHS = (1, 10, 50)

WORD_PICTURES = 20
"""Training pictures whose mean embedding stands for a word, spread evenly over all that have it."""


def read_fashion200k(root: Path) -> Benchmark:
    """Read two tasks with the same queries: the picture alone, and with its word replaced.

    An image encoder knows no words. In the second task a word is the mean embedding of training
    pictures whose captions have it: that of the source's word is taken off the query's embedding,
    that of the target's is added. A word without training pictures changes nothing.

    Raises:
        InvalidFeed: a list is missing or malformed, or a query names a picture without a label.
    """
    labels = root / "labels"
    test, train = _captions(root, labels, "test"), _captions(root, labels, "train")
    path = find_path(root, ("test_queries.txt",), "test_queries.txt, TIRG's")
    if not any((root / name).is_file() for name in test):
        raise unknown_layout(f"pictures such as {next(iter(test))}", root)
    album = Album()
    gallery = [album.add(name, root / name) for name in test]
    pictured = _by_word(train)
    alone, changed = [], []
    for source, target in _pairs(path, test):
        place, right = album.add(source, root / source), frozenset({test[target]})
        product = PurePosixPath(source).parent.as_posix()
        alone.append(Query(place, right, product))
        less, more = (
            tuple(album.add(name, root / name) for name in pictured.get(word, ()))
            for word in _different_words(test[source], test[target])
        )
        both = less and more
        changed.append(Query(place, right, product, less if both else (), more if both else ()))
    captions = list(test.values())
    tasks = [
        Task("picture alone", alone, gallery, captions),
        Task("word replaced", changed, gallery, captions),
    ]
    metrics = {f"recall@{k}": recall_at(k) for k in DEPTHS}
    return Benchmark("fashion200k", album.pictures, tasks, metrics, skips_query=True)


def _captions(root: Path, labels: Path, split: str) -> dict[str, str]:
    """Read the caption of each picture of a split, by its path."""
    found = {}
    lists = sorted(labels.glob(f"*_{split}_detect_all.txt"))
    if not lists:
        raise unknown_layout(
            f"labels/CATEGORY_{split}_detect_all.txt", labels if labels.is_dir() else root
        )
    for path in lists:
        for number, text in text_lines(path):
            parts = text.split("\t")
            if len(parts) != 3:
                raise InvalidFeed(
                    f"expected path, score and caption between tabs in {path}, line {number}; "
                    f"got {text[:80]!r}"
                )
            found[parts[0]] = parts[2].strip()
    return found


def _pairs(path: Path, captions: dict[str, str]) -> list[list[str]]:
    pairs = []
    for number, text in text_lines(path):
        pair = text.split()
        if len(pair) != 2 or not all(name in captions for name in pair):
            raise InvalidFeed(
                f"expected two test pictures in {path}, line {number}; got {text[:80]!r}"
            )
        pairs.append(pair)
    return pairs


def _different_words(source: str, target: str) -> tuple[str, str]:
    """Find the word that is replaced, and by which, as TIRG does; empty where there is none."""
    ours, theirs = source.split(), target.split()
    less = next((word for word in ours if word not in theirs), "")
    return less, next((word for word in theirs if word not in ours), "")


def _by_word(captions: dict[str, str]) -> dict[str, Sequence[str]]:
    """Choose the pictures that stand for each word."""
    found = defaultdict[str, list[str]](list)
    for name, caption in captions.items():
        for word in dict.fromkeys(caption.split()):
            found[word].append(name)
    return {word: names[:: -(-len(names) // WORD_PICTURES)] for word, names in found.items()}
