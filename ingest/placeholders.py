"""Find pictures that show no product, and keep the products that have them out of searches.

A placeholder, such as "no image available", stands under many unlike products. Which picture does
is counted by the engine, so it does not matter which process wrote which product.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from houndstooth.ingest.left_out import given_back, without_pictures
from houndstooth.mappings.document import NO_ITEM_SEEN, PICTURES, UNDER_MANY, VisualDocument
from houndstooth.mappings.engine import CandidateQuery, Engine, TermFilter
from houndstooth.mappings.product import Fact
from houndstooth.mappings.writes import IndexDocument

MOST_PICTURES = 500
"""Pictures that are looked at, those under the most products."""

MOST_MARKED = 10_000
"""Pictures of products that have a placeholder, among which those are found that were taken off."""

COMPARED = (50, 500, 1000)
"""Products of a picture that are compared with each other, until enough are found unlike."""

MAX_SHARED_WORDS = 0.5
"""Titles are alike from this share of the words of the shorter one on."""

AT_ONCE = 500
"""Products that are written at once."""

PART = 10_000
"""Products that are changed until it is asked again what is left."""

_WORDS = re.compile(r"\w+")

Facts = Mapping[str, Fact]
TitleOf = Callable[[Facts], str]


@dataclass(frozen=True)
class Placeholder:
    """A picture that stands under many unlike products.

    Attributes:
        picture: Hash of its file.
        products: Number of products that have it.
        examples: The first ids.
    """

    picture: str
    products: int
    examples: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON, for ``from_json``."""
        return asdict(self) | {"examples": list(self.examples)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Placeholder:
        """Read the JSON of ``to_json``."""
        return cls(data["picture"], data["products"], tuple(data["examples"]))

    @property
    def text(self) -> str:
        """Describe it in a line, for people."""
        head = f"{'one picture, unlike products':<28}{self.products:>10,}"
        return f"{head}   e.g. {', '.join(self.examples)}"


def title_fact(facts: Facts) -> str:
    """Return the title of a product that a feed has written."""
    return str(facts.get("title") or "")


def set_placeholders_aside(
    engine: Engine,
    model: str,
    at_least: int,
    group_field: str,
    title_of: TitleOf = title_fact,
) -> list[Placeholder]:
    """Do all that ``set_some_aside`` does in parts."""
    while (found := set_some_aside(engine, model, at_least, group_field, title_of)) is None:
        pass
    return found


def set_some_aside(
    engine: Engine,
    model: str,
    at_least: int,
    group_field: str,
    title_of: TitleOf = title_fact,
) -> list[Placeholder] | None:
    """Find the placeholders of a catalogue, and take them off some of the products that have them.

    A picture that was taken off earlier and is no placeholder any more is given back: the next feed
    recognises its products again. Doing it again, or in several processes at once, is harmless.

    Args:
        engine: The engine; it is refreshed.
        model: Name of the networks.
        at_least: Number of unlike products that a placeholder has; 0 looks for none.
        group_field: Shop field that is equal for all variants of a product.
        title_of: Function that returns the title in a product's facts.

    Returns:
        All placeholders, the most frequent first, those that were found before among them: one
        stays a placeholder while half as many unlike products have it, at least two. None if more
        products may be left.
    """
    engine.refresh()
    marked = (one for one in _count(engine, _having(model, UNDER_MANY)) if one[:1] == UNDER_MANY)
    before = {one[1:] for one in marked} - {""}
    counts = Counter[str]()
    for picture, count in _count(engine, CandidateQuery(model)).items() if at_least else ():
        counts[picture.lstrip(NO_ITEM_SEEN + UNDER_MANY)] += count
    found = []
    for picture in {one for one in counts if one and counts[one] >= at_least} | before:
        having = _having(model, picture, NO_ITEM_SEEN + picture, UNDER_MANY + picture)
        enough = max(2, (at_least + 1) // 2) if picture in before else at_least
        if at_least and (examples := _unlike(engine, having, enough, group_field, title_of)):
            found.append(Placeholder(picture, engine.count(having), examples))
    found.sort(key=lambda one: (-one.products, one.picture))
    none = {one.picture for one in found}
    take_off = partial(without_pictures, none=none, mark=UNDER_MANY)
    gone = [UNDER_MANY + one for one in sorted(before - none)] if at_least else [UNDER_MANY]
    left, written = PART, 0
    for pictures, change in ((sorted(none), take_off), (gone, given_back)):
        for picture in pictures:
            ids = engine.match(_having(model, picture), left) if left else []
            written += sum(_change(engine, some, change) for some in _in_parts(ids))
            left -= len(ids)
    if written:
        engine.refresh()
    return found if left or not written else None


def _having(model: str, *pictures: str) -> CandidateQuery:
    """Return the query for products that have one of some pictures."""
    return CandidateQuery(model, filters=tuple(TermFilter(PICTURES, one) for one in pictures))


def _count(engine: Engine, query: CandidateQuery) -> dict[str, int]:
    """Count the products of each picture. Marked ones are before others of as many products."""
    size = MOST_MARKED if query.filters else MOST_PICTURES
    return dict(engine.facets(query, (PICTURES,), size)[PICTURES])


def _unlike(
    engine: Engine, having: CandidateQuery, at_least: int, group_field: str, title_of: TitleOf
) -> tuple[str, ...]:
    """Return the first ids of a picture's products; none if fewer than ``at_least`` are unlike.

    As many are compared as it takes: the first ones may be sizes of a few products.
    """
    ids: list[str] = []
    facts: list[Facts] = []
    for limit in COMPARED:
        some = sorted({*engine.match(having, max(limit, at_least))} - {*ids})
        ids += some
        facts += [one.facts for one in engine.show(some)]
        if count_unlike(facts, group_field, title_of) >= at_least:
            return tuple(ids[:3])
        if len(ids) < limit:
            break
    return ()


def count_unlike(products: Sequence[Facts], group_field: str, title_of: TitleOf) -> int:
    """Count products no two of which are alike.

    Alike are those of one group, and those whose titles share half of their words, but for numbers
    and single letters, such as sizes. Nothing is known of a product that has neither a group nor
    such words: it is passed over.
    """
    unlike: list[tuple[Fact, frozenset[str]]] = []
    for facts in products:
        group, words = facts.get(group_field) or None, _words(title_of(facts))
        if (group or words) and not any(
            (group is not None and group == other) or _alike(words, others)
            for other, others in unlike
        ):
            unlike.append((group, words))
    return len(unlike)


def _change(
    engine: Engine, product_ids: Sequence[str], change: Callable[[VisualDocument], VisualDocument]
) -> int:
    """Change some products, unless they are written meanwhile; return how many were."""
    states = engine.stored(product_ids)
    documents = []
    for product in engine.fetch(product_ids):
        visual, state = product.visual, states.get(product.product_id)
        if visual is None or state is None:
            continue
        changed = change(visual)
        if changed is not visual:
            documents.append(
                IndexDocument(
                    product.product_id, {}, changed, insert=False, as_of=state.as_of, stored=state
                )
            )
    outcomes = engine.write(documents) if documents else []
    return sum(outcome.error is None for outcome in outcomes)


def _in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _words(title: str) -> frozenset[str]:
    words = _WORDS.findall(title.casefold())
    return frozenset(word for word in words if len(word) > 1 and not word.isdecimal())


def _alike(words: frozenset[str], others: frozenset[str]) -> bool:
    shorter = min(len(words), len(others))
    return shorter > 0 and len(words & others) >= MAX_SHARED_WORDS * shorter
