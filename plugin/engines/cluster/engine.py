"""Store and search documents in a cluster: in the shop's own index or a new one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from houndstooth.mappings.document import (
    VISUAL,
    VisualDocument,
    VisualSummary,
    facts_of,
    visual_of,
)
from houndstooth.mappings.engine import CandidateQuery
from houndstooth.mappings.read_products import ProductFacts, ShownProduct, StoredProduct
from houndstooth.mappings.rows import Changes, Checkpoint, FeatureRows, Lengths
from houndstooth.mappings.shop_index import Pages, Serving, SourceDocument
from houndstooth.mappings.words_query import WordsQuery
from houndstooth.mappings.writes import IndexDocument, Outdated, StoredState, WriteOutcome
from houndstooth.plugin.engines.cluster.changes import ClusterChanges
from houndstooth.plugin.engines.cluster.client import Cluster, Json
from houndstooth.plugin.engines.cluster.delete import ClusterDeleter
from houndstooth.plugin.engines.cluster.deleted import DeletedDocuments
from houndstooth.plugin.engines.cluster.index import ClusterIndex
from houndstooth.plugin.engines.cluster.outdated import OutdatedDocuments
from houndstooth.plugin.engines.cluster.query import bool_query, facet_body, facet_counts
from houndstooth.plugin.engines.cluster.read import ClusterReader
from houndstooth.plugin.engines.cluster.scan import ClusterScan
from houndstooth.plugin.engines.cluster.server import Server, identify
from houndstooth.plugin.engines.cluster.serving import ClusterServing
from houndstooth.plugin.engines.cluster.write import ClusterWriter
from houndstooth.plugin.engines.documents import Visual, decode_visual


class ClusterEngine:
    """An engine on one index of a cluster. Threads may share it.

    Args:
        cluster: The cluster.
        index: Name of the index or of an alias; ``prepare`` creates a missing index.
        visual: Name of the object ``visual``. Another version, such as ``visual_2``, can be
            filled beside the one that is searched.
    """

    embedded = False

    def __init__(self, cluster: Cluster, index: str, visual: str = VISUAL) -> None:
        self.index, self.visual = index, visual
        self.product = cluster.product
        self.location = f"{cluster.address}/{index} {visual}"
        self._cluster, self._client = cluster, cluster.client
        self._index = ClusterIndex(cluster, index, visual)
        self._reader = ClusterReader(cluster, self._index)
        self._deleted = DeletedDocuments(cluster, self._index)
        self._deleter = ClusterDeleter(cluster, self._index, self._reader, self._deleted)
        self._writer = ClusterWriter(
            cluster, self._index, self._reader, self._deleted, self._deleter
        )
        self._outdated = OutdatedDocuments(cluster, self._index, self._deleter)
        self._changes = ClusterChanges(cluster, self._index, self._reader.decoder)
        self._scan = ClusterScan(cluster, self._index)
        self._serving = ClusterServing(cluster, index)

    def prepare(self) -> None:
        """Create the index, or add ``visual`` to the shop's own index.

        Raises:
            InvalidConfig: The index cannot take it, or the cluster refuses the name.
        """
        self._index.prepare()

    def check(self) -> None:
        """Raise if the index cannot take ``visual``; see ShopIndex.

        Raises:
            InvalidConfig: It cannot.
        """
        self._index.check()

    def write(self, documents: Sequence[IndexDocument]) -> list[WriteOutcome]:
        """Write a bulk of partial updates; a shop's other fields stay.

        A fact that the index cannot take is left out and noted.

        Raises:
            EngineUnavailable: The cluster cannot be reached, or the index is not the one that
                was prepared.
        """
        return self._writer.write(documents)

    def delete(self, product_ids: Collection[str], as_of: int | None = None) -> int:
        """Delete documents and return how many existed."""
        if as_of is None:
            return self._deleter.delete(product_ids)
        return self._deleter.delete_older(product_ids, as_of)

    def outdated(self, before: int, kept: Collection[str] = (), examples: int = 10) -> Outdated:
        """Count the products of which an ingest wrote older facts and features, as search sees."""
        return self._outdated.count(before, kept, examples)

    def delete_outdated(self, before: int, kept: Collection[str], limit: int) -> int:
        """Delete some of those products, each unless it is written meanwhile; return how many."""
        return self._outdated.delete(before, kept, limit)

    def field_names(self) -> list[str]:
        """List the shop's fields by their dotted paths, objects among them."""
        return self._scan.field_names()

    def versions(self) -> list[str]:
        """List the versions of ``visual`` in the index; see ShopIndex."""
        return self._scan.versions()

    def documents(
        self, fields: Sequence[str] | None = None, since: Checkpoint | None = None
    ) -> tuple[Checkpoint, Pages]:
        """Read the documents that were written after a checkpoint; see ShopIndex.

        Raises:
            IndexReplaced: Another index has taken the name since that checkpoint.
        """
        return self._scan.read(fields, since)

    def forget_deletions(self) -> None:
        """Remove what is kept beside the index of documents that were deleted; see ShopIndex."""
        self._deleted.forget()

    def rewrite(self, documents: Sequence[SourceDocument]) -> list[WriteOutcome]:
        """Replace whole documents, each unless it was written since it was read."""
        return self._writer.rewrite(documents)

    def update(self, documents: Sequence[SourceDocument]) -> list[WriteOutcome]:
        """Replace fields of documents, each unless it was written since it was read."""
        return self._writer.update(documents)

    def serving(self) -> Serving | None:
        """Read which version of ``visual`` the index serves; see ShopIndex."""
        return self._serving.read()

    def serve(self, serving: Serving | None, after: Serving | None) -> bool:
        """Say which version of ``visual`` the index serves; see ShopIndex."""
        return self._serving.state(serving, after)

    def refresh(self) -> None:
        """Make everything that was written visible to search."""
        with self._index.errors():
            self._client.indices.refresh(index=self.index)

    def stored(self, product_ids: Sequence[str]) -> dict[str, StoredState]:
        """Read the states of the documents that are there, of the newest versions.

        Features that are stored and not indexed count as none. Some were written just now, or
        copied into the index before it was prepared.
        """
        states = self._reader.states(product_ids)
        with_features = [key for key, state in states.items() if state.features is not None]
        searchable = self._reader.searchable(with_features)
        if len(searchable) < len(with_features):
            self.refresh()
            searchable = self._reader.searchable(with_features)
        return {
            key: state if key in searchable else replace(state, features=None)
            for key, state in states.items()
        }

    def index_id(self) -> str:
        """Return the uuid of the index behind the name."""
        with self._index.errors():
            return self._index.identity().id

    def changes(
        self,
        model: str,
        lengths: Lengths,
        variant_field: str | None,
        since: Checkpoint | None = None,
    ) -> Iterator[Changes]:
        """Read what changed after the checkpoint, shard by shard; deletions are missed.

        What is written while this reads may come with the next call only.

        Raises:
            IndexReplaced: Another index has taken the name since that checkpoint.
        """
        return self._changes.read(model, lengths, variant_field, since)

    def features(
        self, product_ids: Sequence[str], model: str, lengths: Lengths, variant_field: str | None
    ) -> FeatureRows:
        """Read the features that ``model`` computed of some documents, in any order."""
        return self._reader.features(product_ids, model, lengths, variant_field)

    def match(
        self, query: CandidateQuery, limit: int, among: Sequence[str] | None = None
    ) -> list[str]:
        """List ids of documents that match, in any order, at most ``limit``.

        Up to 10,000 ids take one request.
        """
        return self._reader.match(query, limit, among)

    def by_words(
        self, query: CandidateQuery, words: WordsQuery, limit: int
    ) -> list[tuple[str, float]]:
        """Rank the documents that match by words in their fields of text, by BM25."""
        return self._reader.by_words(query, words, limit)

    def window(
        self,
        query: CandidateQuery,
        limit: int,
        lengths: Lengths,
        appearance: Mapping[str, int] | None = None,
    ) -> FeatureRows:
        """Read the features of the best matches, at most 10,000, in any order.

        Only the score ranks them: the engine can then pass over documents that cannot compete,
        and cuts ties in its own order.
        """
        return self._reader.window(query, limit, lengths, appearance or {})

    def show(self, product_ids: Sequence[str]) -> list[ShownProduct]:
        """Read of each document what is shown of a hit, as search sees it.

        Whole documents are read: to leave out the codes takes the engine longer than to send them.
        """
        products = []
        for document in self._reader.searched(product_ids):
            key, source = document["_id"], document["_source"]
            visual = self._decode_visual(VisualSummary, key, source)
            if visual is not None:
                facts = facts_of(source)
                products.append(ShownProduct(key, document["_seq_no"], facts, visual))
        return products

    def facts(
        self, product_ids: Sequence[str], names: Collection[str], terms: Collection[str] = ()
    ) -> dict[str, ProductFacts]:
        """Read some facts of documents; whole ones are read, as by ``show``."""
        return self._reader.facts(product_ids, names, terms)

    def fetch(self, product_ids: Sequence[str]) -> list[StoredProduct]:
        """Read documents in the given order; facts are all fields but ``visual`` in any version."""
        products = []
        for document in self._reader.get(product_ids):
            key, source = document["_id"], document["_source"]
            visual = self._decode_visual(VisualDocument, key, source)
            products.append(StoredProduct(key, facts_of(source), visual))
        return products

    def count(self, query: CandidateQuery | None = None) -> int:
        """Count the matching documents, or all of them if there is no query."""
        with self._index.errors():
            body: Json = {"size": 0, "track_total_hits": True}
            if query:
                body["query"] = bool_query(query, self._index.fields_for(query))
            return int(self._cluster.ask(self.index, body)["hits"]["total"]["value"])

    def facets(
        self, query: CandidateQuery, fields: Sequence[str], size: int = 20
    ) -> dict[str, list[tuple[str, int]]]:
        """Count the values of each field with terms aggregations, highest count first."""
        with self._index.errors():
            body = facet_body(query, fields, size, self._index.fields_for(query, fields))
            counts = self._cluster.ask(self.index, body)["aggregations"]
        return {name: facet_counts(counts[str(n)]) for n, name in enumerate(fields)}

    def ping(self) -> None:
        """Return if the index can be searched, else raise, without waiting for a host."""
        with self._index.errors():
            self._client.count(index=self.index)

    def server(self) -> Server | None:
        """Ask which product and version the cluster runs, where it says; see ``product``.

        Raises:
            EngineUnavailable: The cluster cannot be reached.
        """
        with self._index.errors():
            return identify(self._cluster)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _decode_visual(self, kind: type[Visual], product_id: str, source: Json) -> Visual | None:
        return decode_visual(kind, self.index, product_id, visual_of(source, self.visual))
