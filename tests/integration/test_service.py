import io
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from houndstooth.mappings.document import VisualDocument
from houndstooth.mappings.engine import RangeFilter, TermFilter
from houndstooth.mappings.errors import (
    EngineUnavailable,
    InvalidBox,
    InvalidFilter,
    InvalidImage,
    InvalidInput,
    ProductNotFound,
    UnknownTerm,
)
from houndstooth.mappings.features import Box
from houndstooth.mappings.read_products import StoredProduct
from houndstooth.mappings.search import MAX_HITS, SearchRequest
from houndstooth.mappings.taxonomy import Taxonomy
from houndstooth.mappings.writes import IndexDocument
from houndstooth.plugin.answer import answer_json, product_json
from houndstooth.plugin.config import Settings
from houndstooth.plugin.engines import open_engine
from houndstooth.plugin.service import VisualSearch
from tests.fakes import OUTFIT, FakeExtractor, OutfitExtractor

TAXONOMY = Taxonomy.load()
EXTRACTOR = FakeExtractor()
COLOURS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}
CATEGORIES = ("t-shirt", "shirt", "jeans")
STAGES = ["decode", "extract", "candidates", "rerank", "fetch", "total"]


def picture(colour, seed):
    """A PNG of stripes in one colour; each seed has stripes of its own."""
    shade = np.random.default_rng(seed).choice([0.4, 1.0], size=(16, 8, 1))
    pixels = (np.array(COLOURS[colour]) * shade).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def document(product_id, category, colour, seed, facts, model=EXTRACTOR.model):
    [features] = EXTRACTOR.extract([EXTRACTOR.decode(picture(colour, seed))])
    visual = VisualDocument(
        product_id=product_id,
        category=category,
        great_category=TAXONOMY.great_category(category),
        attributes=(f"colour:{colour}", "gender:men"),
        from_text=(category,),
        binary_code=features.binary_code,
        colour_histogram=features.colour_histogram,
        box=features.box,
        model=model,
        source_hash="",
        computed_at="2026-01-01T00:00:00Z",
    )
    return IndexDocument(product_id, facts, visual)


def catalogue():
    """Five of each category and colour, ids such as ``shirt-red-3``, and one of another model."""
    products = [
        document(
            f"{category}-{colour}-{number}",
            category,
            colour,
            seed=100 * kind + 10 * shade + number,
            facts={
                "title": f"{colour} {category}",
                "brand": ("Alder", "Birch")[number % 2],
                "price": 10.0 * number,
            },
        )
        for kind, category in enumerate(CATEGORIES)
        for shade, colour in enumerate(COLOURS)
        for number in range(5)
    ]
    old = document("old", "t-shirt", "red", 0, {"title": "old", "brand": "Alder"}, "fake-0")
    return [*products, old]


def open_catalogue(folder):
    engine = open_engine(f"sqlite:///{folder}/catalogue.db")
    engine.prepare()
    outcomes = engine.write(catalogue())
    assert all(outcome.error is None for outcome in outcomes)
    engine.refresh()
    return engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = open_catalogue(tmp_path_factory.mktemp("catalogue"))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def service(engine):
    return VisualSearch(EXTRACTOR, engine, TAXONOMY)


def test_closing_ends_the_threads_that_compute(engine):
    service = VisualSearch(EXTRACTOR, engine, TAXONOMY)
    before = {*threading.enumerate()}
    assert service.search(picture("green", 12), SearchRequest()).hits
    begun = {*threading.enumerate()} - before
    assert begun
    service.close()
    assert not [thread for thread in begun if thread.is_alive()]
    assert service.similar("t-shirt-green-2", SearchRequest()).hits  # needs none of them
    with pytest.raises(RuntimeError):
        service.search(picture("green", 12), SearchRequest())


def ids(answer):
    return [hit.product_id for hit in answer.hits]


def test_finds_the_very_product_first(service):
    answer = service.search(picture("green", 12), SearchRequest(top=5))
    first = answer.hits[0]
    assert first.product_id == "t-shirt-green-2"
    assert (first.score, first.appearance_distance, first.colour_distance) == (1.0, 0.0, 0.0)
    assert first.matched == ("colour:green",)
    assert first.product["title"] == "green t-shirt"
    assert first.visual.category == "t-shirt"
    assert sorted(ids(answer)) == [f"t-shirt-green-{n}" for n in range(5)]
    assert answer.relaxed == "none"
    assert (answer.category_source, answer.categories[0].term) == ("auto", "t-shirt")
    assert (answer.box_source, answer.model) == ("whole", "fake-1")


