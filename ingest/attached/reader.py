"""Read the documents of a shop's index as products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from houndstooth.ingest.attached.fields import ID
from houndstooth.ingest.attached.paths import field_of, value_at
from houndstooth.ingest.columns import Reading
from houndstooth.ingest.images import is_url
from houndstooth.ingest.languages import detect_language
from houndstooth.ingest.product_reader import Known, ProductReader
from houndstooth.mappings.errors import InvalidConfig, InvalidInput
from houndstooth.mappings.product import Product
from houndstooth.mappings.shop_index import ShopIndex, SourceDocument


class DocumentReader:
    """Reads documents as products without facts: the shop writes those itself.

    Args:
        reading: The fields of each role.

    Attributes:
        reading: The same.
        fields: The fields that documents must be read with.
    """

    def __init__(self, reading: Reading) -> None:
        # No table has shortened the ids.
        self.reading, self._products = reading, ProductReader(reading, check_id=str)
        paths = (*reading.columns[1:], *filter(None, reading.chosen.values()))
        self.fields = [*dict.fromkeys(map(field_of, paths))]

    def read(self, documents: Sequence[SourceDocument]) -> list[Product | InvalidInput]:
        """Read a product of each document, or why it is none."""
        rows = [
            {c: value_at(document.source, c) for c in self.reading.columns}
            | {ID: document.product_id}
            for document in documents
        ]
        roles = self.reading.roles
        images = [
            self._products.images([row[c] for c in (*roles["image"], *roles["images"])])
            for row in rows
        ]
        known = {
            place: Known(document.product_id, found, None, "", ())
            for place, (document, found) in enumerate(zip(documents, images, strict=True))
        }
        return self._products.products(rows, known)

    def check(
        self, documents: Sequence[SourceDocument], names: Sequence[str], has_base: bool
    ) -> None:
        """Check by the first documents that products can be read as the user says.

        Args:
            documents: The first documents.
            names: Fields of the index, for the message.
            has_base: Whether it is known what stands before image paths.

        Raises:
            InvalidConfig: A field is in none of the documents, or the images are paths of nowhere.
        """
        for role, field in self.reading.chosen.items():
            if field and documents and all(value_at(d.source, field) is None for d in documents):
                raise InvalidConfig(
                    f"expected a field of the documents as {role}; none of the first "
                    f"{len(documents)} has {field!r}\nfields found: {', '.join(names)}"
                )
        for product in [] if has_base else self.read(documents):
            if isinstance(product, Product) and not is_url(product.image):
                raise InvalidConfig(
                    "expected --images, the folder or the address that stands before image paths; "
                    f"document {product.product_id!r} has {product.image!r}"
                )

    def detect_language(self, documents: Sequence[SourceDocument]) -> str:
        """Detect the language of the documents' titles and categories; ``""`` if unsure."""
        paths = (*self.reading.roles["title"], *self.reading.roles["category"])
        values = (value_at(document.source, path) for document in documents for path in paths)
        return detect_language([value for value in values if isinstance(value, str)])

    def shown(self, documents: Sequence[SourceDocument]) -> Iterator[str]:
        """Yield lines for people: what is read of each document."""
        for document, product in zip(documents, self.read(documents), strict=True):
            if isinstance(product, InvalidInput):
                yield f"{document.product_id}: {product}"
                continue
            yield f"{product.product_id}: {product.title}"
            yield f"  {'images':<12}{', '.join(product.images)}"
            if product.category_text:
                yield f"  {'category':<12}{product.category_text}"
            for group, text in product.attributes.items():
                yield f"  {group:<12}{text}"


def first_documents(index: ShopIndex, fields: Sequence[str]) -> list[SourceDocument]:
    """Read some documents of an index; none if it is empty."""
    _, pages = index.documents(fields)
    with closing(pages):
        return next(pages, [])
