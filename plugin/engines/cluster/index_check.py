"""Tell why an index of a shop cannot take ``visual``, before anything of it is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from houndstooth.mappings.document import is_visual
from houndstooth.plugin.engines.cluster.client import Json
from houndstooth.plugin.engines.index_mapping import (
    FLATTENED,
    flatten,
    is_indexed,
    is_object,
    visual_fields,
)

BLOCKS = ("read_only_allow_delete", "read_only", "write", "read", "metadata")
"""Blocks of an index, under any of which it cannot be prepared, written to or searched."""

COPY = "copy it into an index that stores the _source"

NO_OBJECTS = {"subobjects": False, "disable_objects": True}
"""Parameters of a mapping, in either engine, under which fields have names with dots instead."""


def refusal(name: str, visual: str, found: Mapping[str, Json]) -> str | None:
    """Return the first reason why an index cannot take ``visual``, in one sentence, or None.

    Args:
        name: The name that was given, of an index or an alias.
        visual: Name of the object ``visual``.
        found: The indices of that name, with flat settings, their defaults, and mappings.
    """
    streams = [index for index in found.values() if "data_stream" in index]
    if streams:
        return (
            f"expected an index whose documents can change; {name!r} is a data stream: give an "
            "index of its own to the products"
        )
    if len(found) != 1:
        names = ", ".join(sorted(found)) or "none"
        return (
            f"expected one index behind the name {name!r}; got {names}: give the name of one, or "
            "an alias of one"
        )
    ((index, form),) = found.items()
    settings = form.get("defaults", {}) | form["settings"]
    reasons = (
        *(_name_refusals(name, index, form["aliases"]), _settings_refusals(index, settings)),
        _source_refusals(index, settings, form["mappings"], visual),
        _mapping_refusals(index, form["mappings"], visual),
    )
    return next((reason for some in reasons for reason in some), None)


def visual_mapping(visual: str, mapping: Json) -> Json:
    """Build the mapping that adds ``visual`` to an index, under names with dots where it must be.

    Args:
        visual: Name of the object ``visual``.
        mapping: The index's mapping as it is.
    """
    ours = visual_fields()
    if not has_no_objects(mapping):
        return {"properties": {visual: ours}}
    root = {key: value for key, value in NO_OBJECTS.items() if mapping.get(key) == value}
    fields = {f"{visual}.{name}": field for name, field in ours["properties"].items()}
    return {**root, "properties": fields}


def versions_in(mapping: Json) -> list[str]:
    """List the objects in a mapping that are ``visual`` as Houndstooth defines it, by their names.

    An object of the shop's that has such a name is left out.
    """
    names = dict.fromkeys(name.partition(".")[0] for name in mapping.get("properties", {}))
    fields = dict(flatten(mapping.get("properties", {})))
    return [
        name
        for name in names
        if is_visual(name)
        and any(field.startswith(f"{name}.") for field in fields)
        and not any(_object_refusals("", mapping, name))
    ]


def has_no_objects(mapping: Json) -> bool:
    """Tell whether the fields of an index have names with dots instead of objects."""
    return any(mapping.get(key) == value for key, value in NO_OBJECTS.items())


def _name_refusals(name: str, index: str, aliases: Json) -> Iterator[str]:
    if name != index and name not in aliases:
        yield f"expected the name of an index or alias; {name!r} is neither: give {index!r}"
    alias = aliases.get(name, {})
    if "filter" in alias:
        yield (
            f"expected an alias that shows all products; {name!r} has a filter: give its index "
            f"{index!r} or another alias"
        )
    if alias.keys() & {"index_routing", "search_routing"}:
        yield (
            f"expected an alias without custom routing; {name!r} has one: give its index {index!r}"
        )
    if not alias.get("is_write_index", True):
        yield (
            f"expected an alias that takes writes; {name!r} has is_write_index false: give its "
            f"index {index!r} or another alias"
        )


def _settings_refusals(index: str, settings: Json) -> Iterator[str]:
    if _is_true(settings.get("index.verified_before_close")):
        yield f"expected an open index; {index!r} is closed: open it"
    for block in BLOCKS:
        if _is_true(settings.get(f"index.blocks.{block}")):
            why = ", which a full disk sets," if block == "read_only_allow_delete" else ""
            yield (
                f"expected an index that can be written to and searched; {index!r} has the "
                f"setting index.blocks.{block}{why}: take it away"
            )
    if _is_true(settings.get("index.append_only.enabled")):
        yield f"expected an index whose documents can change; {index!r} is append-only"
    if int(settings.get("index.routing_partition_size", 1)) > 1:
        yield custom_routing(index)


def _source_refusals(index: str, settings: Json, mapping: Json, visual: str) -> Iterator[str]:
    """List reasons in how documents are kept: an update reads the whole one and writes it anew."""
    source = mapping.get("_source", {})
    stated = (source.get("mode"), settings.get("index.mapping.source.mode"))
    modes = {str(mode).lower() for mode in stated}
    kept = f"expected an index that keeps documents as they were written; the _source of {index!r}"
    if not source.get("enabled", True) or "disabled" in modes:
        yield f"{kept} is disabled, so no update can keep the shop's fields: {COPY}"
    if "synthetic" in modes:
        yield f"{kept} is synthetic, so lists come back in another order: {COPY}"
    if _is_true(settings.get("index.derived_source.enabled")):
        yield f"{kept} is derived from doc values, so lists come back in another order: {COPY}"
    if lost := _first_lost(mapping, source, visual):
        yield (
            f"{kept} leaves out {lost}, so each update of a product would take it out of the "
            "search: let the _source hold it"
        )


def _mapping_refusals(index: str, mapping: Json, visual: str) -> Iterator[str]:
    if mapping.get("_routing", {}).get("required"):
        yield custom_routing(index)
    if not mapping.get("enabled", True):
        yield f"expected an index with fields; the mapping of {index!r} has enabled: false"
    yield from _object_refusals(index, mapping, visual)


def _object_refusals(index: str, mapping: Json, visual: str) -> Iterator[str]:
    ours = dict(flatten({visual: visual_fields()}))
    theirs = dict(flatten(mapping.get("properties", {})))
    beside = (
        f"as Houndstooth defines it; {index!r} has another: give the object another name in the "
        "URL, such as ?visual=visual_2"
    )
    root = theirs.get(visual, {})
    shared = [name for name in ours if name in theirs and name != visual]
    inner = [name for name in theirs if name.startswith(f"{visual}.")]
    if root and not (root.get("type", "object") == "object" and root.get("enabled", True)):
        yield f"expected an object {visual} {beside}"
    if inner and not shared:
        yield f"expected an object {visual} {beside}"
    for name in shared:
        if _form(theirs[name]) != _form(ours[name]):
            yield f"expected a field {name} {beside}"


def custom_routing(index: str) -> str:
    """Describe an index that cannot be taken because a product's id does not tell its shard."""
    return (
        f"expected an index without custom routing; documents of {index!r} have one: copy them "
        "into an index without it"
    )


