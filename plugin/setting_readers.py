"""Read the values of settings from text; each raises ValueError and says what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from houndstooth.mappings.numbers import read_integer, read_number
from houndstooth.plugin.filters import FIELD

AWS_SERVICES = ("es", "aoss")
"""Names by which AWS signs: its OpenSearch Service, and the serverless one."""

EVENT_SCHEMES = ("opensearch", "opensearchs", "elasticsearch", "elasticsearchs")
"""Schemes of the clusters that take events."""

_ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


def url(text: str) -> str:
    """Read a URL of any scheme."""
    scheme, separator, rest = text.partition("://")
    if not (scheme and separator and rest):
        raise ValueError("expected a URL such as sqlite:///file.db")
    return text


def redis(text: str) -> str:
    """Read the URL of a Redis."""
    parts = urlsplit(text)
    database = parts.path.strip("/") or "0"
    if parts.scheme in ("redis", "rediss") and parts.hostname and database.isdecimal():
        return text
    raise ValueError("expected a URL such as redis://127.0.0.1:6379/0")


def file(text: str) -> Path:
    """Read the path of a file that is there."""
    if not Path(text).is_file():
        raise ValueError("expected the path of a file")
    return Path(text)


def card(text: str) -> Path:
    """Read the path of a network's card, and make it absolute."""
    if not text.endswith(".json") or not Path(text).is_file():
        raise ValueError("expected the path of a network's card, NAME-VERSION.json")
    return Path(text).resolve()


def events(text: str) -> str:
    """Read where events are recorded: the path of a file, or a cluster without an index."""
    scheme, separator, rest = text.partition("://")
    if separator and (scheme not in EVENT_SCHEMES or not rest or "/" in rest.rstrip("/")):
        raise ValueError("expected the path of a file, or a cluster as opensearch://host:port")
    if separator and "@" in rest:
        raise ValueError("expected a cluster without a user; HOUNDSTOOTH_ENGINE_USER takes it")
    return text


def folder(text: str) -> Path:
    """Read the path of a folder that is there."""
    if not Path(text).is_dir():
        raise ValueError("expected the path of a folder")
    return Path(text)


def folder_or_no(text: str) -> Path | None:
    """Read the path of a folder; None for ``no``."""
    if Path(text).exists() and not Path(text).is_dir():
        raise ValueError("expected the path of a folder, or no")
    return None if text.lower() == "no" else Path(text)


def hosts(text: str) -> frozenset[str]:
    """Read host names, separated by commas."""
    names = frozenset(name.strip().lower() for name in text.split(",") if name.strip())
    if any(character in name for name in names for character in "/@*[] "):
        raise ValueError("expected host names separated by commas, such as images.shop.example")
    return names


def names(text: str) -> frozenset[str]:
    """Read names, separated by commas."""
    found = frozenset(name.strip() for name in text.split(",") if name.strip())
    if not found:
        raise ValueError("expected names separated by commas")
    return found


def field(text: str) -> str:
    """Read the name of a field, which may lie in objects."""
    if not FIELD.fullmatch(text) or not all(text.split(".")):
        raise ValueError("expected the name of one field, such as group or maker.style")
    return text


def fraction(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        number = read_number(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise ValueError("expected a number from 0 to 1")
    return number


def yes_or_no(text: str) -> bool:
    """Read yes or no."""
    if text.lower() not in ("yes", "no"):
        raise ValueError("expected yes or no")
    return text.lower() == "yes"


def one_of(*choices: str) -> Callable[[str], str]:
    """Make the reader of a word."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"expected {' or '.join(choices)}")
        return text

    return read


def integer(minimum: int, maximum: int) -> Callable[[str], int]:
    """Make the reader of a whole number, both bounds included."""
    return partial(read_integer, minimum=minimum, maximum=maximum)


def api_key(text: str) -> str:
    """Read an API key in the encoded form, as Elasticsearch gives it."""
    if not re.fullmatch(r"[\w+/=-]+", text, flags=re.ASCII):
        raise ValueError("expected the encoded form of an API key, one word without colons")
    return text


def aws_region(text: str) -> str:
    """Read the name of a region of AWS."""
    if not re.fullmatch("[a-z0-9-]+", text):
        raise ValueError("expected a region of AWS such as eu-west-1")
    return text


def aws_service(text: str) -> str:
    """Read the name by which AWS signs requests to its OpenSearch services."""
    if text not in AWS_SERVICES:
        raise ValueError(f"expected {' or '.join(AWS_SERVICES)}")
    return text


def rate_limit(text: str) -> str:
    """Read a rate limit, or several: ``60/minute; 1000/hour``."""
    from limits import parse_many

    try:
        parse_many(text)
    except ValueError:
        raise ValueError("expected a rate such as 60/minute, or several with ; between") from None
    return text


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read IP addresses and networks, separated by commas."""
    try:
        return tuple(ip_network(name.strip()) for name in text.split(",") if name.strip())
    except ValueError:
        raise ValueError("expected addresses or networks such as 10.0.0.0/8") from None


def origins(text: str) -> tuple[str, ...]:
    """Read the origins of pages, separated by commas: ``https://shop.example``."""
    found = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not found or not all(map(_ORIGIN.fullmatch, found)):
        raise ValueError(
            "expected origins such as https://shop.example, without a path and without *"
        )
    return found
