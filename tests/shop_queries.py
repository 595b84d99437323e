"""Queries of a shop's own, drawn from the part of the language that is allowed."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

FIELDS = ("title", "brand", "price", "stock", "new", "sku", "no_such_field", "visual.attributes")

names = st.sampled_from(FIELDS)
texts = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["Puma", "red tee"])
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
scalars = texts | st.booleans() | numbers | st.integers(0, 50)
weights = st.fixed_dictionaries({}, optional={"boost": st.floats(0, 9)})
shares = st.integers(-3, 3) | st.sampled_from(["75%", "2<-25%", "-10%"])


def with_options(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(required, optional={"boost": st.floats(0, 9), **optional})


def of_field(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(names, values, min_size=1, max_size=1)


matches = with_options(
    {"query": scalars},
    operator=st.sampled_from(["and", "OR"]),
    minimum_should_match=shares,
    lenient=st.booleans(),
    zero_terms_query=st.sampled_from(["none", "all"]),
)
lists = st.lists(names.map(lambda name: f"{name}^2") | names, min_size=1, max_size=3)


def leaves() -> st.SearchStrategy[Any]:
    """Clauses with none inside."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "match_all": weights,
        "match": of_field(texts | matches),
        "match_phrase": of_field(texts | with_options({"query": texts})),
        "multi_match": with_options(
            {"query": texts, "fields": lists},
            type=st.sampled_from(["best_fields", "most_fields", "cross_fields", "phrase"]),
            lenient=st.booleans(),
        ),
        "simple_query_string": with_options(
            {"query": texts | st.sampled_from(['"red tee" -blue', "re*", "tea~2", "(a | b)"])}
            | {"fields": lists},
            default_operator=st.sampled_from(["and", "or"]),
        ),
        "term": of_field(scalars | with_options({"value": scalars})),
        "terms": of_field(st.lists(scalars, max_size=4)),
        "prefix": of_field(texts | with_options({"value": texts})),
        "range": of_field(with_options({}, gte=scalars, gt=scalars, lt=scalars, lte=scalars)),
        "exists": with_options({"field": names}),
        "ids": with_options({"values": st.lists(texts, max_size=3)}),
    }
    return st.one_of(
        [body.map(lambda body, kind=kind: {kind: body}) for kind, body in kinds.items()]
    )


def queries(anything: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[Any]:
    """Queries; with ``anything`` this may stand at the place of any clause."""

    def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        several = inner | st.lists(inner, max_size=3)
        groups = ("must", "filter", "should", "must_not")
        return st.one_of(
            with_options({}, minimum_should_match=shares, **dict.fromkeys(groups, several)).map(
                lambda body: {"bool": body}
            ),
            with_options({"filter": inner}).map(lambda body: {"constant_score": body}),
            with_options({"queries": st.lists(inner, min_size=1, max_size=3)}).map(
                lambda body: {"dis_max": body}
            ),
            with_options({"path": names, "query": inner}, ignore_unmapped=st.just(True)).map(
                lambda body: {"nested": body}
            ),
        )

    return st.recursive(leaves() if anything is None else leaves() | anything, around, max_leaves=6)
