"""Know every state that each product has had, and check answers against them.

A state becomes visible to search somewhere between the beginning of its write and the end of the
refresh after it. Answers are compared with a naive scan: it shares the attribute query with the
product and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import CandidateQuery, RangeFilter
from houndstooth.mappings.errors import ProductNotFound
from houndstooth.mappings.features import Features
from houndstooth.mappings.product import Scalar
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.search import Hit, SearchAnswer, SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.plugin.attribute_query import Step, attribute_query, stored_features
from houndstooth.plugin.config import ATTRIBUTE_WEIGHT

LAG_SECONDS = 2.0
"""Time after which a visible change must be in every answer."""

VARIANT_FIELD = "group"

Rows = NDArray[np.int64]
Verdict = Literal["right", "wrong", "stale", "failed", "skipped"]


@dataclass
class State:
    """What a product was from one write to the next.

    Attributes:
        facts: All facts; ``revision`` differs in every state.
        visual: None = the product was deleted.
        began, written, visible: When its write began and ended, and when a refresh had ended, in
            monotonic seconds. It may have been visible from ``began`` on.
        hidden: When a refresh had ended that showed the next state.
        overwritten: When the write of the next state had ended.
    """

    product_id: str
    facts: Mapping[str, Scalar]
    visual: VisualDocument | None
    began: float
    written: float
    visible: float
    hidden: float = inf
    overwritten: float = inf


@dataclass(frozen=True)
class Asked:
    """A query: by features, or by a product."""

    request: SearchRequest
    features: Features | None = None
    product_id: str = ""


@dataclass(frozen=True)
class Answered:
    """A query's answer, or its error, and when it was asked for and had come."""

    asked: Asked
    began: float
    ended: float
    answer: SearchAnswer | None = None
    error: Exception | None = None


@dataclass(frozen=True)
class Expected:
    """A hit of the naive answer: row of its state, and rows of its variants, best first."""

    row: int
    variants: tuple[int, ...]
    values: tuple[float, float, float]


@dataclass
class History:
    """All states of all products, in the order of their writes.

    Args:
        taxonomy: Gives the attribute queries.
        model: The model that is searched.
    """

    taxonomy: Taxonomy
    model: str
    states: list[State] = field(default_factory=list)
    rows_of: dict[str, list[int]] = field(default_factory=dict)

    def add(self, state: State) -> None:
        """Add a product's next state."""
        rows = self.rows_of.setdefault(state.product_id, [])
        if rows:
            before = self.states[rows[-1]]
            before.hidden, before.overwritten = state.visible, state.written
        rows.append(len(self.states))
        self.states.append(state)

    def last(self, product_id: str) -> State | None:
        """Return a product's newest state."""
        rows = self.rows_of.get(product_id)
        return self.states[rows[-1]] if rows else None


