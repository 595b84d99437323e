"""Say how the rows of an export belong together, and collect those of one product.

Layouts whose rows stand together are streamed. Where a parent may stand anywhere, the rows wait
in a temporary SQLite file, so that memory does not grow with the feed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from houndstooth.ingest.feeds import Row
from houndstooth.ingest.platforms.waiting_rows import WaitingRows


class Group(NamedTuple):
    """The rows of one product.

    Attributes:
        parent: The row that describes the product.
        variants: The rows of its variants; none if the product itself is sold. The first may be
            the parent.
        images: Cell values of rows with further images, in order.
        folded: Number of rows that are no product of their own.
        missing: What a variant calls its product, where that has no row; ``""`` of others.
    """

    parent: Row
    variants: Sequence[Row] = ()
    images: Sequence[Mapping[str, Any]] = ()
    folded: int = 0
    missing: str = ""


class RoleTexts(Protocol):
    """Reads the text of a role from cell values."""

    @property
    def roles(self) -> Mapping[str, tuple[str, ...]]:
        """Return the columns of each role."""
        ...

    def text(self, cells: Mapping[str, Any], role: str) -> str:
        """Return the first value of a role that is not empty, as text, else ``""``."""
        ...


class Layout(Protocol):
    """A way in which rows belong together."""

    @property
    def key(self) -> str:
        """Return the role whose text the rows of a product share; empty if there is none."""
        ...

    def groups(self, rows: Iterable[Row], reading: RoleTexts) -> Iterator[Group]:
        """Collect rows without errors into products."""
        ...


@dataclass(frozen=True)
class OneEach:
    """A layout in which each row is a product."""

    key: str = ""

    def groups(self, rows: Iterable[Row], reading: RoleTexts) -> Iterator[Group]:
        """Make each row a product."""
        return map(Group, rows)


@dataclass(frozen=True)
class InTurn:
    """A layout in which the rows of a product follow each other; the first describes it.

    Attributes:
        key: Role whose text the rows of a product share.
        variant: Roles one of which a variant's row has; other rows hold further images. Without
            such roles no row but the first is a variant.
        order: Column with the places of the images, if the rows may stand in another order.
        untitled: Whether a row with a title begins a product even if the key is the same.
    """

    key: str
    variant: tuple[str, ...] = ()
    order: str = ""
    untitled: bool = False

    def groups(self, rows: Iterable[Row], reading: RoleTexts) -> Iterator[Group]:
        """Collect the rows with the same key as the row before."""
        if not reading.roles[self.key]:  # the user took it away
            yield from map(Group, rows)
            return
        key, group = "", list[Row]()
        for row in rows:
            own = reading.text(row.cell_values, self.key)
            further = own in (key, "") if self.variant else own == key != ""
            if group and further and not (self.untitled and reading.text(row.cell_values, "title")):
                group.append(row)
                continue
            if group:
                yield self._group(group, reading)
            key, group = own, [row]
        if group:
            yield self._group(group, reading)

    def _group(self, rows: list[Row], reading: RoleTexts) -> Group:
        if len(rows) == 1 and not self.variant:
            return Group(rows[0])
        variants = [
            row for row in rows if any(reading.text(row.cell_values, role) for role in self.variant)
        ]
        images = [row.cell_values for row in (rows if self.variant else rows[1:])]
        if self.order:
            images.sort(key=self._place)
        return Group(rows[0], variants, images, len(rows) - max(1, len(variants)))

    def _place(self, cells: Mapping[str, Any]) -> int:
        text = next((str(v) for c, v in cells.items() if c.lower() == self.order.lower()), "")
        return int(text) if text.isascii() and text.isdigit() else 1 << 30


@dataclass(frozen=True)
class Typed:
    """A layout in which a column says what a row is, and rows follow the product they belong to.

    Attributes:
        kinds: ``product``, ``variant`` or ``image`` by the text of the role ``kind`` in lower
            case; rows of other kinds are no products.
    """

    kinds: Mapping[str, str]
    key: str = ""

    def groups(self, rows: Iterable[Row], reading: RoleTexts) -> Iterator[Group]:
        """Collect each product's row and the rows after it."""
        parent, variants, images, folded = None, list[Row](), list[Mapping[str, Any]](), 0
        for row in rows:
            kind = self.kinds.get(reading.text(row.cell_values, "kind").lower())
            if kind == "product" or parent is None:
                if parent is not None:
                    yield Group(parent, variants, images, folded)
                parent, variants, images, folded = row, [], [], 0
            elif kind == "variant":
                variants.append(row)
                folded += len(variants) == 1  # the parent's
            else:
                folded += 1
                if kind == "image":
                    images.append(row.cell_values)
        if parent is not None:
            yield Group(parent, variants, images, folded)


class Link(NamedTuple):
    """The rows that a row says it belongs with.

    Attributes:
        kind: ``product``, ``variant`` or ``image``; ``""`` for a row that is none of them.
        names: What other rows call it.
        parent: What it calls its parent; ``""`` if it names none.
        children: What it calls its children, and the cell values that it states for each.
        alone: Whether it is sold by itself, and no row may belong to it.
    """

    kind: str
    names: Sequence[str] = ()
    parent: str = ""
    children: Mapping[str, Mapping[str, str]] = {}
    alone: bool = False


LinkOf = Callable[[Mapping[str, Any], RoleTexts], Link]


@dataclass(frozen=True)
class Linked:
    """A layout in which rows name their parent or their children, which may stand anywhere.

    Attributes:
        link: Reads what a row says about others.
    """

    link: LinkOf = field(repr=False)
    key: str = ""

    def groups(self, rows: Iterable[Row], reading: RoleTexts) -> Iterator[Group]:
        """Yield rows that stand alone at once, and the others when all rows are read."""
        with WaitingRows() as waiting:
            for row in rows:
                link = self.link(row.cell_values, reading)
                if link.alone:
                    yield Group(row)
                elif link.kind:
                    waiting.add(row, link.kind, link.names, link.parent, link.children)
                else:
                    waiting.folded += 1
            folded = waiting.folded
            for parent, children, missing in waiting.families():
                variants = [row for kind, row in children if kind == "variant"]
                images = [row.cell_values for kind, row in children if kind == "image"]
                folded += len(images) + bool(variants)
                yield Group(parent, variants, images, folded, missing)
                folded = 0
