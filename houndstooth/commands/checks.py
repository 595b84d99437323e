"""The checks of ``houndstooth doctor``; each yields what it found, and what to do about it."""

from __future__ import annotations

import platform
import socket
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from houndstooth.commands.check_access import check_access
from houndstooth.commands.check_columns import check_columns
from houndstooth.commands.check_encoder import check_encoder
from houndstooth.commands.check_engine import check_engine
from houndstooth.commands.check_merchandising import check_merchandising
from houndstooth.commands.finding import Finding, Findings
from houndstooth.mappings.errors import HoundstoothError, InvalidConfig, WorkersUnavailable

if TYPE_CHECKING:
    from houndstooth.mappings.extractor import Extractor
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.config import Settings

PACKAGES = (
    "click", "numpy", "onnxruntime", "pillow", "flask", "waitress", "urllib3", "opensearch-py",
    "celery", "redis", "tqdm",
)  # fmt: skip
TRAINING = ("torch", "torchvision", "onnx", "onnxscript", "scipy", "scikit-learn")
SLOW_SECONDS = 2.0
"""For one photo; from here on a person who searches waits."""

SHIPPED = ("taxonomy", "model", "detector")
"""Settings whose default is a file of Houndstooth's."""


def check_python() -> Findings:
    """Check the versions of Python and of the packages."""
    text = f"{platform.python_version()} at {sys.executable}"
    old = sys.version_info < (3, 11)
    yield Finding("FAIL" if old else "ok", "Python", text, "Python 3.11 is needed." if old else "")
    there, missing = _versions(PACKAGES)
    yield Finding(
        "FAIL" if missing else "ok",
        "packages",
        there + (f"; missing: {', '.join(missing)}" if missing else ""),
        "Install Houndstooth again, from the checkout: pip install ." if missing else "",
    )
    there, missing = _versions(TRAINING)
    extra = "not installed; train, export and evaluate --street need them: pip install '.[train]'"
    yield Finding("ok", "training", extra if missing else there)


def _versions(packages: tuple[str, ...]) -> tuple[str, list[str]]:
    found, missing = [], []
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    return ", ".join(found), missing


def check_settings() -> Findings:
    """List every environment variable with its value or default; secrets are hidden.

    Variables that begin like ours and are none come first.
    """
    from houndstooth.plugin.config import hide_password, read_variables, unknown_variables

    for text in unknown_variables():
        name, _, rest = text.partition(" ")
        yield Finding("warn", name, rest, "Correct its name, or unset it.")
    for variable in read_variables():
        if variable.error:
            reason = variable.error.removeprefix(f"{variable.name}: ")
            yield Finding("FAIL", variable.name, reason, f"Correct or unset {variable.name}.")
            continue
        value = variable.value
        if isinstance(value, frozenset | tuple):
            value = ", ".join(sorted(map(str, value)))
        elif isinstance(value, bool):
            value = "yes" if value else "no"
        nothing = "the shipped one" if variable.field in SHIPPED else "none"
        text = nothing if value in (None, "") else hide_password(str(value))
        text = "set, not shown" if variable.is_secret and variable.is_set else text
        yield Finding("ok", variable.name, text if variable.is_set else f"{text} (default)")


def check_networks(settings: Settings, taxonomy: Taxonomy, keep: list[Extractor]) -> Findings:
    """Check the networks' files against their cards, open them, and time one photo.

    Args:
        keep: takes the extractor, where it can be opened.
    """
    from houndstooth.models.loading import load_extractor, network_stems

    options = settings.extractor_options
    named = {key: options[key] for key in ("model", "detector") if key in options}
    try:
        stems = network_stems(**named)
    except InvalidConfig as error:
        yield Finding("FAIL", "networks", str(error), _NETWORK_ADVICE)
        return
    sound = True
    for stem in stems:
        finding = _network(stem)
        sound = sound and finding.level == "ok"
        yield finding
    if not sound:
        return
    try:
        extractor = load_extractor(taxonomy, **options)
    except InvalidConfig as error:
        yield Finding("FAIL", "one photo", str(error), _NETWORK_ADVICE)
        return
    keep.append(extractor)
    yield _precision()
    yield from check_encoder(extractor)
    seconds = _seconds_per_photo(extractor)
    slow = seconds > SLOW_SECONDS
    yield Finding(
        "warn" if slow else "ok",
        "one photo",
        f"{seconds:.2f} s by {extractor.model}",
        "Queries will be slow: give it more processors." if slow else "",
    )


_NETWORK_ADVICE = (
    "Install Houndstooth anew, or correct HOUNDSTOOTH_MODEL, HOUNDSTOOTH_DETECTOR or "
    "HOUNDSTOOTH_ENCODER."
)


