"""Check the pictures of one item; an error of one among several says which it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from houndstooth.mappings.errors import InvalidImage, InvalidInput
from houndstooth.mappings.search import SearchRequest

MAX_PICTURES = 4
"""Pictures of one item that are searched with together."""


def check_pictures(pictures: Sequence[bytes], request: SearchRequest, max_bytes: int) -> None:
    """Check the number and the sizes of the pictures of one item.

    Args:
        pictures: The image files.
        request: What is asked with them.
        max_bytes: The largest one.

    Raises:
        InvalidInput: There are none or too many, or a box is given for several.
        InvalidImage: One is too large.
    """
    if not 1 <= len(pictures) <= MAX_PICTURES:
        raise InvalidInput(f"expected 1 to {MAX_PICTURES} pictures; got {len(pictures)}")
    if request.box and len(pictures) > 1:
        raise InvalidInput(f"expected no box with several pictures; got {len(pictures)} pictures")
    for place, picture in enumerate(pictures, start=1):
        with naming(place, len(pictures)):
            if len(picture) > max_bytes:
                raise InvalidImage(
                    f"expected an image file of at most {max_bytes} bytes; "
                    f"got {len(picture)} or more"
                )


@contextmanager
def naming(place: int, total: int) -> Iterator[None]:
    """Say in errors of images which of several pictures is meant."""
    try:
        yield
    except InvalidImage as error:
        if total == 1:
            raise
        which = f"picture {place}: "
        raise type(error)(f"{which}{error}", public=f"{which}{error.public}") from error