def _first_lost(mapping: Json, source: Json, visual: str) -> str | None:
    """Return the first field that is searched by, or is ours, and is not in ``_source``."""
    includes, excludes = source.get("includes", ()), source.get("excludes", ())
    fields = dict(flatten(mapping.get("properties", {}), sub_fields=False))
    copies = {to for one in fields.values() for to in _listed(one.get("copy_to", ()))}
    for name, one in fields.items():
        if name in copies or is_object(one) or one["type"] == "alias" or not is_indexed(one):
            continue
        keys = [pattern for pattern in excludes if pattern.startswith(f"{name}.")]
        if not _is_kept(name, includes, excludes) or (keys and one["type"] in FLATTENED):
            return name
    ours = (f"{visual}.{name}" for name in visual_fields()["properties"])
    return next((name for name in ours if not _is_kept(name, includes, excludes)), None)


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _is_kept(name: str, includes: Sequence[str], excludes: Sequence[str]) -> bool:
    return not _matches(name, excludes) and (not includes or _matches(name, includes))


def _matches(name: str, patterns: Sequence[str]) -> bool:
    """Tell whether a pattern names a field, or an object that it lies in."""
    return any(
        re.fullmatch(rf"{re.escape(pattern).replace(chr(92) + '*', '.*')}(\..*)?", name)
        for pattern in patterns
    )


def _form(definition: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what decides how a field of ``visual`` can be searched and read."""
    field_type = definition.get("type")
    has_doc_values = definition.get("doc_values", field_type != "binary")
    return field_type, definition.get("index", True), has_doc_values


def _is_true(setting: Any) -> bool:
    return str(setting).lower() == "true"