def _network(stem: Path) -> Finding:
    """Check the files of one network against the SHA-256 in its card."""
    from houndstooth.models.runtime.card import Files, model_name, read_json

    name = "network"
    try:
        card = read_json(stem)
        files = Files(dict(card["sha256"]))
        for suffix in files.digests:
            files.check(stem, suffix)
        text = f"{model_name(card)}: SHA-256 as in its card, {', '.join(files.digests)}"
    except InvalidConfig as error:
        return Finding("FAIL", name, str(error), _NETWORK_ADVICE)
    except (KeyError, TypeError, ValueError):
        text = f"the card of {stem.name} has no sha256, name or version"
        return Finding("FAIL", name, text, _NETWORK_ADVICE)
    return Finding("ok", name, text)


def _precision() -> Finding:
    """Tell how the networks are computed on this processor."""
    from houndstooth.models.runtime.processor import byte_instructions

    name = byte_instructions()
    text = f"in 8 bits, by {name}" if name else "in floats: the processor has no VNNI, nor the like"
    return Finding("ok", "networks run", text)


def _seconds_per_photo(extractor: Extractor) -> float:
    """Time a made photo, the median of three; decoding is left out."""
    from PIL import Image

    photo = Image.linear_gradient("L").resize((480, 640)).convert("RGB")
    times = []
    for _ in range(4):
        start = perf_counter()
        extractor.extract([photo])
        times.append(perf_counter() - start)
    return median(times[1:])  # the first one warms up


def check_workers(settings: Settings) -> Findings:
    """Check Redis and count the workers; without either, a feed is ingested in process."""
    from houndstooth.ingest.celery_app import IngestApp
    from houndstooth.plugin.config import hide_password

    needed = "Only houndstooth ingest --celery and the page /ingest need"
    app = IngestApp(settings)
    try:
        app.queue.ping()
        count = len(app.control.ping(timeout=1.0))
    except WorkersUnavailable as error:
        yield Finding("warn", "Redis", str(error), f"{needed} it; HOUNDSTOOTH_REDIS names it.")
        return
    except InvalidConfig as error:
        yield Finding("FAIL", "Redis", str(error), "Correct HOUNDSTOOTH_REDIS.")
        return
    yield Finding("ok", "Redis", f"{hide_password(settings.redis)} answers")
    advice = "" if count else f"{needed} one: houndstooth worker --concurrency 2."
    yield Finding("ok" if count else "warn", "workers", f"{count} answer", advice)


def check_hosts(settings: Settings) -> Findings:
    """Resolve the shop's own image hosts."""
    from houndstooth.ingest.urls import is_public

    if not settings.image_hosts:
        text = "none of the shop's own: images by URL come from public addresses alone"
        yield Finding("ok", "image hosts", text)
    for host in sorted(settings.image_hosts):
        name = f"image host {host}"
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError as error:
            text, advice = f"has no address: {error}", "Correct HOUNDSTOOTH_IMAGE_HOSTS, or DNS."
            yield Finding("FAIL", name, text, advice)
            continue
        addresses = sorted({str(where[0]).partition("%")[0] for *_, where in found})
        public = all(is_public(ip_address(address)) for address in addresses)
        kind = "public anyway" if public else "not public, and allowed"
        yield Finding("ok", name, f"{', '.join(addresses)}: {kind}")


def all_checks() -> Findings:
    """Run every check that the settings and the taxonomy allow."""
    from houndstooth.mappings.taxonomy import Taxonomy
    from houndstooth.plugin.config import Settings
    from houndstooth.plugin.engines.serving import followed

    yield from check_python()
    yield from check_settings()
    try:
        settings = Settings.from_env(warn=False)  # there is a line for each of them
    except InvalidConfig:
        yield Finding("warn", "all else", "not checked", "Correct the settings first.")
        return
    with suppress(InvalidConfig):  # the check of the engine tells it
        settings = followed(settings)
    extractors: list[Extractor] = []
    try:
        taxonomy = Taxonomy.load(settings.taxonomy)
        yield Finding("ok", "taxonomy", f"version {taxonomy.version}")
        yield from check_networks(settings, taxonomy, extractors)
        yield from check_merchandising(settings, taxonomy)
    except HoundstoothError as error:
        yield Finding("FAIL", "taxonomy", str(error), "Correct the file of HOUNDSTOOTH_TAXONOMY.")
    yield from check_engine(settings, extractors[0].model if extractors else None)
    yield from check_columns(settings)
    yield from check_workers(settings)
    yield from check_hosts(settings)
    yield from check_access(settings)
