"""Write resampled products as the JSON lines of bulk requests.

The documents are those that ingest would write. They are put together as text: millions of them go
through no encoder.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence

import numpy as np

from houndstooth.mappings.appearance_terms import appearance_terms
from houndstooth.mappings.features import Bytes
from houndstooth.mappings.taxonomy import Taxonomy
from tests.benchmarks.scale.catalogue import FIRST_ID, Catalogue
from tests.benchmarks.scale.facts import slug

COMPUTED_AT = "2026-01-01T00:00:00+00:00"


def encode_rows(rows: Bytes) -> list[str]:
    """Encode each row of uint8 [n, bytes] as base64 with padding."""
    count, size = rows.shape
    padding = -size % 3
    text = base64.b64encode(np.pad(rows, ((0, 0), (0, padding))).tobytes())
    table = np.frombuffer(text, dtype=np.uint8).reshape(count, -1).copy()
    if padding:
        table[:, -padding:] = ord("=")
    width = table.shape[1]
    whole = table.tobytes().decode("ascii")
    return [whole[start : start + width] for start in range(0, count * width, width)]


class Documents:
    """Writes documents of a catalogue."""

    def __init__(self, catalogue: Catalogue, taxonomy: Taxonomy) -> None:
        self.catalogue = catalogue
        self.greats = [taxonomy.great_category(name) for name in catalogue.categories]
        self.titles = [
            (json.dumps(title)[1:-1], slug(title)) for title in catalogue.titles
        ]  # without quotation marks
        self.stated = [frozenset(terms) for terms in catalogue.stated]
        self.brands = catalogue.brands

    def appearance(self, row: int) -> Sequence[str]:
        """Return the appearance terms of a row."""
        catalogue = self.catalogue
        category = catalogue.categories[int(catalogue.category[row])]
        return appearance_terms(category, catalogue.codes[row], catalogue.histograms[row])

    def facts(self, start: int, stop: int) -> Iterator[str]:
        """Yield the shop's facts of rows as the inside of a JSON object."""
        catalogue = self.catalogue
        columns = zip(
            range(start, stop),
            *(
                getattr(catalogue, name)[start:stop].tolist()
                for name in ("origin", "brand", "price", "stock")
            ),
            strict=True,
        )
        for row, origin, place, price, stock in columns:
            number, brand, (title, path) = FIRST_ID + row, self.brands[place], self.titles[origin]
            yield (
                f'"title":"{brand} {title}","brand":"{brand}","price":{price:.2f},'
                f'"currency":"EUR","stock":{stock},'
                f'"image":"https://images.shop.example/products/{row % 97}/{number}-front.jpg",'
                f'"url":"https://www.shop.example/en/p/{path}-{number}"'
            )

    def visual(self, start: int, stop: int, *, vectors: bool = True) -> Iterator[str]:
        """Yield ``visual`` of rows as JSON.

        Args:
            start, stop: The rows.
            vectors: With code and histogram; without them it has what filters need.
        """
        catalogue = self.catalogue
        codes = encode_rows(catalogue.codes[start:stop]) if vectors else None
        histograms = encode_rows(catalogue.histograms[start:stop]) if vectors else None
        for at, row in enumerate(range(start, stop)):
            place = int(catalogue.category[row])
            attributes = catalogue.attributes(row)
            text = (
                f'{{"product_id":"{FIRST_ID + row}","category":"{catalogue.categories[place]}",'
                f'"great_category":"{self.greats[place]}","attributes":{_texts(attributes)},'
            )
            if codes is None or histograms is None:
                yield f'{text}"model":"{catalogue.model}"}}'
                continue
            stated = self.stated[catalogue.origin[row]]
            digest = hashlib.sha256(b"%d" % row).hexdigest()
            x, y = row % 400, row // 400 % 300
            yield (
                f'{text}"from_text":{_texts([term for term in attributes if term in stated])},'
                f'"binary_code":"{codes[at]}","colour_histogram":"{histograms[at]}",'
                f'"box":[{x / 10000},{y / 10000},{(9500 - x) / 10000},{(9600 - y) / 10000}],'
                f'"model":"{catalogue.model}","source_hash":"{digest}",'
                f'"computed_at":"{COMPUTED_AT}","appearance":{_texts(self.appearance(row))},'
                '"pictures":[],"worn":[],"views":[1],"view_boxes":[],"view_codes":null,"view_colours":null}'
            )

    def vectors(self, start: int, stop: int) -> Iterator[str]:
        """Yield the codes of rows as the signed bytes that ``knn_vector`` takes."""
        for code in self.catalogue.codes[start:stop].view(np.int8).tolist():
            yield str(code).replace(" ", "")

    def bulk(self, start: int, stop: int, knn_field: str | None = None) -> bytes:
        """Return rows as the body of a bulk request.

        Args:
            start, stop: The rows.
            knn_field: Name of the rivals' vector field, which replaces code and histogram.
        """
        visuals = self.visual(start, stop, vectors=knn_field is None)
        vectors = self.vectors(start, stop) if knn_field else ("" for _ in range(start, stop))
        lines = [
            f'{{"index":{{"_id":"{FIRST_ID + row}"}}}}\n{{{facts},"visual":{visual}'
            + (f',"{knn_field}":{vector}}}\n' if knn_field else "}\n")
            for row, facts, visual, vector in zip(
                range(start, stop), self.facts(start, stop), visuals, vectors, strict=True
            )
        ]
        return "".join(lines).encode()


def _texts(texts: Sequence[str]) -> str:
    """Return strings without special characters as a JSON list."""
    return '["' + '","'.join(texts) + '"]' if texts else "[]"
