"""Find which element of an XML feed is a product."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

KNOWN = ("item", "entry", "product", "offer", "produkt", "produit", "producto", "article")
"""Names of products that need no id and image to be known, in lower case."""

_TAG = re.compile(
    r"<(?:!\[CDATA\[.*?(?:\]\]>|\Z)|!--.*?(?:-->|\Z)|\?.*?(?:\?>|\Z)"
    r"|(?P<end>/?)(?:[\w.-]+:)?(?P<name>[\w.-]+)(?P<rest>[^<>]*?)(?P<empty>/?)>)",
    re.S,
)
_ATTRIBUTE = re.compile(r"([\w.-]+)\s*=")
_ID = re.compile(r"(.*[_-])?id|sku|code|reference|.*(nummer|number)", re.I)
_IMAGE = re.compile(r".*(image|img|photo|picture|bild|foto|zdj).*", re.I)


@dataclass
class _Element:
    depth: int
    count: int = 0
    inner: set[str] = field(default_factory=set)

    def is_product(self) -> bool:
        return any(map(_ID.fullmatch, self.inner)) and any(map(_IMAGE.fullmatch, self.inner))


def find_product_name(head: str) -> str | None:
    """Find the local name of the element that is a product, or None.

    It is the outermost that is repeated and has an id and an image, as elements or attributes;
    else the outermost of those with a known name.

    Args:
        head: The beginning of the feed.
    """
    elements: dict[str, _Element] = {}
    path: list[str] = []
    for match in _TAG.finditer(head):
        name = match["name"]
        if name is None:
            continue
        if match["end"]:
            while name in path and path.pop() != name:
                pass
            continue
        element = elements.setdefault(name, _Element(len(path)))
        element.count += 1
        element.inner.update(_ATTRIBUTE.findall(match["rest"]))
        if path:
            elements[path[-1]].inner.add(name)
        if not match["empty"]:
            path.append(name)
    known = {name: one for name, one in elements.items() if name.lower() in KNOWN}
    full = {name: one for name, one in elements.items() if one.is_product()}
    repeated = {name: one for name, one in full.items() if one.count > 1 or name in known}
    for found in (repeated, full, known):
        if found:
            return min(found, key=lambda name: found[name].depth)
    return None
