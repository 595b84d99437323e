import pytest

from houndstooth.ingest.languages import detect_language

TITLES = {
    "en": "Men Blue Shirt|Women's Maxi Dress|Leather Wallet for Men|Striped Cotton T-shirt",
    "de": "Damen Winterjacke mit Kapuze|Herren Lederschuhe braun|Sommerkleid mit Blumenmuster",
    "fr": "Robe d'été bleue|Chemise à carreaux homme|Sac à main noir|Manteau long en laine",
    "es": "Zapatos de tacón rojos|Vestido largo de fiesta|Chaqueta mujer|Camiseta de algodón",
    "it": "Scarpe da ginnastica bianche|Vestito lungo elegante|Giacca invernale donna",
    "nl": "Dames winterjas zwart|Zomerjurk met bloemen|Leren schoenen bruin|Trui van wol",
    "pt": "Calças de ganga homem|Mala de mão preta|Casaco de inverno mulher|Camisola de lã",
    "pl": "Sukienka letnia w kwiaty|Spodnie męskie jeansowe|Koszula w kratę niebieska",
    "sv": "Svart klänning med blommor|Randig tröja i bomull|Herrjacka vinter|Skor i läder",
}


@pytest.mark.parametrize(("language", "titles"), TITLES.items())
def test_the_titles_of_a_feed_tell_its_language(language: str, titles: str) -> None:
    assert detect_language(titles.split("|")) == language


def test_an_unsure_answer_is_empty() -> None:
    mixed = [titles.split("|")[0] for titles in TITLES.values()]
    for texts in ([], ["", " "], ["Nova 2.0", "Nova 3.0"], mixed):
        assert detect_language(texts) == ""


def test_some_titles_of_another_language_do_not_matter() -> None:
    titles = [*TITLES["de"].split("|") * 3, "Red T-shirt", "Air Max 90"]
    assert detect_language(titles) == "de"


def test_public_categories_do_not_make_a_feed_english() -> None:
    titles = TITLES["de"].split("|")
    path = "Apparel & Accessories > Clothing > Shirts & Tops"
    assert detect_language([text for title in titles for text in (title, path)]) == "de"
    assert detect_language([path] * 9) == ""
