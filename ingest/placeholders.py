"""Find pictures that show no product, and keep the products that have them out of searches.

A placeholder, such as "no image available", stands under many unlike products. Which picture does
is counted by the engine, so it does not matter which process wrote which product.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from houndstooth.mappings.appearance_terms import appearance_terms
from houndstooth.mappings.document import NO_PICTURE, PICTURES, VisualDocument
from houndstooth.mappings.engine import CandidateQuery, Engine, TermFilter
from houndstooth.mappings.features import UNKNOWN_CATEGORY
from houndstooth.mappings.product import Fact
from houndstooth.mappings.writes import IndexDocument

MOST_PICTURES = 500
"""Pictures that are looked at, those under the most products."""

COMPARED = 50
"""Products of a picture that are compared with each other."""

MAX_SHARED_WORDS = 0.5
"""Titles are alike from this share of the words of the shorter one on."""

AT_ONCE = 500
"""Products that are written at once."""

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
    """Find the placeholders of a catalogue, and take them off the products that have them.

    Doing it again, or in several processes at once, is harmless.

    Args:
        engine: The engine; it is refreshed.
        model: Name of the networks.
        at_least: Number of unlike products that a placeholder has; 0 looks for none.
        group_field: Shop field that is equal for all variants of a product.
        title_of: Function that returns the title in a product's facts.

    Returns:
        All placeholders, the most frequent first, those that were found before among them: one
        stays a placeholder while two unlike products have it.
    """
    if not at_least:
        return []
    engine.refresh()
    found = []
    for picture, unlike in _suspects(engine, model, at_least).items():
        having = CandidateQuery(model, filters=(TermFilter(PICTURES, picture),))
        ids = sorted(engine.match(having, max(COMPARED, at_least)))
        facts = [one.facts for one in engine.show(ids)]
        if count_unlike(facts, group_field, title_of) >= unlike:
            found.append(Placeholder(picture, engine.count(having), tuple(ids[:3])))
    found.sort(key=lambda one: (-one.products, one.picture))
    none = {one.picture for one in found}
    written = False
    for one in found:
        having = CandidateQuery(
            model, filters=(TermFilter(PICTURES, one.picture),), excluded=(NO_PICTURE,)
        )
        for some in _in_parts(engine.match(having, one.products + AT_ONCE)):
            written |= _take_off(engine, some, none)
    if written:
        engine.refresh()
    return found


def _suspects(engine: Engine, model: str, at_least: int) -> dict[str, int]:
    """Count by picture the unlike products from which on it is a placeholder.

    One that was found before stays one while two unlike products have it. Products that have
    nothing else bear its name: their NO_PICTURE says that their pictures are none.
    """
    every, aside = CandidateQuery(model), CandidateQuery(model, required=(NO_PICTURE,))
    suspects = {}
    for query, unlike in ((every, at_least), (aside, min(2, at_least))):
        for picture, count in engine.facets(query, (PICTURES,), MOST_PICTURES)[PICTURES]:
            if count >= unlike:
                suspects[picture] = unlike
    return suspects


def count_unlike(products: Sequence[Facts], group_field: str, title_of: TitleOf) -> int:
    """Count products no two of which are alike.

    Alike are those of one group, and those whose titles share half of their words, but for numbers
    and single letters, such as sizes.
    """
    unlike: list[tuple[Fact, frozenset[str]]] = []
    for facts in products:
        group, words = facts.get(group_field), _words(title_of(facts))
        if not any(
            (group not in (None, "") and group == other) or _alike(words, others)
            for other, others in unlike
        ):
            unlike.append((group, words))
    return len(unlike)


def without_pictures(visual: VisualDocument, none: Collection[str]) -> VisualDocument:
    """Take pictures off a product; it keeps what the seller's text states.

    Without any picture left it has NO_PICTURE, and its features are those of its first one: they
    are there for form, as no search compares them.

    Args:
        visual: The product's object.
        none: Hashes of the pictures to take off; the same object is returned if it has none.
    """
    codes = (visual.binary_code, *visual.further_codes)
    colours = (visual.colour_histogram, *visual.further_colours)
    views = list(zip(visual.views, codes, colours, visual.pictures, strict=False))
    kept = [each for each in views if each[3] not in none]
    if len(kept) == len(views) or (not kept and NO_PICTURE in visual.attributes):
        return visual
    pictures = [picture for *_, picture in kept]
    gone = [picture for picture in visual.pictures if picture not in pictures]
    if not kept:
        visual = replace(_as_stated(visual), appearance=())
        visual = replace(visual, attributes=tuple(sorted((*visual.attributes, NO_PICTURE))))
        kept, pictures, gone = views[:1], [visual.pictures[0]], list(visual.pictures[1:])
    else:
        if kept[0] is not views[0]:
            visual = _as_stated(visual)
        terms = (term for _, *one, _ in kept for term in appearance_terms(visual.category, *one))
        visual = replace(visual, appearance=tuple(dict.fromkeys(terms)))
    (first, code, colour, _), *further = kept
    return replace(
        visual,
        binary_code=code,
        colour_histogram=colour,
        box=first.box,
        place=first.place,
        further=tuple(view for view, *_ in further),
        further_codes=tuple(code for _, code, *_ in further),
        further_colours=tuple(colour for *_, colour, _ in further),
        pictures=(*pictures, *gone),
    )


def _as_stated(visual: VisualDocument) -> VisualDocument:
    """Leave what the seller's text states: the picture it was read from shows something else."""
    stated = set(visual.from_text)
    known = visual.category in stated
    return replace(
        visual,
        category=visual.category if known else UNKNOWN_CATEGORY,
        great_category=visual.great_category if known else UNKNOWN_CATEGORY,
        attributes=tuple(term for term in visual.attributes if term in stated),
    )


def _take_off(engine: Engine, product_ids: Sequence[str], none: Collection[str]) -> bool:
    """Take pictures off some products, unless they are written meanwhile; tell if any had them."""
    states = engine.stored(product_ids)
    documents = []
    for product in engine.fetch(product_ids):
        visual, state = product.visual, states.get(product.product_id)
        if visual is None or state is None:
            continue
        changed = without_pictures(visual, none)
        if changed is not visual:
            documents.append(
                IndexDocument(
                    product.product_id, {}, changed, insert=False, as_of=state.as_of, stored=state
                )
            )
    if documents:
        engine.write(documents)
    return bool(documents)


def _in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _words(title: str) -> frozenset[str]:
    words = _WORDS.findall(title.casefold())
    return frozenset(word for word in words if len(word) > 1 and not word.isdecimal())


def _alike(words: frozenset[str], others: frozenset[str]) -> bool:
    shorter = min(len(words), len(others))
    return not shorter or len(words & others) >= MAX_SHARED_WORDS * shorter
