"""Choose the arm of an A/B test that a search is in: by its name, or by the client's id."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from houndstooth.mappings.errors import InvalidConfig, InvalidInput
from houndstooth.mappings.search import RELAXED_STEPS, Relaxed

MAX_ARMS = 20

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_OPTIONS = ("share", "appearance_weight", "attribute_weight", "relax", "rules")


@dataclass(frozen=True)
class Arm:
    """Name the options that a search has, unless it gives them itself; None = the deployment's.

    Attributes:
        share: Share of the clients, relative to those of the other arms; 0 = only by name.
        rules: Whether merchandising rules apply.
    """

    name: str
    share: float = 0.0
    appearance_weight: float | None = None
    attribute_weight: float | None = None
    relax: Relaxed | None = None
    rules: bool = True


class Arms:
    """The arms of a deployment's A/B test.

    Args:
        arms: By name; none = there is no test.
    """

    def __init__(self, arms: Mapping[str, Arm]) -> None:
        self._arms = arms
        self._salt = " ".join(sorted(arms))

    @classmethod
    def read(cls, path: Path | None) -> Arms:
        """Read a file, ``{"arms": {"NAME": {"share": 1, "appearance_weight": 0.4}}}``.

        Raises:
            InvalidConfig: It cannot be read, or is not such a file.
        """
        if path is None:
            return cls({})
        try:
            data = json.loads(path.read_bytes())
            arms = data["arms"]
            if {*data} != {"arms"} or not 1 <= len(arms) <= MAX_ARMS:
                raise ValueError(f"expected 1 to {MAX_ARMS} arms; got {len(arms)}")
            return cls({name: _read_arm(name, one) for name, one in arms.items()})
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            expected = '{"arms": {"NAME": {…}}}'
            raise InvalidConfig(
                f"HOUNDSTOOTH_ARMS: {path}: expected a file of arms, {expected}: {error}"
            ) from None

    def choose(self, name: str | None, client_id: str | None) -> Arm | None:
        """Return the arm of a name, or that of a client, always the same; None if there is none.

        Raises:
            InvalidInput: There is no arm of that name.
        """
        if name is not None:
            if name not in self._arms:
                known = f"one of {', '.join(self._arms)}" if self._arms else "none: there are none"
                raise InvalidInput(f"expected arm to be {known}; got {name[:80]!r}")
            return self._arms[name]
        total = sum(arm.share for arm in self._arms.values())
        if not client_id or not total:
            return None
        digest = sha256(f"{self._salt} {client_id}".encode()).digest()
        place = int.from_bytes(digest[:8]) / 2**64 * total
        for arm in self._arms.values():
            place -= arm.share
            if place < 0:
                return arm
        return None


def _read_arm(name: str, data: Mapping[str, Any]) -> Arm:
    if not _NAME.fullmatch(name):
        raise ValueError(f"expected a name of small letters, digits, - and _; got {name[:80]!r}")
    for option, value in data.items():
        if option in ("engine", "index"):
            raise ValueError(
                f"{name}.{option}: expected options of a search ({', '.join(_OPTIONS)}): all arms "
                "search the index of HOUNDSTOOTH_ENGINE; run a second service for another index"
            )
        if option not in _OPTIONS:
            raise ValueError(f"{name}: expected only {', '.join(_OPTIONS)}; got {option[:80]!r}")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if option == "share":
            expected, good = "a number from 0 to 1000", is_number and 0 <= value <= 1000
        elif option == "rules":
            expected, good = "true or false", isinstance(value, bool)
        elif option == "relax":
            expected, good = f"one of {', '.join(RELAXED_STEPS)}", value in RELAXED_STEPS
        else:
            expected, good = "a number from 0 to 1", is_number and 0 <= value <= 1
        if not good:
            raise ValueError(f"{name}.{option}: expected {expected}; got {str(value)[:80]!r}")
    return Arm(name, **data)
