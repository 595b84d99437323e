"""Networks by name or path, as options give them."""

from __future__ import annotations

from pathlib import Path

from houndstooth.mappings.errors import InvalidConfig

NETWORKS = Path("networks")
"""The folder that trained networks are written to, where none is given."""


def network_stem(name: str, folder: Path | None = None) -> Path:
    """Find a network's files, by its name or the path of its card; ``.json`` may be left out.

    Args:
        folder: where names are looked up first; the shipped networks come last.

    Returns:
        The path without a suffix.

    Raises:
        InvalidConfig: there is no card of that name.
    """
    from houndstooth.models.runtime.card import WEIGHTS

    plain = name.removesuffix(".json")
    for stem in ([folder / plain] if folder else []) + [Path(plain), WEIGHTS / plain]:
        if stem.with_name(stem.name + ".json").is_file():
            return stem.resolve()
    where = f"in {folder}, or " if folder else ""
    raise InvalidConfig(
        f"expected a network {where}among the shipped ones, or the path of its card; got {name!r}"
    )
