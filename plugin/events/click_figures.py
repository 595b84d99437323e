"""Compute how often hits are clicked and put into the basket, by model, index and arm.

A query is one that answered with hits; all its pages are one. The items of whole looks do not
count: several of them share what a shopper clicks. Of its clicks the one at the best
position counts::

    click-through rate    share of queries with a click
    mean reciprocal rank  mean of 1 / position of that click; 0 for a query without one
    add-to-basket rate    share of queries with an ``add_to_cart``

Standard errors allow for the queries of one client being alike (cluster-robust: Liang and Zeger
1986): the residuals of a client are added up before they are squared. A query without a client
stands for itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from houndstooth.plugin.events.stores import Broken, Record
from houndstooth.plugin.events.ubi import BASKET, CLICKS, QUERIES

Json = dict[str, Any]
Setting = tuple[str, str, str]
"""Model, index and arm; the arm of a query in no test is ""."""


@dataclass(frozen=True)
class Estimate:
    """A mean and its standard error."""

    value: float
    error: float


@dataclass(frozen=True)
class Figures:
    """The figures of one setting."""

    model: str
    index: str
    arm: str
    queries: int
    clicks: int
    click_through: Estimate
    reciprocal_rank: Estimate
    add_to_basket: Estimate


@dataclass
class Evaluation:
    """The figures of some records, and what could not be counted.

    Attributes:
        empty: Queries without a hit.
        looks: Items of whole looks.
        strays: Clicks and basket events whose query is not among the records.
        unplaced: Clicks of which no position is known; they count as clicks, with rank 0.
        broken: What is wrong with each record that is none.
    """

    figures: list[Figures] = field(default_factory=list)
    empty: int = 0
    looks: int = 0
    strays: int = 0
    unplaced: int = 0
    broken: list[str] = field(default_factory=list)


@dataclass
class _Query:
    setting: Setting
    client: str
    hits: Sequence[str] = ()
    clicks: int = 0
    rank: float = 0.0
    basket: bool = False
    of_look: bool = False


def evaluate_clicks(records: Iterable[Record | Broken]) -> Evaluation:
    """Evaluate records; those of a query may come in any order."""
    found = Evaluation()
    queries: dict[str, _Query] = {}
    waiting: list[Json] = []
    for record in records:
        if isinstance(record, Broken):
            found.broken.append(record)
        elif record[0] == QUERIES:
            _add_page(queries, record[1])
        elif record[1]["action_name"] in (*CLICKS, BASKET):
            waiting.append(record[1])
    for event in waiting:
        query = queries.get(str(event.get("query_id")))
        if query is None or not query.hits:
            found.strays += 1
        elif query.of_look:
            continue
        elif event["action_name"] == BASKET:
            query.basket = True
        else:
            query.clicks += 1
            position = _position(event, query)
            query.rank = max(query.rank, 1 / position if position else 0)
            found.unplaced += position is None
    found.empty = sum(not query.hits for query in queries.values())
    found.looks = sum(query.of_look for query in queries.values())
    by_setting: defaultdict[Setting, list[_Query]] = defaultdict(list)
    for query in queries.values():
        if query.hits and not query.of_look:
            by_setting[query.setting].append(query)
    found.figures = [_figures(key, by_setting[key]) for key in sorted(by_setting)]
    return found


def estimate(values: Sequence[float], clients: Sequence[str]) -> Estimate:
    """Compute a mean, and its standard error where values of one client are alike.

    Args:
        values: At least one.
        clients: Of each value.
    """
    mean = sum(values) / len(values)
    residuals: defaultdict[str, float] = defaultdict(float)
    for value, client in zip(values, clients, strict=True):
        residuals[client] += value - mean
    return Estimate(mean, sqrt(sum(one * one for one in residuals.values())) / len(values))


def _figures(setting: Setting, queries: Sequence[_Query]) -> Figures:
    clients = [query.client for query in queries]
    return Figures(
        *setting,
        queries=len(queries),
        clicks=sum(query.clicks for query in queries),
        click_through=estimate([float(query.clicks > 0) for query in queries], clients),
        reciprocal_rank=estimate([query.rank for query in queries], clients),
        add_to_basket=estimate([float(query.basket) for query in queries], clients),
    )


def _add_page(queries: dict[str, _Query], record: Json) -> None:
    """Add a page of a query; positions are told from the hits of its first page."""
    attributes = record.get("query_attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    indices = record.get("indexes")
    index = indices[0] if isinstance(indices, list) and indices else ""
    setting = tuple(map(str, (attributes.get("model", ""), index, attributes.get("arm") or "")))
    query_id, hits = record["query_id"], record["query_response_hit_ids"]
    listed = [str(one) for one in hits] if isinstance(hits, list) else []
    client = str(record.get("client_id") or f" {query_id}")
    query = queries.setdefault(query_id, _Query((setting[0], setting[1], setting[2]), client))
    query.of_look = bool(attributes.get("look"))
    if not query.hits or attributes.get("first_page"):
        query.hits = listed


def _position(event: Json, query: _Query) -> int | None:
    """Return the position of a click, 1 = the first hit: the event's own, or that in the hits."""
    attributes = event.get("event_attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    position, thing = attributes.get("position"), attributes.get("object")
    ordinal = position.get("ordinal") if isinstance(position, dict) else None
    if type(ordinal) is int and ordinal > 0:
        return ordinal
    product_id = thing.get("object_id") if isinstance(thing, dict) else None
    return query.hits.index(product_id) + 1 if product_id in query.hits else None
