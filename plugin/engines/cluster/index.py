"""Prepare an index of a cluster for ``visual``, and read its mapping."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import inf
from time import monotonic

from opensearchpy.exceptions import NotFoundError, RequestError

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.errors import EngineUnavailable, IndexReplaced, InvalidConfig
from houndstooth.mappings.rows import AVAILABILITY, Checkpoint
from houndstooth.plugin.engines.cluster.client import Cluster, Json, repeated
from houndstooth.plugin.engines.cluster.errors import client_errors, reason
from houndstooth.plugin.engines.cluster.facts import FactFitter
from houndstooth.plugin.engines.cluster.index_check import (
    custom_routing,
    has_no_objects,
    refusal,
    visual_mapping,
)
from houndstooth.plugin.engines.cluster.serving import check_open
from houndstooth.plugin.engines.fields import Fields
from houndstooth.plugin.engines.index_mapping import product_index

FIELDS_SECONDS = 60
"""Time after which the mapping is read again for a field of rows that it lacks."""

BEGIN_SECONDS = 10.0
"""How long a new index may take until it can be searched."""

MAX_HITS = 10_000
"""Most hits of one search, which is the engines' default for ``max_result_window``."""

SAMPLE = 100
"""Documents whose versions are looked at."""

PIPELINES = ("index.default_pipeline", "index.final_pipeline")

FIELD_LIMIT = "index.mapping.total_fields.limit"


@dataclass(frozen=True)
class IndexIdentity:
    """The index that a name stands for.

    Attributes:
        id: Its uuid, which no other index has.
        name: Its own name, not an alias.
        shards: Its shards.
    """

    id: str
    name: str
    shards: tuple[str, ...]


