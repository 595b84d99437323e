"""Read the seller's own category: a path of levels, several paths, or a public taxonomy's id.

Each level narrows the one above it. A joined level ("Shirts & Tops") is the union of its kinds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from houndstooth.mappings.language_words import ENGLISH, LANGUAGES, PUBLIC
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.vocabulary import Vocabulary, category_vocabulary
from houndstooth.mappings.words import decoded, phrase_key

_PATHS = re.compile(r"[\n\r;]+")
_STRONG = re.compile(r"[>»›→|]")
_DASH = re.compile(r"\s+[-–—]\s+")
_JOINING_WORDS = "|".join({word for words in LANGUAGES.values() for word in words.joining_words})
_JOINER = re.compile(rf"\s+(?:{_JOINING_WORDS})\s+|\s*[&+,/]\s*", re.IGNORECASE)
_GOOGLE_ID = re.compile(r"(\d{1,6})(?:\s*-\s*(.*))?", re.DOTALL)
_SHOPIFY_ID = re.compile(
    r"(?:gid://shopify/TaxonomyCategory/([a-z]{2}(?:-\d+)*)|([a-z]{2}(?:-\d+)+))\b.*", re.DOTALL
)
_PUBLIC_ROOTS = frozenset(
    phrase_key(path) for path in (*PUBLIC.google.values(), *PUBLIC.shopify.values())
    if ">" not in path
)  # fmt: skip

_JOINED = frozenset(
    phrase_key(name)
    for names in (
        *(kind.names for kind in PUBLIC.wider_kinds.values()),
        *(names for words in LANGUAGES.values() for names in words.categories.values()),
    )
    for name in names
    if _JOINER.search(name)
)
"""Keys of joined names that have a meaning of their own, such as ``Shirts & Tops``."""


def category_paths(category_text: str) -> list[str]:
    """List the paths of a category text, in order; ids become the paths that they stand for."""
    paths = (_path(" ".join(line.split())) for line in _PATHS.split(decoded(category_text)))
    return [path for path in paths if path]


def path_language(path: str, language: str) -> str:
    """Return the language of a path: a public taxonomy's is English in every feed."""
    return ENGLISH if phrase_key(_STRONG.split(path)[0]) in _PUBLIC_ROOTS else language


def path_leaves(taxonomy: Taxonomy, paths: Sequence[str], language: str) -> frozenset[str]:
    """Return the leaves, and kinds that the taxonomy lacks, that may lie in all of the paths.

    The first path that says anything decides, the others narrow it.
    """
    leaves: frozenset[str] = frozenset()
    for path in paths:
        known = category_vocabulary(taxonomy, path_language(path, language))
        others = _one_path(taxonomy, known, path)
        leaves = leaves & others or leaves or others
    return leaves


def plainer(first: frozenset[str], second: frozenset[str]) -> frozenset[str]:
    """Choose between two conflicting sets: that with fewer leaves, of equal ones the second."""
    return first if first and (len(first) < len(second) or not second) else second


def _path(line: str) -> str:
    """Return the path that an id stands for; any other line as it is.

    A number before a path may be the shop's own, so the path counts: "100 - Jeans".
    """
    if match := _SHOPIFY_ID.fullmatch(line):
        return _shopify_path(match[1] or match[2])
    if match := _GOOGLE_ID.fullmatch(line):
        return match[2] or PUBLIC.google.get(match[1], "")
    return line


def _shopify_path(category: str) -> str:
    """Join the names of an id and of those above it; names that are not known are left out."""
    numbers = category.split("-")
    above = ["-".join(numbers[:stop]) for stop in range(1, len(numbers) + 1)]
    return " > ".join(PUBLIC.shopify[step] for step in above if step in PUBLIC.shopify)


def _one_path(taxonomy: Taxonomy, known: Vocabulary, path: str) -> frozenset[str]:
    slashes = not _STRONG.search(path) and "/" in path
    leaves: frozenset[str] = frozenset()
    for level in _levels(path):
        kinds = _kinds(known, level)
        here = frozenset().union(*kinds)
        if slashes and here and (leaves < here or not leaves & here):
            leaves |= here
        else:
            each = (_narrowed(taxonomy, leaves, kind) for kind in kinds)
            leaves = frozenset().union(*each) or leaves
    for meaning in (m for clause in known.clauses(path) for m in clause if m.modifier):
        leaves = leaves & meaning.leaves or leaves
    return leaves


def _narrowed(taxonomy: Taxonomy, upper: frozenset[str], lower: frozenset[str]) -> frozenset[str]:
    """Return what a level leaves of the one above it; where they conflict, the lower decides.

    Only a wider lower level gives way to one leaf: "Shoe Accessories > Boot Liners". The
    taxonomy's broader terms hold none of the kinds that it lacks, so they rule none of them out.
    """
    if not upper or not lower:
        return upper or lower
    lacking = lower - taxonomy.categories.keys()
    if both := upper & lower:
        return both | lacking
    return upper if len(upper) == 1 < len(lower) else lower


def _levels(path: str) -> list[str]:
    """Split a path at the strongest separator that it has; "Caps / Hats" has two levels."""
    if _STRONG.search(path):
        return _STRONG.split(path)
    if "/" in path:
        return path.split("/")
    levels = _DASH.split(path)
    return levels if all(len(level.strip()) > 1 for level in levels) else [path]


def _kinds(known: Vocabulary, level: str) -> list[frozenset[str]]:
    """Return the leaves of each kind that a level names: "Coats & Jackets" names two."""
    key, names = phrase_key(level), _JOINER.split(level)
    # "Shoe Accessories" are no shoes, "Shoes & Accessories" may be.
    if (whole := known.meanings.get(key)) and (len(names) == 1 or key in _JOINED):
        return [whole.leaves] if whole.is_noun else []
    return [kind for name in names if (kind := known.leaves(known.clauses(name)))]
