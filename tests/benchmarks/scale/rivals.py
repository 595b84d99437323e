"""Search by Hamming distance alone in the ways that exist without Houndstooth.

Each way gets the same filter as ours and returns a page with the same facts. FAISS has no facts:
its time is that of the search alone.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from houndstooth.mappings.engine import CandidateQuery, RangeFilter
from houndstooth.mappings.features import Bytes
from tests.benchmarks.scale.catalogue import Catalogue
from tests.benchmarks.scale.load import EXACT, HNSW, Node, index_name
from tests.benchmarks.scale.queries import Query
from tests.benchmarks.scale.reference import Truth

SHOWN = ("title", "brand", "price", "currency", "stock", "image", "url")
SHOWN_VISUAL = ("visual.category", "visual.attributes", "visual.box")
CODE = "visual.binary_code"

HAMMING_SCRIPT = """\
def ref = doc['visual.binary_code'].value;
byte[] bytes = ref.bytes; int offset = ref.offset; String code = params.code; int differing = 0;
for (int i = 0; i < 175; ++i) {
  differing += Integer.bitCount((bytes[offset + i] ^ code.charAt(i)) & 255);
}
return 1.0 / (1 + differing);
"""
"""The code comes as a string, since the numbers of a list would be boxed for every document."""


@dataclass(frozen=True)
class Page:
    """A page of hits.

    Attributes:
        ids: Product ids, best first.
        stages: Milliseconds by stage, as far as the way tells them.
    """

    ids: list[str]
    stages: Mapping[str, float] = field(default_factory=dict)


class Way(ABC):
    """A way to search.

    Attributes:
        name: Name in tables.
        exact: Whether the page must be the nearest products.
    """

    name: ClassVar[str]
    exact: ClassVar[bool] = True

    @abstractmethod
    def search(self, asked: Query, truth: Truth) -> Page:
        """Answer a query.

        Args:
            asked: The query.
            truth: Its filter.
        """

    def prepare(self, truth: Truth) -> None:  # noqa: B027
        """Make what is given to the way and not timed."""

    def close(self) -> None:  # noqa: B027
        """Free what the way holds."""


class EngineWay(Way):
    """A search on the node, in one request."""

    kind: ClassVar[str] = "ours"

    def __init__(self, node: Node, catalogue: Catalogue) -> None:
        self.node = node
        self.path = (
            f"/{index_name(self.kind, catalogue)}/_search"
            "?filter_path=took,timed_out,_shards.failed,hits.hits._id,hits.hits._source"
        )

    def search(self, asked: Query, truth: Truth) -> Page:
        """Send the request and read ids and facts."""
        body = {
            "query": self.query(asked.features.binary_code, truth.query, asked.request.top),
            "size": asked.request.top,
            "_source": [*SHOWN, *SHOWN_VISUAL],
            "track_total_hits": False,
        }
        answer = self.node.json("POST", self.path, body)
        if answer["timed_out"] or answer["_shards"]["failed"]:
            raise RuntimeError(f"expected a whole answer of {self.name}; got {answer}")
        hits = answer.get("hits", {}).get("hits", [])
        return Page([hit["_id"] for hit in hits], {"server": float(answer["took"])})

    @abstractmethod
    def query(self, code: Bytes, filters: CandidateQuery, top: int) -> dict[str, Any]:
        """Write the query."""


class Painless(EngineWay):
    """Hamming in a painless script over the binary doc values."""

    name = "painless"

    def query(self, code: Bytes, filters: CandidateQuery, top: int) -> dict[str, Any]:
        """Write a script_score query."""
        params = {"code": code.tobytes().decode("latin-1")}
        script = {"lang": "painless", "source": HAMMING_SCRIPT, "params": params}
        return {"script_score": {"query": filter_query(filters), "script": script}}


class HammingBit(EngineWay):
    """The k-NN plugin's ``hammingbit`` over the binary doc values."""

    name = "k-NN hammingbit on binary"

    def query(self, code: Bytes, filters: CandidateQuery, top: int) -> dict[str, Any]:
        """Write a script_score query."""
        value = base64.b64encode(code.tobytes()).decode("ascii")
        params = {"field": CODE, "query_value": value, "space_type": "hammingbit"}
        script = {"lang": "knn", "source": "knn_score", "params": params}
        return {"script_score": {"query": filter_query(filters), "script": script}}


