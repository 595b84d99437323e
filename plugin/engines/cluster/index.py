"""Prepare an OpenSearch index for ``visual``, and read its mapping."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import inf
from time import monotonic

from opensearchpy.exceptions import RequestError

from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.errors import EngineUnavailable, InvalidConfig
from houndstooth.mappings.rows import AVAILABILITY
from houndstooth.plugin.engines.cluster.client import Cluster, Json, repeated
from houndstooth.plugin.engines.cluster.errors import client_errors, reason
from houndstooth.plugin.engines.cluster.facts import FactFitter
from houndstooth.plugin.engines.fields import Fields
from houndstooth.plugin.engines.index_mapping import product_index, visual_fields

FIELDS_SECONDS = 60
"""Time after which the mapping is read again for a field of rows that it lacks."""

BEGIN_SECONDS = 10.0
"""How long a new index may take until it can be searched."""

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
    """

    def __init__(self, cluster: Cluster, name: str, visual: str) -> None:
        self.name = name
        self.visual = visual
        self.fields = Fields({}, visual)
        self._cluster, self._client = cluster, cluster.client
        self._read_at = -inf

    def errors(self) -> AbstractContextManager[None]:
        """Raise the client's errors as those of the Engine protocol."""
        return client_errors(self._cluster.address, self.name)

    def prepare(self) -> None:
        """Create the index, or add ``visual`` to the shop's own index.

        Raises:
            InvalidConfig: The index has another field ``visual`` or uses custom routing, or the
                cluster refuses the name.
        """
        with self.errors():
            try:
                if not self._client.indices.exists(index=self.name):
                    self._create()
                mapping = {"properties": {self.visual: visual_fields()}}
                self._client.indices.put_mapping(index=self.name, body=mapping)
                self._check_unrouted()
            except RequestError as error:
                raise InvalidConfig(
                    f"expected an index that can take the object {self.visual}; {self.name!r} at "
                    f"{self._cluster.address} cannot: {reason(error.info)}"
                ) from error

    def prepared_fitter(self) -> FactFitter:
        """Read the mapping, and return what fits facts to it.

        Raises:
            EngineUnavailable: The index was removed, or its alias points to another index. A
                write would then create fields of wrong types.
        """
        with self.errors():
            mapping = self._read_fields(self._client.indices.get_mapping(index=self.name))
        code = self.fields.visual("binary_code")
        if self.fields.type(code) != "binary":
            raise EngineUnavailable(
                f"expected the index {self.name!r} as it was prepared, with {code}; it has been "
                "replaced by another: give the feed again"
            )
        return FactFitter(mapping, self.fields, self._read_limit)

    def identity(self) -> IndexIdentity:
        """Read which index the name stands for.

        Raises:
            EngineUnavailable: The name is an alias of several indices.
        """
        settings = self._cluster.read(
            self._client.indices.get_settings,
            index=self.name,
            name="index.uuid,index.number_of_shards",
        )
        if len(settings) != 1:
            raise EngineUnavailable(
                f"expected one index behind the name {self.name!r}; got {sorted(settings)}"
            )
        ((name, found),) = settings.items()
        index = found["settings"]["index"]
        shards = tuple(map(str, range(int(index["number_of_shards"]))))
        return IndexIdentity(index["uuid"], name, shards)

    def fields_for(self, query: CandidateQuery, names: Sequence[str] = ()) -> Fields:
        """Return the fields of the index; read the mapping again if one is not known yet.

        Every search names the variant field, so a missing one causes a new read at most every
        ``FIELDS_SECONDS``.

        Args:
            query: Its filters name fields.
            names: Further fields, such as those of facets.
        """
        if any(name not in self.fields for name in (*(f.field for f in query.filters), *names)):
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
        return mapping

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

    def _create(self) -> None:
        try:
            self._client.indices.create(index=self.name, body=product_index())
        except RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise

    def _check_unrouted(self) -> None:
        """Check that no document has a custom routing: documents are read by id alone.

        Raises:
            InvalidConfig: A document has one.
        """
        body = {"query": {"exists": {"field": "_routing"}}, "size": 0, "terminate_after": 1}
        # An index that another process has just created takes a moment to begin.
        answer = repeated(
            lambda: self._client.search(index=self.name, body=body),
            BEGIN_SECONDS,
            lambda error: error.status_code == 503,
        )
        if answer["hits"]["total"]["value"]:
            raise InvalidConfig(
                f"expected an index without custom routing; documents of {self.name!r} have one"
            )