class Judge:
    """Checks answers, once no more states are added.

    Args:
        history: The history.
    """

    def __init__(self, history: History) -> None:
        self._history, self._states = history, history.states
        self._table = _Table(history)
        self._visible = np.array([state.visible for state in self._states])
        self._began = np.array([state.began for state in self._states])
        self._hidden = np.array([state.hidden for state in self._states])

    def verdict(self, answered: Answered) -> tuple[Verdict, str]:
        """Judge an answer, and say what is wrong with it."""
        asked = answered.asked
        if isinstance(answered.error, ProductNotFound) and self._may_be_missing(answered):
            return "skipped", ""
        if answered.answer is None:
            return "failed", repr(answered.error)
        shown: dict[str, int] = {}
        for hit in answered.answer.hits:
            row = self._row_of(hit)
            if row is None:
                return "wrong", f"{hit.product_id} was never as it is shown"
            state = self._states[row]
            if state.hidden < answered.began:
                return "stale", f"{hit.product_id} is shown as it was before {state.hidden}"
            if state.began > answered.ended:
                return "wrong", f"{hit.product_id} is shown as it was not yet"
            shown[hit.product_id] = row
        settled = answered.began - LAG_SECONDS
        early = self._visible <= settled
        late = np.flatnonzero(~early & (self._began <= answered.ended))
        changing = {self._states[row].product_id for row in late.tolist()}
        kept = np.flatnonzero(early & (self._hidden > settled))
        rows = [row for row in kept.tolist() if self._states[row].product_id not in changing]
        rows += [row for product_id, row in shown.items() if product_id in changing]
        alive = np.array([row for row in rows if self._states[row].visual is not None], dtype=int)
        faults = []
        for features, source in self._sources(answered):
            if features.model != self._history.model:
                return "skipped", ""
            fault = self._compare(answered.answer, asked.request, features, source, alive, changing)
            if not fault:
                return "right", ""
            faults.append(fault)
        return "wrong", "; or ".join(faults)

    def _row_of(self, hit: Hit) -> int | None:
        revision = hit.product.get("revision")
        for row in self._history.rows_of.get(hit.product_id, ()):
            state = self._states[row]
            if state.visual is None or state.facts["revision"] != revision:
                continue
            whole = {name: value for name, value in state.facts.items() if value is not None}
            facts = {name: value for name, value in hit.product.items() if value is not None}
            same = facts == whole and hit.visual.attributes == state.visual.attributes
            return row if same and hit.visual.category == state.visual.category else None
        return None

    def _sources(self, answered: Answered) -> list[tuple[Features, State | None]]:
        """Return the features that the query may have had."""
        asked = answered.asked
        if asked.features is not None:
            return [(asked.features, None)]
        return [
            (stored_features(state.visual, asked.request.category), state)
            for state in self._around(asked.product_id, answered)
            if state.visual is not None
        ]

    def _around(self, product_id: str, answered: Answered) -> list[State]:
        """Return the states that a product may have had while a query ran, refreshed or not."""
        states = [self._states[row] for row in self._history.rows_of.get(product_id, ())]
        return [s for s in states if s.began <= answered.ended and s.overwritten >= answered.began]

    def _may_be_missing(self, answered: Answered) -> bool:
        states = self._around(answered.asked.product_id, answered)
        return not states or any(state.visual is None for state in states)

    def _compare(
        self,
        answer: SearchAnswer,
        request: SearchRequest,
        features: Features,
        source: State | None,
        rows: Rows,
        changing: set[str],
    ) -> str:
        """Return how an answer differs from the naive one."""
        relaxed, expected = self.answer(request, features, source, rows)
        place = 0
        for place, (hit, naive) in enumerate(zip(answer.hits, expected, strict=False)):
            product_id = self._states[naive.row].product_id
            values = (hit.score, hit.appearance_distance, hit.colour_distance)
            if hit.product_id != product_id:
                return f"place {place}: expected {product_id}, got {hit.product_id}"
            if values != naive.values:
                return f"{product_id}: expected {naive.values}, got {values}"
            variants = [v for v in hit.variants if v not in changing]
            ids = [self._states[row].product_id for row in naive.variants]
            if variants != [v for v in ids if v not in changing]:
                return f"{product_id}: expected the variants {ids}, got {hit.variants}"
        if len(answer.hits) != len(expected):
            return f"expected {len(expected)} hits, got {len(answer.hits)}"
        return "" if answer.relaxed == relaxed else f"expected {relaxed}, got {answer.relaxed}"

    def answer(
        self, request: SearchRequest, features: Features, source: State | None, rows: Rows
    ) -> tuple[str, list[Expected]]:
        """Answer a query by a scan of some states, one of each product."""
        steps = attribute_query(
            features,
            request,
            self._history.taxonomy,
            without=StoredProduct(source.product_id, source.facts, None) if source else None,
            variant_field=VARIANT_FIELD,
        )
        return self._table.answer(request, features, steps, rows)