class ExactVector(EngineWay):
    """The k-NN plugin's exact script over a binary ``knn_vector``."""

    name = "k-NN exact knn_vector"
    kind = "exact"

    def query(self, code: Bytes, filters: CandidateQuery, top: int) -> dict[str, Any]:
        """Write a script_score query."""
        value = code.view(np.int8).tolist()
        params = {"field": EXACT, "query_value": value, "space_type": "hamming"}
        script = {"lang": "knn", "source": "knn_score", "params": params}
        return {"script_score": {"query": filter_query(filters), "script": script}}


class Graph(EngineWay):
    """Lucene's HNSW graph with a filter; not exact."""

    name = "k-NN Lucene HNSW"
    kind = "hnsw"
    exact = False

    def query(self, code: Bytes, filters: CandidateQuery, top: int) -> dict[str, Any]:
        """Write a knn query."""
        vector = code.view(np.int8).tolist()
        return {"knn": {HNSW: {"vector": vector, "k": top, "filter": filter_query(filters)}}}


class Faiss(Way):
    """FAISS IndexBinaryFlat over all products, with a bitmap of those that pass."""

    name = "FAISS IndexBinaryFlat, bitmap"

    def __init__(self, catalogue: Catalogue) -> None:
        faiss = import_faiss()
        self.faiss, self.catalogue = faiss, catalogue
        self.index = faiss.IndexBinaryFlat(8 * catalogue.codes.shape[1])
        self.index.add(np.ascontiguousarray(catalogue.codes))
        self._prepared: dict[int, tuple[Truth, Any]] = {}

    def prepare(self, truth: Truth) -> None:
        """Make the filter's bitmap."""
        if id(truth) not in self._prepared:
            passes = np.zeros(len(self.catalogue), dtype=np.uint8)
            passes[truth.passing] = 1
            selector = self.faiss.IDSelectorBitmap(np.packbits(passes, bitorder="little"))
            self._prepared[id(truth)] = (truth, self.faiss.SearchParameters(sel=selector))

    def search(self, asked: Query, truth: Truth) -> Page:
        """Search with the filter's bitmap."""
        self.prepare(truth)
        _, parameters = self._prepared[id(truth)]
        _, [rows] = self.index.search(
            asked.features.binary_code[np.newaxis], asked.request.top, params=parameters
        )
        return Page([self.catalogue.product_id(row) for row in rows.tolist()])

    def close(self) -> None:
        """Free index and bitmaps."""
        self.index.reset()
        self._prepared.clear()


def import_faiss() -> Any:
    """Import FAISS, which only this benchmark uses.

    Raises:
        SystemExit: It is not installed.
    """
    try:
        import faiss
    except ImportError:
        raise SystemExit(
            "expected the package faiss-cpu: make bench installs it, or pip install '.[bench]'"
        ) from None
    faiss.omp_set_num_threads(1)
    return faiss


def filter_query(query: CandidateQuery) -> dict[str, Any]:
    """Write what a document must have as a query that does not score."""
    filters: list[dict[str, Any]] = [
        {"term": {"visual.model": query.model}},
        {"term": {"visual.category": query.category}},
    ]
    for one in query.filters:
        if isinstance(one, RangeFilter):
            filters.append({"range": {one.field: {"gte": one.low, "lte": one.high}}})
        else:
            filters.append({"term": {one.field: one.value}})
    if query.minimum_groups:
        groups = [{"terms": {"visual.attributes": list(b)}} for b in query.preferred.values()]
        agreeing = {"should": groups, "minimum_should_match": query.minimum_groups}
        filters.append({"bool": agreeing})
    return {"bool": {"filter": filters}}
