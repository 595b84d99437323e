"""Read environment variables, which are given as a mapping; see ``plugin.config``."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from houndstooth.mappings.errors import InvalidConfig

PREFIX = "HOUNDSTOOTH_"
"""Begins the name of every variable."""

Reader = Callable[[str], Any]


@dataclass(frozen=True)
class Variable:
    """An environment variable of Houndstooth.

    Attributes:
        name: Such as ``HOUNDSTOOTH_ENGINE``.
        field: Field of ``Settings`` or ``Credentials``.
        value: The value or the default; None if the value is not valid.
        is_set: Whether the variable is set.
        error: Why the value is not valid; ``""`` if it is.
        is_secret: Whether the value is shown to nobody. It can come from a file.
    """

    name: str
    field: str
    value: Any = dataclasses.field(repr=False)
    is_set: bool
    error: str = ""
    is_secret: bool = False


def find_unknown(environ: Mapping[str, str], known: Iterable[Variable]) -> Iterator[str]:
    """Say of each variable ``HOUNDSTOOTH_…`` that is no setting so, with the nearest name if any.

    Those of the tests, ``HOUNDSTOOTH_TEST_…``, are left out.

    Args:
        environ: The environment.
        known: All variables.
    """
    names = []
    for variable in known:
        names += [variable.name, f"{variable.name}_FILE"][: 1 + variable.is_secret]
    endings = [name.removeprefix(PREFIX) for name in names]
    for name in sorted({*environ} - {*names}):
        ending = name.removeprefix(PREFIX)
        if ending != name and not ending.startswith("TEST_"):
            near = get_close_matches(ending, endings, n=1)
            advice = f"; did you mean {PREFIX}{near[0]}?" if near else ""
            yield f"{name} is no setting{advice}"


def hide_password(text: str) -> str:
    """Replace the user name and password in a URL."""
    return re.sub(r"//.*@", "//…@", text)


def values_of(variables: Iterable[Variable]) -> dict[str, Any]:
    """Collect the values that are set, by field.

    Raises:
        InvalidConfig: One of them is not valid.
    """
    values = {}
    for variable in variables:
        if variable.error:
            raise InvalidConfig(variable.error)
        if variable.is_set:
            values[variable.field] = variable.value
    return values


def read_variable(variable: Variable, environ: Mapping[str, str], read: Reader) -> Variable:
    """Fill a variable in, where it is set."""
    text = environ.get(variable.name, "").strip()
    try:
        if variable.is_secret:
            text = _read_secret(variable.name, text, environ)
        return replace(variable, value=read(text), is_set=True) if text else variable
    except ValueError as error:
        got = "" if variable.is_secret else f"; got {hide_password(text)[:80]!r}"
        message = f"{variable.name}: {error}{got}"
        return replace(variable, value=None, is_set=True, error=message)


def _read_secret(name: str, text: str, environ: Mapping[str, str]) -> str:
    """Read a secret from the file that its other variable names, if that is set."""
    path = environ.get(f"{name}_FILE", "").strip()
    if not path:
        return text
    if text:
        raise ValueError(f"expected this or {name}_FILE; got both")
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret:
        raise ValueError(f"expected a file of text in {name}_FILE that can be read; got {path!r}")
    return secret
