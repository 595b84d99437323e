"""WooCommerce in other languages than English, and what its REST interface answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from houndstooth.mappings.product import Note
from tests.unit.test_platforms import OFFER, Read


def test_woocommerce_in_german(tmp_path: Path) -> None:
    text = """\
ID,Typ,Artikelnummer,Name,Veröffentlicht,Regulärer Preis,Bilder,Übergeordnetes Produkt
1,variable,,Tee,1,,https://i.example/a.jpg,
2,variation,T-S,Tee - S,1,"20,90",,id:1
3,simple,,Cap,1,"10,90",https://i.example/c.jpg,
"""
    read = Read(tmp_path / "feed.csv", text)
    assert read.facts("price", "group") == {"T-S": (20.9, "1"), "3": (10.9, None)}


@pytest.mark.parametrize(
    "columns",
    [
        "ID,Type,UGS,Nom,Publié,Tarif promo,Tarif régulier,Images,Parent,En stock ?,"
        "Nom de l’attribut 1,Valeur(s) de l’attribut 1 ,Marques",
        "ID,Tipo,SKU,Nombre,Publicado,Precio rebajado,Precio normal,Imágenes,Superior,"
        "¿Existencias?,Nombre del atributo 1,Valor(es) del atributo 1,Marcas",
    ],
)
def test_woocommerce_in_other_languages(tmp_path: Path, columns: str) -> None:
    text = f"""\
{columns}
1,variable,T,Tee,1,,,https://i.example/a.jpg,,1,Couleur,"Rouge, Bleu",Acme
2,variation,T-R,Tee,1,"10,90","20,90",,T,0,Couleur,Rouge,
3,variation,T-B,Tee,0,,"20,90",,T,1,Couleur,Bleu,
4,variation,,Tee,1,,"20,90",,T,1,Couleur,,
"""
    read = Read(tmp_path / "feed.csv", text)
    assert read.facts(*OFFER[:4], "group", "brand", "couleur") == {
        "T-R": (10.9, 20.9, None, "out of stock", "T", "Acme", "Rouge"),
        "4": (20.9, None, None, "in stock", "T", "Acme", None),
    }
    assert read.left_out() == ["T-B"]


def test_answers_of_woocommerce(tmp_path: Path) -> None:
    text = """\
[{"id": 7, "name": "Tee", "type": "simple", "status": "publish", "sku": "", "price": "18", \
"parent_id": 0, "variations": [], \
"regular_price": "20", "sale_price": "18", "date_on_sale_to": null, "stock_status": "onbackorder", \
"stock_quantity": 0, "categories": [{"name": "Men"}, {"name": "T-shirts"}], \
"permalink": "https://s.example/tee", "images": [{"src": "https://i.example/a.jpg"}]},
{"id": 8, "name": "Cap", "type": "simple", "status": "draft", "sku": "C", "regular_price": "5", \
"images": []}]
"""
    read = Read(tmp_path / "feed.json", text)
    assert read.reading.platform.name == "WooCommerce product export"
    assert read.facts(*OFFER, "url") == {
        "7": (18.0, 20.0, None, "preorder", 0, "https://s.example/tee")
    }
    assert read.products["7"].category_text == "Men\nT-shirts"
    assert read.left_out() == ["C"]


def test_variations_without_their_product_are_products_of_one_group(tmp_path: Path) -> None:
    """As of an export of variations alone, or of one whose products are on another page."""
    text = """\
ID,Type,SKU,Name,Published,Regular price,Images,Parent
2,variation,T-S,Tee - S,1,20,https://i.example/s.jpg,id:1
3,variation,T-M,Tee - M,1,21,https://i.example/m.jpg,id:1
4,variation,C-S,Cap - S,1,9,https://i.example/c.jpg,CAP
5,variable,CAP,Cap,1,,https://i.example/c.jpg,
"""
    read = Read(tmp_path / "feed.csv", text)
    assert read.facts("title", "price", "group") == {
        "T-S": ("Tee - S", 20.0, "1"),
        "T-M": ("Tee - M", 21.0, "1"),
        "C-S": ("Cap - S", 9.0, "CAP"),
    }
    note = Note("variant without its product", "expected a row of 'id:1'; got none")
    assert [[*one.notes] for one in read.products.values()] == [[note], [note], []]
