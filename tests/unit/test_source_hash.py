import hashlib

import pytest

from houndstooth.ingest import drafts
from houndstooth.ingest.drafts import source_hash
from houndstooth.mappings.product import Product
from houndstooth.mappings.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
PLAIN = {"product_id": "1", "title": "Red Shirt", "images": ["a.jpg"], "language": "en"}


def hash_of(**changes: object) -> str:
    product = Product(**{**PLAIN, **changes})  # type: ignore[arg-type]
    return source_hash(product, [(1, b"image")], TAXONOMY)


def test_an_english_title_keeps_the_hash_of_earlier_releases() -> None:
    digest = hashlib.sha256()
    for text in (TAXONOMY.feature_digest, "Red Shirt", "", ""):
        digest.update(len(text).to_bytes(8, "big") + text.encode())
    digest.update(b"image")
    assert hash_of() == digest.hexdigest()


def test_all_that_the_text_is_read_from_changes_the_hash() -> None:
    hashes = [
        hash_of(),
        hash_of(language=""),
        hash_of(language="de"),
        hash_of(category_text="Shirts"),
        hash_of(attributes={"colour": "red"}),
        hash_of(attributes={"colour": "blue"}),
        hash_of(attributes={"gender": "red"}),
        hash_of(attributes={"colour": "red"}, language="de"),
    ]
    assert len(set(hashes)) == len(hashes)
    attributes = {"colour": "red", "gender": "male"}
    reordered = dict(reversed(attributes.items()))
    assert hash_of(attributes=attributes) == hash_of(attributes=reordered)


def test_changed_words_change_the_hash_of_what_was_read_by_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hashes() -> list[str]:
        return [hash_of(), hash_of(language="de"), hash_of(category_text="Shirts")]

    before = hashes()
    monkeypatch.setattr(drafts, "words_digest", lambda: "other words")
    after = hashes()
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert before[2] != after[2]
