"""Column names in other languages than English, and names that differ in a sign or an accent."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from houndstooth.ingest.columns import read_as
from houndstooth.ingest.platforms import normal
from houndstooth.mappings.errors import InvalidFeed
from tests.unit.test_platforms import Read

HEADERS = {
    "de": "Artikelnummer;Bezeichnung;Bild-URL;Kategorie;Preis;Marke;Lagerbestand",
    "de, short": "Art.-Nr.;Titel;Bild;Kategorie;Preis EUR;Hersteller;Bestand",
    "fr": "Référence;Nom;Photo;Catégorie;Prix;Marque;Quantité",
    "es": "Referencia;Nombre;Imagen;Categoría;Precio;Marca;Cantidad",
    "it": "Codice;Titolo;Immagine;Categoria;Prezzo;Marca;Quantità",
    "nl": "Artikelnummer;Naam;Afbeelding;Categorie;Prijs;Merk;Voorraad",
    "pt": "Referência;Título;Imagem;Categoria;Preço;Marca;Estoque",
    "pl": "Kod;Nazwa;Zdjęcie;Kategoria;Cena;Producent;Ilość",
    "pl, marka": "Indeks;Tytuł;Zdjęcie;Kategoria;Cena;Marka;Stan",
}


@pytest.mark.parametrize("language", HEADERS)
@pytest.mark.parametrize("form", ["NFC", "NFD", "ASCII", "UPPER"])
def test_a_table_in_another_language(tmp_path: Path, language: str, form: str) -> None:
    header = HEADERS[language]
    if form == "UPPER":
        header = header.upper()
    elif form == "ASCII":
        header = "".join(c for c in unicodedata.normalize("NFD", header) if c.isascii() or c == "ł")
    else:
        header = unicodedata.normalize(form, header)
    read = Read(tmp_path / "feed.csv", f"{header}\nA1;Shirt;a.jpg;Tops;12,50;Acme;3\n")
    product = read.products["A1"]
    assert (product.title, product.category_text) == ("Shirt", "Tops")
    assert read.images() == {"A1": ("a.jpg",)}
    assert read.facts("price", "brand", "stock") == {"A1": (12.5, "Acme", 3)}
    assert not read.reading.others


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        ("id,title,image,Artikelnummer,Bezeichnung,Bild", ("id", "title", "image")),
        ("sku,name,image_url,referencia,nombre,imagen", ("sku", "name", "image_url")),
        ("_id,id,Title,_title,image", ("id", "Title", "image")),
        ("_id,title,image", ("_id", "title", "image")),
    ],
)
def test_an_exact_or_english_name_wins(columns: str, roles: tuple[str, ...]) -> None:
    reading = read_as(columns.split(","))
    assert tuple(reading.roles[role] for role in ("id", "title", "image")) == tuple(
        (column,) for column in roles
    )


def test_of_two_names_of_a_platform_the_exact_one_is_read_first(tmp_path: Path) -> None:
    text = "_id,id,title,image_link,link\nx,1,Tee,a.jpg,https://s.example/1\n"
    read = Read(tmp_path / "feed.csv", text)
    assert read.reading.platform.name == "Google Merchant feed"
    assert [*read.products] == ["1"]


def test_two_words_of_one_language_for_a_title_are_refused() -> None:
    with pytest.raises(InvalidFeed, match="more than one column may be the title: nome, titolo"):
        read_as(["codice", "titolo", "nome", "immagine"])


def test_accents_do_not_matter() -> None:
    assert normal("Référence") == normal(unicodedata.normalize("NFD", "Référence")) == "reference"


def test_prestashop_list_in_french(tmp_path: Path) -> None:
    text = """\
ID produit;Image;Nom;Référence;Catégorie;Prix (HT);Prix (TTC);Quantité;Statut
1;https://i.example/1.jpg;Tee;r1;Tees;1 200,90 €;1441.080000;0;1
2;https://i.example/2.jpg;Cap;r2;Caps;23,19 €;27.828000;1;0
"""
    read = Read(tmp_path / "feed.csv", text)
    assert read.reading.platform.name == "PrestaShop product list"
    assert read.facts("price", "currency", "stock") == {"1": (1441.08, "EUR", 0)}
    assert read.products["1"].category_text == "Tees"
    assert read.left_out() == ["2"]


def test_objects_of_no_use_are_left_out_without_a_note(tmp_path: Path) -> None:
    product = {
        **{"id": "1", "title": "Tee", "image_link": "a.jpg", "link": "https://s.example/1"},
        "shipping": [{"country": "DE", "price": "5 EUR"}, {"country": "FR", "price": "6 EUR"}],
        "tax": {"rate": 5},
        "shipping_weight": "200 g",
        "maker": {"address": {"city": "Lyon"}},
    }
    read = Read(tmp_path / "feed.jsonl", json.dumps(product))
    assert read.facts("shipping", "tax", "shipping_weight") == {"1": (None, None, "200 g")}
    (note,) = read.products["1"].notes
    assert (note.kind, "maker" in note.detail) == ("field left out", True)