class ClusterIndex:
    """One index of a cluster: its settings, its mapping and its fields.

    Args:
        cluster: The cluster.
        name: Name of the index or of an alias.
        visual: Name of the object ``visual`` in the index.

    Attributes:
        deleted: Name of the index beside it that says when documents were deleted.
        fields: The fields, as they were read last.
        has_objects: Whether ``visual`` is an object, else its fields have names with dots.
        has_pipeline: Whether new documents go through an ingest pipeline.
    """

    def __init__(self, cluster: Cluster, name: str, visual: str) -> None:
        self.name = name
        self.visual, self.deleted = visual, f"{name}-houndstooth-deleted"
        self.fields = Fields({}, visual)
        self._cluster, self._client = cluster, cluster.client
        self.has_objects, self.has_pipeline = True, False
        self._read_at = -inf
        self._window: int | None = None

    def errors(self) -> AbstractContextManager[None]:
        """Raise the client's errors as those of the Engine protocol."""
        return client_errors(self._cluster.address, self.name)

    def prepare(self) -> None:
        """Create the index, or add ``visual`` to the shop's own index.

        Raises:
            InvalidConfig: The index cannot take it, or the cluster refuses the name. Nothing of
                the index was changed.
        """
        with self.errors():
            try:
                found = self._read_or_create()
                mapping = visual_mapping(self.visual, self._checked(found)["mappings"])
                self._client.indices.put_mapping(index=self.name, body=mapping)
            except RequestError as error:
                raise InvalidConfig(
                    f"expected an index that can take the object {self.visual}; {self.name!r} at "
                    f"{self._cluster.address} cannot: {reason(error.info)}"
                ) from error

    def check(self) -> None:
        """Raise if the index cannot take ``visual``; it is not created and nothing is changed.

        Raises:
            InvalidConfig: It cannot.
        """
        with self.errors():
            self._checked(self._read())

    def prepared_fitter(self) -> FactFitter:
        """Read the mapping, and return what fits facts to it.

        Raises:
            EngineUnavailable: The index was removed, its alias points to another index or to
                several, or another version of ``visual`` serves, or will in a moment.
        """
        with self.errors():
            found = self._client.indices.get(index=self.name, params={"flat_settings": "true"})
        _, form = self._only(found)
        mapping = self._read_fields({self.name: form})
        settings = form["settings"]
        self.has_pipeline = any(settings.get(name, "_none") != "_none" for name in PIPELINES)
        code = self.fields.visual("binary_code")
        if self.fields.type(code) != "binary":
            expected = f"expected the index {self.name!r} as it was prepared, with {code}"
            raise IndexReplaced(f"{expected}; it was replaced by another: give the feed again")
        check_open(mapping, self.name, self.visual)
        return FactFitter(mapping, self.fields, self._read_limit)

    def identity(self, since: Checkpoint | None = None) -> IndexIdentity:
        """Read which index the name stands for.

        Args:
            since: A checkpoint of the index that is expected; None expects any.

        Raises:
            EngineUnavailable: The name is an alias of several indices.
            IndexReplaced: Another index has taken the name since that checkpoint.
        """
        settings = self._cluster.read(
            self._client.indices.get_settings,
            index=self.name,
            name="index.uuid,index.number_of_shards",
        )
        name, found = self._only(settings)
        index = found["settings"]["index"]
        if since and since.index != index["uuid"]:
            raise IndexReplaced(
                f"expected the index {self.name!r} that was read before; it was replaced by another"
            )
        shards = tuple(map(str, range(int(index["number_of_shards"]))))
        return IndexIdentity(index["uuid"], name, shards)

    def most_hits(self) -> int:
        """Return how many hits one search may ask for, as the index's setting says."""
        if self._window is None:
            answer = self._cluster.read(
                self._client.indices.get_settings,
                index=self.name,
                name="index.max_result_window",
                flat_settings=True,
            )
            settings = [one["settings"] for one in answer.values()]
            windows = (int(one.get("index.max_result_window", MAX_HITS)) for one in settings)
            self._window = min(windows, default=MAX_HITS)
        return min(self._window, MAX_HITS)

    def fields_for(self, query: CandidateQuery, names: Sequence[str] = ()) -> Fields:
        """Return the fields of the index; read the mapping again if one is not known yet.

        Every search names the variant field, so a missing one causes a new read at most every
        ``FIELDS_SECONDS``.

        Args:
            query: Its filters name fields.
            names: Further fields, such as those of facets.
        """
        filtered = [one.field for one in (*query.filters, *query.post_filters)]
        if any(name not in self.fields for name in (*filtered, *names)):
            self._look_again()
        return self.fields_with(query.variant_field)

    def fields_with(self, variant_field: str | None) -> Fields:
        """Return the fields of the index; now and then look for those of rows that it lacks."""
        wanted = [AVAILABILITY] if variant_field is None else [AVAILABILITY, variant_field]
        is_lacking = any(name not in self.fields for name in wanted)
        if is_lacking and monotonic() - self._read_at > FIELDS_SECONDS:
            self._look_again()
        return self.fields

    def _look_again(self) -> None:
        get_mapping = self._client.indices.get_mapping
        self._read_fields(self._cluster.read(get_mapping, index=self.name))
        self._read_at = monotonic()

    def _read_fields(self, answer: Json) -> Json:
        """Take the fields from an answer with mappings, and return what else these say."""
        mapping: Json = {}
        properties: Json = {}
        for index in answer.values():
            mapping |= index["mappings"]
            properties |= index["mappings"].get("properties", {})
        self.fields = Fields(properties, self.visual)
        self.has_objects = not has_no_objects(mapping)
        return mapping

    def _only(self, found: Json) -> tuple[str, Json]:
        """Return the one index of an answer, by its own name."""
        if len(found) != 1:
            raise EngineUnavailable(
                f"expected one index behind the name {self.name!r}; got {sorted(found)}"
            )
        ((name, form),) = found.items()
        return name, form

    def _read_limit(self) -> int:
        """Read how many fields the index may have."""
        with self.errors():
            answer = self._client.indices.get_settings(
                index=self.name, name=FIELD_LIMIT, include_defaults=True, flat_settings=True
            )
        return min(
            int((index["settings"] | index.get("defaults", {}))[FIELD_LIMIT])
            for index in answer.values()
        )

    def _read_or_create(self) -> Json:
        """Read the indices of the name, with all settings; create one if there is none."""
        try:
            return self._read()
        except NotFoundError:
            self._create()
            return self._read()

    def _read(self) -> Json:
        params = {"flat_settings": "true", "include_defaults": "true"}
        found: Json = self._client.indices.get(index=self.name, params=params)
        return found

    def _checked(self, found: Json) -> Json:
        """Return the form of the one index that was found.

        Raises:
            InvalidConfig: It cannot take ``visual``.
        """
        if why := refusal(self.name, self.visual, found):
            raise InvalidConfig(why)
        ((index, form),) = found.items()
        self._check_documents(index)
        checked: Json = form
        return checked

    def _create(self) -> None:
        try:
            self._client.indices.create(index=self.name, body=product_index())
            self._client.indices.delete(index=self.deleted, ignore=(403, 404))  # of another one
        except RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise

    def _check_documents(self, index: str) -> None:
        """Check that documents are read by id alone, and that updates may count their versions.

        A document's version is at most the number of writes to its shard, which its sequence
        number tells, unless the shop gave it the version.

        Raises:
            InvalidConfig: A document has a custom routing, or a version of the shop's.
        """
        routed = {"query": {"exists": {"field": "_routing"}}, "size": 1}
        if self._hits(routed):
            raise InvalidConfig(custom_routing(index))
        sample = {
            "size": min(SAMPLE, self.most_hits()),
            "version": True,
            "seq_no_primary_term": True,
        }
        if any(hit["_version"] > hit["_seq_no"] + 1 for hit in self._hits(sample)):
            raise InvalidConfig(
                f"expected an index that counts the versions of its documents; those of {index!r} "
                "are the shop's (version_type external), and an update would take its next one: "
                "copy them into an index without versions of the shop's"
            )

    def _hits(self, body: Json) -> list[Json]:
        """Search for any hits. An index that was just created takes a moment to begin."""
        body = body | {"_source": False, "track_total_hits": False}
        path = "hits.hits._id,hits.hits._version,hits.hits._seq_no"
        hits: list[Json] = repeated(
            lambda: self._cluster.search(self.name, body, path),
            BEGIN_SECONDS,
            lambda error: error.status_code == 503,
        )
        return hits
