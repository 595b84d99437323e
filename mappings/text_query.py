"""Define what is understood of the words that a shopper types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from houndstooth.mappings.prices import PriceRange

CATEGORY, PRICE, REST = "category", "price", "rest"
"""Names of the parts of a text beside its attributes, which have the names of their terms."""


@dataclass(frozen=True)
class TextQuery:
    """Holds what was understood of a text.

    Attributes:
        text: The text.
        categories: Leaf categories that the product may have; empty = any.
        names_several_kinds: Whether these are of several nouns ("shoes or bags").
        required: Attribute terms by group; of several in a group ("red or blue") any.
        excluded: Attribute terms that the product must not have, and leaf categories that it must
            not be of.
        price: The range of prices; None = any price.
        rest: The words that nothing is known of, in the shopper's spelling, and those that
            may be wanted or not ("not black, brown").
        ignored: Such words after a negation: what they name cannot be left out.
        words: All words but those of prices, negations and fillers.
        without: The text without each part of it, by the part's term or name.
    """

    text: str
    categories: tuple[str, ...] = ()
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    excluded: tuple[str, ...] = ()
    price: PriceRange | None = None
    rest: str = ""
    ignored: str = ""
    words: str = ""
    without: Mapping[str, str] = field(default_factory=dict)
    names_several_kinds: bool = False

    @property
    def names_product(self) -> bool:
        """Tell whether it says what the product is or looks like."""
        return bool(self.categories or self.required)
