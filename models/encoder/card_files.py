"""The files beside an encoder's card: where they may lie, and their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.errors import InvalidConfig


def file_inside(folder: Path, name: str) -> Path:
    """Return the path of a file that a card names.

    Raises:
        InvalidConfig: it lies outside of the card's folder.
    """
    path = folder / name
    parts = PurePosixPath(name).parts
    inside = path.resolve().is_relative_to(folder.resolve())
    if not parts or parts[0] == "/" or ".." in parts or "\\" in name or not inside:
        raise InvalidConfig(f"expected a file in the folder of the card; got {name}")
    return path


def hash_file(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal digits.

    Raises:
        InvalidConfig: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InvalidConfig(f"expected {path.name} beside the card; got {error!r}") from None


def check_files(folder: Path, digests: Mapping[str, str], needed: set[str], where: str) -> None:
    """Compare files with the SHA-256 that a card has of each.

    Args:
        needed: names of files that must be among them.
        where: the card's name, as messages say it.

    Raises:
        InvalidConfig: a file is another, is not there, lies outside, or has no hash.
    """
    for name in sorted(needed - digests.keys()):
        raise InvalidConfig(f"expected the SHA-256 of {name} in {where}; got none")
    for name, digest in digests.items():
        found = hash_file(file_inside(folder, name))
        if found != digest:
            raise InvalidConfig(
                f"expected {name} with the SHA-256 that its card has, {digest}; got {found}"
            )


def read_vector(path: Path, dimension: int) -> NDArray[np.float32]:
    """Read float32 [d] of a NumPy file; nothing is unpickled.

    Raises:
        InvalidConfig: it holds something else.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InvalidConfig(f"expected a NumPy array in {path.name}; got {error}") from None
    kind = f"{getattr(array, 'dtype', 'several arrays')} {list(getattr(array, 'shape', ()))}"
    if kind != f"float32 [{dimension}]" or not np.isfinite(array).all():
        raise InvalidConfig(f"expected finite float32 [{dimension}] in {path.name}; got {kind}")
    return np.asarray(array, dtype=np.float32)
