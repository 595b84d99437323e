"""Make the codes of an indexed product anew, with another image encoder.

Everything else of ``visual`` stays as it is: category, attributes, boxes and colours do not depend
on the encoder. So no text is read, and the features are known as those of the same title, images
and so on: the next feed finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from houndstooth.ingest.attached.paths import value_at
from houndstooth.ingest.batch_steps import READERS
from houndstooth.ingest.cells.images import read_images
from houndstooth.ingest.images import LoadImage
from houndstooth.mappings.appearance_terms import appearance_terms
from houndstooth.mappings.document import VisualDocument, picture_hash
from houndstooth.mappings.errors import InvalidImage, InvalidInput
from houndstooth.mappings.extractor import Extractor
from houndstooth.mappings.features import UNKNOWN_CATEGORY, Box, Bytes
from houndstooth.mappings.worn_item import WornItem

References = Callable[[Mapping[str, Any]], Sequence[str]]
"""Function from a document to the references of its product's images, in order."""


def references_of(fields: Mapping[str, str], base: str) -> References:
    """Return what reads the references of images from documents.

    Args:
        fields: Paths of ``image`` and ``images`` in a shop's own documents; empty = as ingest
            writes them.
        base: See ``read_images``.
    """
    if not fields:
        return lambda source: read_images(_listed(source), base) if base else _listed(source)
    paths = [fields[role] for role in ("image", "images") if fields.get(role)]
    return lambda source: read_images(_flat([value_at(source, path) for path in paths]), base)


@dataclass(frozen=True)
class Recoded:
    """A product's ``visual`` with new codes.

    Attributes:
        visual: The object.
        is_same_picture: Whether the images are those that were indexed.
    """

    visual: VisualDocument
    is_same_picture: bool


@dataclass(frozen=True)
class _Place:
    """What one code is made of."""

    picture: int
    category: str
    box: Box
    finds: bool


@dataclass(frozen=True)
class Recoder:
    """Makes codes anew.

    Attributes:
        extractor: The extractor with the other encoder.
        load_image: Fetches an image.
        references: See References.
        own_model: Name of the encoder within the extractor's ``model``; empty = it has none.
    """

    extractor: Extractor
    load_image: LoadImage
    references: References
    own_model: str = ""

    def recode(
        self, products: Sequence[tuple[Mapping[str, Any], VisualDocument]]
    ) -> list[Recoded | InvalidInput]:
        """Make the codes of some products anew; one that cannot be used costs no other.

        Args:
            products: Of each its document and its ``visual``.
        """
        return [
            self._recoded(visual, images)
            for (_, visual), images in zip(products, self._read(products), strict=True)
        ]

    def check_model(self, model: str) -> None:
        """Raise if what made a product's features differs in more than the encoder.

        Raises:
            InvalidInput: It does.
        """
        ours = [part for part in self.extractor.model.split("+") if part != self.own_model]
        theirs = model.split("+")
        left = [part for part in theirs if part not in ours]
        if len(left) > 1 or [part for part in theirs if part in ours] != ours:
            raise InvalidInput(
                f"expected features by {'+'.join(ours)} and any encoder; got {model}: give the "
                "feed first"
            )

    def _read(
        self, products: Sequence[tuple[Mapping[str, Any], VisualDocument]]
    ) -> list[dict[int, bytes] | InvalidInput]:
        wanted: list[dict[int, str] | InvalidInput] = []
        for source, visual in products:
            names = self.references(source)
            places = {view.place for view in visual.views} | {worn.place for worn in visual.worn}
            if max(places) > len(names):
                wanted.append(
                    InvalidImage(f"expected {max(places)} images in its document; got {len(names)}")
                )
            else:
                wanted.append({place: names[place - 1] for place in sorted(places)})
        distinct = dict.fromkeys(n for one in wanted if isinstance(one, dict) for n in one.values())
        with ThreadPoolExecutor(READERS, "image") as readers:
            files = dict(zip(distinct, readers.map(self._load, distinct), strict=True))
        found: list[dict[int, bytes] | InvalidInput] = []
        for one in wanted:
            if isinstance(one, InvalidInput):
                found.append(one)
                continue
            data = {place: files[name] for place, name in one.items()}
            bad = next((each for each in data.values() if isinstance(each, InvalidInput)), None)
            found.append(bad or {n: each for n, each in data.items() if isinstance(each, bytes)})
        return found

    def _load(self, reference: str) -> bytes | InvalidInput:
        try:
            return self.load_image(reference)
        except InvalidInput as error:
            return error

    def _recoded(
        self, visual: VisualDocument, images: dict[int, bytes] | InvalidInput
    ) -> Recoded | InvalidInput:
        if isinstance(images, InvalidInput):
            return images
        try:
            self.check_model(visual.model)
            decoded = {place: self.extractor.decode(data) for place, data in images.items()}
            places = [_Place(v.place, visual.category, v.box, True) for v in visual.views]
            places += [_Place(w.place, w.category, w.box, False) for w in visual.worn]
            codes = self._codes(decoded, places)
        except InvalidInput as error:
            return error
        first, *further = codes[: len(visual.views)]
        worn = [
            replace(item, code=code.tobytes())
            for item, code in zip(visual.worn, codes[len(visual.views) :], strict=True)
        ]
        known = not visual.pictures or {picture_hash(one) for one in images.values()} <= {
            *visual.pictures
        }
        return Recoded(_with_codes(visual, self.extractor.model, first, further, worn), known)

    def _codes(self, decoded: Mapping[int, Any], places: Sequence[_Place]) -> list[Bytes]:
        """Make a code for each place.

        An item is looked for as when it was indexed: in the box that is found, if that is the
        stored one to its last digit, else in the stored one.
        """
        images = [decoded[place.picture] for place in places]
        guides = [None if p.category == UNKNOWN_CATEGORY else {p.category} for p in places]
        looked = [n for n, place in enumerate(places) if place.finds]
        seen = self.extractor.extract([images[n] for n in looked], [guides[n] for n in looked])
        codes = {
            n: features.binary_code
            for n, features in zip(looked, seen, strict=True)
            if features.box.as_list() == places[n].box.as_list()
        }
        left = [n for n in range(len(places)) if n not in codes]
        given = self.extractor.extract(
            [images[n] for n in left], [guides[n] for n in left], [places[n].box for n in left]
        )
        codes |= {n: features.binary_code for n, features in zip(left, given, strict=True)}
        return [codes[n] for n in range(len(places))]


def _with_codes(
    visual: VisualDocument,
    model: str,
    first: Bytes,
    further: Sequence[Bytes],
    worn: Sequence[WornItem],
) -> VisualDocument:
    views = zip((first, *further), (visual.colour_histogram, *visual.further_colours), strict=True)
    terms = dict.fromkeys(
        term for code, colours in views for term in appearance_terms(visual.category, code, colours)
    )
    return replace(
        visual,
        model=model,
        binary_code=first,
        further_codes=tuple(further),
        worn=tuple(worn),
        appearance=tuple(terms),
    )


def _listed(source: Mapping[str, Any]) -> Sequence[str]:
    """Return the references as ingest writes them: all, or the only one."""
    images = source.get("images") or source.get("image") or ()
    return (images,) if isinstance(images, str) else tuple(map(str, images))


def _flat(values: Sequence[Any]) -> list[Any]:
    return [one for value in values for one in (value if isinstance(value, list) else [value])]
