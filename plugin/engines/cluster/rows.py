"""Decode features from the doc values of hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Self

import numpy as np

from houndstooth.mappings.errors import InvalidDocument
from houndstooth.mappings.features import Bytes
from houndstooth.mappings.rows import AVAILABILITY, FeatureRows, Lengths, term_set
from houndstooth.mappings.stored_values import decode_bytes
from houndstooth.plugin.engines.cluster.client import Json, garbage_kept
from houndstooth.plugin.engines.documents import check_lengths, log_left_out, with_views
from houndstooth.plugin.engines.fields import Fields, variant_group

ROW_PATH = "hits.hits._seq_no,hits.hits._primary_term,hits.hits.fields"
"""``filter_path`` of a search for features."""

_BASE64 = (ascii_letters + digits + "+/").encode()


@dataclass(frozen=True)
class RowFields:
    """Paths of the fields that hold features; those of facts are None where there are none."""

    product_id: str
    model: str
    great_category: str
    category: str
    attributes: str
    binary_code: str
    colour_histogram: str
    view_codes: str
    view_colours: str
    variant: str | None
    availability: str | None

    @classmethod
    def of(cls, fields: Fields, variant_field: str | None) -> Self:
        """Name the fields of an index."""
        names = [n for n in cls.__dataclass_fields__ if n not in ("variant", "availability")]
        return cls(
            **{name: fields.visual(name) for name in names},
            variant=fields.doc_values(variant_field),
            availability=fields.doc_values(AVAILABILITY),
        )

    @property
    def read(self) -> list[str]:
        """Fields of a search for features."""
        names = (self.product_id, self.great_category, self.category, self.attributes)
        first_view = (self.binary_code, self.colour_histogram)
        optional = (self.view_codes, self.view_colours, self.variant, self.availability)
        return [name for name in (*names, *first_view, *optional) if name]


class RowDecoder:
    """Decodes hits to rows.

    Documents that another program has overwritten, so that a value is missing, or there are several
    of it, or the bytes are not base64 or have another length than the model's, cost no other
    document.

    Args:
        index: Name of the index, for warnings.
    """

    def __init__(self, index: str) -> None:
        self._index = index

    def decode(
        self, hits: Sequence[Json], model: str, lengths: Lengths, names: RowFields
    ) -> tuple[FeatureRows, list[str]]:
        """Decode hits to rows.

        Args:
            hits: Hits with the fields of ``names``. One without its product id is left out. One
                that has another model than ``model`` is no row; hits need not say their model.
            model: Name of the model.
            lengths: Lengths of its bytes.
            names: Paths of the fields.

        Returns:
            The rows, and the ids of the other hits.
        """
        with garbage_kept():
            whole, others, damaged = _sort_out(hits, model, lengths, names)
            if damaged:
                log_left_out(self._index, damaged, lengths)
            return _feature_rows(whole, names), others + damaged


def decode_rows(rows: Sequence[str]) -> Bytes:
    """Decode base64 rows to uint8 [rows, n]; padding may be missing, as in doc values.

    Raises:
        InvalidDocument: A row is not base64, or the rows differ in length; those of one model are
            equally long.
    """
    bare = [row.rstrip("=") for row in rows]
    check_lengths(bare)
    if not bare:
        return np.zeros((0, 0), dtype=np.uint8)
    # Fill each row up with zero bits and decode all at once; padding would end the decoding.
    fill = "A" * (-len(bare[0]) % 4)
    matrix = decode_bytes(fill.join(bare) + fill).reshape(len(bare), -1)
    return np.ascontiguousarray(matrix[:, : len(bare[0]) * 3 // 4])


def _sort_out(
    hits: Sequence[Json], model: str, lengths: Lengths, names: RowFields
) -> tuple[list[Json], list[str], list[str]]:
    """Return the whole hits, the ids of other models' hits, and the ids of damaged ones."""
    whole, others, damaged = [], [], []
    single = (names.product_id, names.category, names.great_category)
    expected = _digits(lengths.code), _digits(lengths.histogram)
    for hit in hits:
        values = hit.get("fields", {})
        if names.product_id not in values:
            continue
        if values.get(names.model, [model]) != [model]:
            others.append(_product_id(hit, names))
        elif all(len(values.get(n, ())) == 1 for n in single) and expected == (
            _digits_of(values, names.binary_code),
            _digits_of(values, names.colour_histogram),
        ):
            whole.append(hit)
        else:
            damaged.append(_product_id(hit, names))
    return whole, others, damaged


def _product_id(hit: Json, names: RowFields) -> str:
    return str(hit["fields"][names.product_id][0])


def _digits(size: int) -> int:
    """Return the length of so many bytes in base64, without padding."""
    return (4 * size + 2) // 3


def _digits_of(values: Json, name: str) -> int | None:
    """Return the length of a field's only value, without padding; None if that is not base64.

    None as well if the field has no value or several.
    """
    found = values.get(name, ())
    if len(found) != 1:
        return None
    bare = found[0].rstrip("=").encode(errors="replace")
    return None if bare.translate(None, _BASE64) else len(bare)


def _feature_rows(hits: Sequence[Json], names: RowFields) -> FeatureRows:
    values = [hit["fields"] for hit in hits]
    great_category, category, attributes = names.great_category, names.category, names.attributes
    codes, colours, counts = with_views(
        decode_rows([v[names.binary_code][0] for v in values]),
        decode_rows([v[names.colour_histogram][0] for v in values]),
        [(_decoded(v, names.view_codes), _decoded(v, names.view_colours)) for v in values],
    )
    return FeatureRows(
        product_ids=[v[names.product_id][0] for v in values],
        versions=np.array([hit["_seq_no"] for hit in hits], dtype=np.int64),
        # Doc values of keywords come sorted, each once.
        term_sets=[
            term_set(
                v[great_category][0],
                v[category][0],
                v.get(attributes, ()),
                v.get(names.availability, (None,))[0],
            )
            for v in values
        ],
        binary_codes=codes,
        colour_histograms=colours,
        variant_groups=[
            variant_group(v[names.variant][0]) if names.variant and names.variant in v else None
            for v in values
        ],
        view_counts=counts,
    )


def _decoded(values: Json, name: str) -> bytes:
    """Decode the bytes of a field; damaged ones, or none, are empty."""
    try:
        return decode_bytes(values[name][0]).tobytes() if name in values else b""
    except InvalidDocument:
        return b""