class _Table:
    """The states as arrays."""

    def __init__(self, history: History) -> None:
        self._model, self._states = history.model, history.states

    @cached_property
    def _visuals(self) -> list[VisualDocument]:
        some = next(state.visual for state in self._states if state.visual)
        return [state.visual or some for state in self._states]

    @cached_property
    def _columns(self) -> dict[str, NDArray[Any]]:
        visuals, facts = self._visuals, [state.facts for state in self._states]
        groups = [f.get(VARIANT_FIELD) for f in facts]
        return {
            "id": np.unique([state.product_id for state in self._states], return_inverse=True)[1],
            "model": np.array([v.model for v in visuals]),
            "category": np.array([v.category for v in visuals]),
            "great_category": np.array([v.great_category for v in visuals]),
            "code": np.stack([v.binary_code for v in visuals]),
            "colour": np.stack([v.colour_histogram for v in visuals]).astype(np.int64),
            "price": np.array([f.get("price", np.nan) for f in facts], dtype=float),
            "brand": np.array([str(f.get("brand")) for f in facts]),
            "group": np.array(["" if g is None else str(g) for g in groups]),
        }

    @cached_property
    def _terms(self) -> dict[str, NDArray[np.bool_]]:
        terms = {term for visual in self._visuals for term in visual.attributes}
        sets = [set(visual.attributes) for visual in self._visuals]
        return {term: np.array([term in one for one in sets]) for term in terms}

    def answer(
        self, request: SearchRequest, features: Features, steps: Sequence[Step], rows: Rows
    ) -> tuple[str, list[Expected]]:
        """Return the name of the last step that is needed, and the page."""
        scores = self._scores(request, features, steps[0][1], rows)
        first, page = 0, list[Expected]()
        for number, (name, query) in enumerate(steps):
            first = number if query.category is not None else first
            step_of = np.full(len(rows), len(steps))
            for place in range(number, first - 1, -1):
                step_of[self._matches(steps[place][1], rows)] = place
            page = self._page(rows, step_of, scores, number, query.variant_field is not None)
            if len(page) >= request.top or number == len(steps) - 1:
                return name, page[: request.top]
        raise AssertionError("there is a last step")

    def _page(
        self, rows: Rows, step_of: Rows, scores: NDArray[Any], last: int, collapse: bool
    ) -> list[Expected]:
        found = np.flatnonzero(step_of <= last)
        ids = self._columns["id"][rows]
        order = found[np.lexsort((ids[found], -scores[found, 0], step_of[found]))]
        groups: dict[str, list[int]] = {}
        leaders = []
        for place in order.tolist():
            group = str(self._columns["group"][rows[place]]) if collapse else ""
            if group and group in groups:
                groups[group].append(place)
            else:
                leaders.append((place, group))
                groups.setdefault(group, [])
        page = []
        for place, group in leaders:
            variants = [v for v in groups[group] if group and step_of[v] == step_of[place]]
            values = tuple(scores[place].tolist())
            page.append(Expected(int(rows[place]), tuple(rows[variants].tolist()), values))
        return page

    def _scores(
        self, request: SearchRequest, features: Features, query: CandidateQuery, rows: Rows
    ) -> NDArray[Any]:
        """Compute score, appearance distance and colour distance, float64 [rows, 3]."""
        bits = np.bitwise_count(self._columns["code"][rows] ^ features.binary_code)
        appearance = bits.sum(axis=1) / (8 * features.binary_code.size)
        difference = self._columns["colour"][rows] - features.colour_histogram.astype(np.int64)
        colour = np.minimum((difference**2).sum(axis=1) / (2 * 255**2), 1)
        weight = request.appearance_weight
        distance = weight * appearance + (1 - weight) * colour
        points, most = np.zeros(len(rows), dtype=np.int64), 0
        for boosts in query.preferred.values():
            best = np.zeros(len(rows), dtype=np.int64)
            for term, boost in boosts.items():
                best = np.maximum(best, boost * self._has(term, rows))
            points += best
            most += max(boosts.values(), default=0)
        agreement = points / most if most else np.ones(len(rows))
        score = (1 - ATTRIBUTE_WEIGHT) * (1 - distance) + ATTRIBUTE_WEIGHT * agreement
        return np.stack([score, appearance, colour], axis=1)

    def _has(self, term: str, rows: Rows) -> NDArray[np.bool_]:
        column = self._terms.get(term)
        return np.zeros(len(rows), dtype=bool) if column is None else column[rows]

    def _matches(self, query: CandidateQuery, rows: Rows) -> NDArray[np.bool_]:
        columns = self._columns
        matches: NDArray[np.bool_] = columns["model"][rows] == query.model
        if query.category is not None:
            matches &= columns["category"][rows] == query.category
        if query.great_category is not None:
            matches &= columns["great_category"][rows] == query.great_category
        for term in query.required:
            matches &= self._has(term, rows)
        for term in query.excluded:
            matches &= ~self._has(term, rows)
        if query.minimum_groups:
            groups = np.zeros(len(rows), dtype=np.int64)
            for boosts in query.preferred.values():
                groups += np.any([self._has(term, rows) for term in boosts], axis=0)
            matches &= groups >= query.minimum_groups
        for one in query.filters:
            if isinstance(one, RangeFilter):
                low = -inf if one.low is None else one.low
                high = inf if one.high is None else one.high
                values = columns[one.field][rows]
                matches &= (values >= low) & (values <= high)
            else:
                matches &= columns[one.field][rows] == one.value
        if query.without_id is not None:
            own = [self._states[row].product_id == query.without_id for row in rows.tolist()]
            matches &= ~np.array(own, dtype=bool)
        if query.without_variant_group:
            matches &= columns["group"][rows] != query.without_variant_group
        return matches