@pytest.mark.parametrize(
    ("top", "relaxed"),
    [
        (5, "none"),
        (6, "fewer-attributes"),
        (15, "fewer-attributes"),
        (16, "great-category"),
        (30, "great-category"),
        (31, "any-category"),
        (45, "any-category"),
        (200, "any-category"),
    ],
)
def test_relaxes_no_further_than_the_page_needs(service, top, relaxed):
    answer = service.search(picture("red", 0), SearchRequest(top=top))
    assert answer.relaxed == relaxed
    assert len(answer.hits) == min(top, 45)


requests = st.builds(
    SearchRequest,
    category=st.sampled_from([None, *CATEGORIES, "watch"]),
    box=st.sampled_from([None, Box(0.25, 0.25, 0.5, 0.5)]),
    filters=st.sets(
        st.sampled_from([TermFilter("brand", "Birch"), RangeFilter("price", 10, 30)])
    ).map(tuple),
    required=st.sampled_from([(), ("colour:red",)]),
    excluded=st.sampled_from([(), ("colour:blue",)]),
    top=st.integers(1, 60),
    appearance_weight=st.floats(0, 1),
)


@given(requests, st.sampled_from(sorted(COLOURS)), st.integers(0, 50))
def test_never_short_while_the_filters_leave_products(service, request_, colour, seed):
    def passes(document):
        facts, terms = document.facts, document.visual.attributes
        return (
            document.visual.model == EXTRACTOR.model
            and all(
                facts[f.field] == f.value
                if isinstance(f, TermFilter)
                else f.low <= facts[f.field] <= f.high
                for f in request_.filters
            )
            and set(request_.required) <= set(terms)
            and not set(request_.excluded) & set(terms)
        )

    allowed = {d.product_id for d in catalogue() if passes(d)}
    answer = service.search(picture(colour, seed), request_)
    assert len(answer.hits) == min(request_.top, len(allowed))
    assert set(ids(answer)) <= allowed
    asked = answer.categories[0].term
    great = service.taxonomy.great_category(asked)

    def place(hit):
        """What was asked for stays in front, however far the search was relaxed."""
        near = hit.visual.great_category == great and answer.relaxed != "none"
        return 0 if hit.visual.category == asked else 1 if near else 2

    order = [(place(hit), -hit.score, hit.product_id) for hit in answer.hits]
    assert order == sorted(order)
    assert all(0 <= figure <= 1 for h in answer.hits for figure in (h.score, h.appearance_distance))


def test_the_chosen_category_guides_and_filters(service):
    answer = service.search(picture("blue", 3), SearchRequest(category="jeans", top=4))
    assert {hit.visual.category for hit in answer.hits} == {"jeans"}
    assert (answer.category_source, answer.categories[0].confidence) == ("chosen", 1.0)


def test_a_given_box_is_used_and_returned(service):
    box = Box(0.1, 0.2, 0.5, 0.5)
    answer = service.search(picture("blue", 3), SearchRequest(box=box))
    assert (answer.box, answer.box_source) == (box, "given")


def test_detections_are_returned_and_can_be_searched(engine):
    service = VisualSearch(OutfitExtractor(OUTFIT), engine, TAXONOMY)
    answer = service.search(picture("blue", 3), SearchRequest())
    assert (answer.items, answer.box, answer.box_source) == (OUTFIT, OUTFIT[0].box, "detector")
    query = answer_json(answer)["query"]
    assert query["items"][0] == {
        "label": "top",
        "categories": ["t-shirt", "shirt"],
        "score": 0.9346,
        "box": [0.3, 0.15, 0.4, 0.35],
    }
    box = Box(*query["items"][1]["box"])
    answer = service.search(picture("blue", 3), SearchRequest(box=box))
    assert (answer.items, answer.box_source) == ((), "given")
    assert answer.categories[0].term == OUTFIT[1].categories[0]


def test_the_candidate_limit_never_cuts_the_page(engine):
    service = VisualSearch(EXTRACTOR, engine, TAXONOMY, Settings(candidates=1))
    assert len(service.search(picture("red", 0), SearchRequest(top=40)).hits) == 40


