"""The products that can be drawn (`wardrobe.toml`), and rules that keep choices sensible."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

_FILE = tomllib.loads((Path(__file__).parent / "wardrobe.toml").read_text(encoding="utf-8"))
COLOURS: Mapping[str, str] = _FILE["colours"]
PATTERNS: Mapping[str, str] = _FILE["patterns"]


@dataclass(frozen=True)
class Kind:
    """One category: who wears it, what varies, and how it is sold.

    `genders`, `choices` (by attribute group), and the entries of `colours` and `patterns` are
    weighted words; `noun` is the seller's word, `wide` the loose one; `shelf` is the feed's
    category path with {gender}; `price` a range; `share` how often the kind is drawn.
    """

    genders: str
    colours: str
    patterns: str
    noun: str
    wide: str
    shelf: str
    price: tuple[int, int]
    share: int = 1
    choices: Mapping[str, str] = field(default_factory=dict)


KINDS: Mapping[str, Kind] = {name: Kind(**kind) for name, kind in _FILE["kinds"].items()}
FOOTWEAR = frozenset(name for name, kind in KINDS.items() if "Footwear" in kind.shelf)


def pick(words: str, rng: np.random.Generator) -> str:
    """Pick one of the weighted words."""
    bag: list[str] = []
    for part in words.split():
        word, _, weight = part.partition("*")
        bag += [word] * int(weight or 1)
    return bag[int(rng.integers(len(bag)))]


def variety(words: str, count: int, rng: np.random.Generator) -> list[str]:
    """Pick up to `count` different words in a weighted random order."""
    out: list[str] = []
    while len(out) < min(count, len(words.split())):
        word = pick(words, rng)
        if word not in out:
            out.append(word)
    return out


def draw_terms(category: str, gender: str | None, rng: np.random.Generator) -> dict[str, str]:
    """Choose all terms of a style but its colour: value by group, consistent."""
    kind = KINDS[category]
    terms = {"gender": gender or pick(kind.genders, rng)}
    terms["pattern"] = pick(PATTERNS[kind.patterns], rng)
    for group, words in kind.choices.items():
        terms[group] = pick(words, rng)
    return settle(category, terms)


def settle(category: str, terms: dict[str, str]) -> dict[str, str]:
    """Change terms that cannot be worn or drawn together."""

    def only(*patterns: str) -> None:
        if terms["pattern"] not in patterns:
            terms["pattern"] = "solid"

    if terms.get("collar") == "off-shoulder":
        terms["sleeve"] = "sleeveless"
    if terms.get("collar") == "polo":
        terms["closure"] = "button"
        only("striped")
    if terms.get("closure") == "zip" and terms["pattern"] == "graphic":
        only("striped")
    if category == "sweater" and terms.get("closure") == "button":
        terms["collar"] = "v-neck"
    if category == "kurta" and terms["gender"] == "men":
        only("striped", "printed")
        terms["sleeve"], terms["silhouette"] = "long", "straight"
    if terms.get("material") == "denim" and terms["pattern"] != "solid":
        terms["material"] = "cotton"
    if category == "jacket" and terms.get("collar") == "hooded":
        terms["material"], terms["closure"] = "synthetic", "zip"
    if category == "flats" and terms["toe"] == "open":
        terms["closure"] = "slip-on"
    return terms


def palette(category: str, terms: Mapping[str, str]) -> str:
    """List the colours that a style may have, as weighted words."""
    if terms.get("material") in ("denim", "metal"):
        return COLOURS["denim" if terms["material"] == "denim" else "steel"]
    if category == "watch":
        return COLOURS["strap"]
    if terms["pattern"] == "camouflage":
        return COLOURS["camouflage"]
    words = COLOURS[KINDS[category].colours].split()
    if terms["pattern"] not in ("floral", "printed"):
        words = [word for word in words if word != "multi"]
    return " ".join(words)