@pytest.fixture(scope="module")
def variants(tmp_path_factory):
    """The catalogue, the five of each category and colour being variants of one product."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('variants')}/catalogue.db")
    engine.prepare()
    for one in catalogue():
        style = one.product_id.rpartition("-")[0]
        engine.write([replace(one, facts={**one.facts, "style": style})])
    yield VisualSearch(EXTRACTOR, engine, TAXONOMY, Settings(variant_field="style", candidates=6))
    engine.close()


def styles(answer):
    return [product_id.rpartition("-")[0] for product_id in ids(answer)]


def test_of_variants_the_nearest_is_the_hit_and_names_the_others(variants):
    answer = variants.search(picture("green", 12), SearchRequest(category="t-shirt", top=3))
    assert ids(answer)[0] == "t-shirt-green-2"
    assert sorted(styles(answer)) == ["t-shirt-blue", "t-shirt-green", "t-shirt-red"]
    others = answer.hits[0].variants
    assert sorted(others) == [f"t-shirt-green-{n}" for n in (0, 1, 3, 4)]
    every = variants.search(picture("green", 12), SearchRequest(collapse=False, top=5))
    assert tuple(ids(every)) == ("t-shirt-green-2", *others)
    assert not any(hit.variants for hit in every.hits)


@pytest.mark.parametrize(
    ("top", "relaxed"),
    [(1, "none"), (2, "fewer-attributes"), (3, "fewer-attributes"), (9, "any-category")],
)
def test_variants_never_leave_a_page_short(variants, top, relaxed):
    answer = variants.search(picture("red", 0), SearchRequest(top=top))
    assert len(set(styles(answer))) == len(answer.hits) == top
    assert styles(answer)[0] == "t-shirt-red"
    assert answer.relaxed == relaxed


def test_similar_leaves_variants_out_as_well(variants):
    answer = variants.similar("shirt-red-3", SearchRequest(top=2))
    assert sorted(styles(answer)) == ["shirt-blue", "shirt-green"]
    every = variants.similar("shirt-red-3", SearchRequest(top=4, collapse=False))
    assert sorted(ids(every)) == [f"shirt-red-{n}" for n in (0, 1, 2, 4)]


def test_the_same_question_has_the_same_answer(service):
    answers = [
        replace(service.search(picture("red", 7), SearchRequest(top=45)), took_ms={})
        for _ in range(2)
    ]
    assert answer_json(answers[0]) == answer_json(answers[1])


def test_similar_leaves_the_product_itself_out(service):
    answer = service.similar("shirt-red-3", SearchRequest(top=4))
    assert sorted(ids(answer)) == [f"shirt-red-{n}" for n in (0, 1, 2, 4)]
    assert answer.hits[0].matched == ("colour:red", "gender:men")
    assert answer.category_source == "text"
    assert answer.took_ms["extract"] == 0


def test_similar_in_another_category(service):
    answer = service.similar("shirt-red-3", SearchRequest(category="jeans", top=5))
    assert sorted(ids(answer)) == [f"jeans-red-{n}" for n in range(5)]
    assert answer.category_source == "chosen"


def test_similar_compares_within_one_model(service):
    assert service.similar("old", SearchRequest()).hits == ()


def test_similar_to_what_another_taxonomy_indexed(engine):
    categories = {name: one for name, one in TAXONOMY.categories.items() if name != "jeans"}
    service = VisualSearch(EXTRACTOR, engine, replace(TAXONOMY, categories=categories))
    with pytest.raises(ProductNotFound, match="another taxonomy, as jeans: give the feed again"):
        service.similar("jeans-red-1", SearchRequest())
    assert service.similar("jeans-red-1", SearchRequest(category="shirt")).hits


def test_similar_to_what_cannot_be_compared(service, engine, monkeypatch):
    with pytest.raises(ProductNotFound, match="'nobody'"):
        service.similar("nobody", SearchRequest())
    with pytest.raises(InvalidBox, match="expected no box"):
        service.similar("shirt-red-3", SearchRequest(box=Box(0, 0, 1, 1)))
    monkeypatch.setattr(engine, "fetch", lambda asked: [StoredProduct(asked[0], {}, None)])
    with pytest.raises(ProductNotFound, match="no indexed image"):
        service.similar("shirt-red-3", SearchRequest())


def test_one_product(service):
    assert service.product("jeans-blue-1").facts["price"] == 10
    with pytest.raises(ProductNotFound, match="'nobody'"):
        service.product("nobody")


def test_products_deleted_meanwhile_are_left_out(tmp_path, monkeypatch):
    engine = open_catalogue(tmp_path)
    show = engine.show

    def delete_and_show(product_ids):
        engine.delete(["t-shirt-green-2"])
        return show(product_ids)

    monkeypatch.setattr(engine, "show", delete_and_show)
    service = VisualSearch(EXTRACTOR, engine, TAXONOMY)
    answer = service.search(picture("green", 12), SearchRequest(top=4))
    assert sorted(ids(answer)) == [f"t-shirt-green-{n}" for n in (0, 1, 3, 4)]
    engine.close()


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        (SearchRequest(category="tshirt"), UnknownTerm, "t-shirt"),
        (SearchRequest(required=("colour:navy",)), UnknownTerm, "colour:navy-blue"),
        (SearchRequest(excluded=("red",)), UnknownTerm, "group:value"),
        (SearchRequest(top=0), InvalidInput, "top from 1 to 200; got 0"),
        (SearchRequest(top=MAX_HITS + 1), InvalidInput, "got 201"),
        (SearchRequest(appearance_weight=1.01), InvalidInput, "weight from 0 to 1; got 1.01"),
        (SearchRequest(appearance_weight=float("nan")), InvalidInput, "got nan"),
        (SearchRequest(filters=(TermFilter("price", "cheap"),)), InvalidFilter, "'cheap'"),
    ],
)
def test_refuses_what_cannot_be_served(service, request_, error, message):
    with pytest.raises(error, match=message):
        service.search(picture("red", 0), request_)
    with pytest.raises(error, match=message):
        service.similar("shirt-red-3", request_)


def test_refuses_what_is_no_image_or_too_large(service, engine):
    with pytest.raises(InvalidImage, match="expected an image"):
        service.search(b"no image", SearchRequest())
    small = VisualSearch(EXTRACTOR, engine, TAXONOMY, Settings(max_upload_bytes=10))
    with pytest.raises(InvalidImage, match="at most 10 bytes; got 11"):
        small.search(b"12345678901", SearchRequest())


def test_an_unreachable_engine_raises_engine_unavailable(tmp_path):
    service = VisualSearch(EXTRACTOR, open_engine(f"sqlite:///{tmp_path}/none.db"), TAXONOMY)
    with pytest.raises(EngineUnavailable):
        service.search(picture("red", 0), SearchRequest())


def test_the_answer_as_json(service):
    answer = service.search(picture("green", 12), SearchRequest(top=1))
    found = answer_json(answer)
    took = found.pop("took_ms")
    assert list(took) == STAGES
    assert all(value >= 0 for value in took.values())
    assert took["total"] == max(took.values())
    assert found.pop("next") == answer.next
    assert found == {
        "query": {
            "category": {"term": "t-shirt", "confidence": 1.0, "precision": 0.92, "source": "auto"},
            "categories": [{"term": "t-shirt", "confidence": 1.0, "precision": 0.92}],
            "attributes": [{"term": "colour:green", "confidence": 0.9, "precision": 0.95}],
            "box": [0.0, 0.0, 1.0, 1.0],
            "box_source": "whole",
            "items": [],
            "relaxed": "none",
            "notes": [],
        },
        "hits": [
            {
                "product_id": "t-shirt-green-2",
                "score": 1.0,
                "distance": {"appearance": 0.0, "colour": 0.0},
                "found_by": ["looks"],
                "view": {"place": 1, "image": None, "box": [0.0, 0.0, 1.0, 1.0]},
                "matched": ["colour:green"],
                "variants": [],
                "merged": [],
                "why": [],
                "product": {"title": "green t-shirt", "brand": "Alder", "price": 20.0},
                "category": "t-shirt",
                "great_category": "top",
                "attributes": ["colour:green", "gender:men"],
                "from_text": ["t-shirt"],
                "box": [0.0, 0.0, 1.0, 1.0],
            }
        ],
        "recall": 1.0,
        "model": "fake-1",
    }


def test_a_product_as_json(service):
    found = product_json(service.product("t-shirt-green-2"))
    assert found["product"]["brand"] == "Alder"
    assert found["attributes"] == ["colour:green", "gender:men"]
    assert (found["category"], found["model"]) == ("t-shirt", "fake-1")
    without = product_json(StoredProduct("p", {"price": 1}, None))
    assert list(without) == list(found)
    assert without["product"] == {"price": 1}
    assert not any(without[name] for name in without if name not in ("product_id", "product"))
