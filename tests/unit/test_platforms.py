"""Exports of eight platforms as products: who is sold, for how much, and how it looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from houndstooth.ingest.columns import Reading
from houndstooth.ingest.feeds import open_feed
from houndstooth.ingest.options import ReadOptions
from houndstooth.ingest.outcome import Outcome
from houndstooth.ingest.products import FeedProduct, read_feed
from houndstooth.mappings.product import Note, Product


class Read:
    """A feed that was read: its products by id, and the outcomes of other rows."""

    def __init__(self, path: Path, text: str, **options: Any) -> None:
        path.write_text(text, encoding="utf-8")
        with open_feed(path) as feed:
            self.reading: Reading
            self.reading, entries = read_feed(feed, ReadOptions(**options))
            found = [*entries]
        self.outcomes = [entry for entry in found if isinstance(entry, Outcome)]
        self.products: dict[str, Product] = {
            entry.product.product_id: entry.product
            for entry in found
            if isinstance(entry, FeedProduct)
        }

    def facts(self, *names: str) -> dict[str, tuple[Any, ...]]:
        """Some facts of each product."""
        return {
            key: tuple((product.facts or {}).get(name) for name in names)
            for key, product in self.products.items()
        }

    def images(self) -> dict[str, tuple[str, ...]]:
        return {key: tuple(product.images) for key, product in self.products.items()}

    def left_out(self) -> list[str]:
        assert all(outcome.status == "left_out" for outcome in self.outcomes), self.outcomes
        return [outcome.product_id for outcome in self.outcomes]


OFFER = ("price", "price_before", "currency", "availability", "stock")
GOOGLE = """\
id\ttitle\tlink\timage_link\tadditional_image_link\tavailability\tprice\tsale_price\t\
sale_price_effective_date\tbrand\tgoogle_product_category\tproduct_type\tcolor\tgender\titem_group_id
A-S\tGrey &amp; <b>white</b> tee\thttps://s.example/a\thttps://i.example/a.jpg\t\
https://i.example/b.jpg,https://i.example/c.jpg\tin_stock\t20.09 EUR\t10.00 EUR\t\
2020-01-01T00:00Z/2090-01-01T00:00Z\tAcme\tApparel & Accessories > Clothing\t\
Tops > Tees\tGrey\tmale\tA
A-M\tGrey tee\thttps://s.example/a\thttps://i.example/a.jpg\t\tout_of_stock\t20.09 EUR\t10.00 EUR\t\
2020-01-01T00:00Z/2021-01-01T00:00Z\tAcme\t212\t\t\t\tA
B\tBag\thttps://s.example/b\thttps://i.example/b.jpg\t\tpreorder\t\t\t\t\t\t\t\t\t
"""


def test_google(tmp_path: Path) -> None:
    read = Read(tmp_path / "feed.tsv", GOOGLE)
    assert read.reading.platform.name == "Google Merchant feed"
    assert read.facts(*OFFER) == {
        "A-S": (10.0, 20.09, "EUR", "in stock", None),
        "A-M": (20.09, None, "EUR", "out of stock", None),
        "B": (None, None, None, "preorder", None),
    }
    assert read.facts("brand", "group", "image") == {
        "A-S": ("Acme", "A", "https://i.example/a.jpg"),
        "A-M": ("Acme", "A", "https://i.example/a.jpg"),
        "B": (None, None, "https://i.example/b.jpg"),
    }
    first = read.products["A-S"]
    assert first.title == "Grey & white tee"
    assert first.category_text == "Tops > Tees\nApparel & Accessories > Clothing"
    assert first.attributes == {"colour": "Grey", "gender": "male"}
    assert [*first.images] == [f"https://i.example/{name}.jpg" for name in "abc"]
    assert read.products["A-M"].category_text == "212"


RSS = """\
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel>
<item><g:id>1</g:id><title>Tee</title><g:image_link>https://i.example/a.jpg</g:image_link>
<g:price>5.00 EUR</g:price></item>
<item><g:id>2</g:id><title>Bag</title><g:image_link>https://i.example/b.jpg</g:image_link>
<g:price>9.00 EUR</g:price><g:sale_price>7.00 EUR</g:sale_price><g:colour>Red</g:colour>
<g:season_note>SS</g:season_note></item>
</channel></rss>
"""


def test_lists_and_objects_of_json_give_what_they_name(tmp_path: Path) -> None:
    text = """\
{"id": 1, "title": "Tee", "image": "a.jpg", "categories": ["Men", {"name": "Tees"}]}
{"id": 2, "title": "Cap", "image": "b.jpg", "price": {"centAmount": 1250}, "color": ["red", "blue"]}
"""
    read = Read(tmp_path / "feed.jsonl", text)
    assert read.products["1"].category_text == "Men\nTees"
    assert read.facts("categories") == {"1": (["Men", "Tees"],), "2": (None,)}
    assert not read.products["1"].notes
    assert read.products["2"].attributes["colour"] == "red"
    assert [note.kind for note in read.products["2"].notes] == ["price left empty"]


def test_a_structured_title_is_a_title(tmp_path: Path) -> None:
    text = """\
{"id": "1", "title": "", "structured_title": {"content": "Red cap"}, "image_link": "b.jpg", \
"link": "https://s.example/1"}
"""
    assert Read(tmp_path / "feed.jsonl", text).products["1"].title == "Red cap"


def test_a_column_that_first_comes_late_has_its_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("houndstooth.ingest.formats.row._SAMPLE", 1)
    read = Read(tmp_path / "feed.xml", RSS)
    assert read.facts("price", "price_before", "season_note") == {
        "1": (5.0, None, None),
        "2": (7.0, 9.0, "SS"),
    }
    assert read.products["2"].attributes == {"colour": "Red"}


def test_meta(tmp_path: Path) -> None:
    text = """\
id,title,availability,price,link,image[0].url,image[1].url,visibility
1,Tee,in stock,15.00 EUR,https://s.example/1,red.jpg,blue.jpg,published
2,Bag,in stock,15.00 EUR,https://s.example/2,bag.jpg,,hidden
"""
    read = Read(tmp_path / "feed.csv", text)
    assert read.reading.platform.name == "Meta catalogue feed"
    assert read.images() == {"1": ("red.jpg", "blue.jpg")}
    assert read.left_out() == ["2"]


SHOPIFY = """\
Handle,Title,Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,\
Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,Image Src,\
Image Position,Variant Image,Status
tee,Plain tee,Acme,Tees,Color,Red,T-R,shopify,3,deny,19.00,25.00,https://i.example/red.jpg?v=1,1,\
https://i.example/red.jpg,active
tee,,,,,Blue,T-B,shopify,0,deny,21.00,,https://i.example/blue.jpg?v=1,2,\
https://i.example/blue.jpg,
tee,,,,,Green,,,0,continue,21.00,,,,,
tee,,,,,,,,,,,,https://i.example/back.jpg?v=1,3,,
cap,Cap,Acme,Caps,Title,Default Title,,shopify,0,continue,9.00,,https://i.example/cap.jpg,1,,active
old,Old tee,Acme,Tees,Size,S,O-S,shopify,3,deny,9.00,,https://i.example/old.jpg,1,,draft
old,,,,,M,O-M,shopify,3,deny,9.00,,,,,
"""
NEW_NAMES = {
    "Handle": "URL handle",
    "Variant SKU": "SKU",
    "Variant Inventory Tracker": "Inventory tracker",
    "Variant Inventory Qty": "Inventory quantity",
    "Variant Inventory Policy": "Continue selling when out of stock",
    "Variant Price": "Price",
    "Variant Compare At Price": "Compare-at price",
    "Image Src": "Product image URL",
    "Variant Image": "Variant image URL",
    "Option1 Name": "Option1 name",
    "Option1 Value": "Option1 value",
}


@pytest.mark.parametrize("names", ["old", "new"])
def test_shopify(tmp_path: Path, names: str) -> None:
    header, rest = SHOPIFY.split("\n", 1)
    if names == "new":
        header = ",".join(NEW_NAMES.get(name, name) for name in header.split(","))
    read = Read(tmp_path / "feed.csv", f"{header}\n{rest}")
    assert read.reading.platform.name == "Shopify product export"
    assert read.facts("group", "brand", "color", *OFFER) == {
        "T-R": ("tee", "Acme", "Red", 19.0, 25.0, None, "in stock", 3),
        "T-B": ("tee", "Acme", "Blue", 21.0, None, None, "out of stock", 0),
        "tee/Green": ("tee", "Acme", "Green", 21.0, None, None, "in stock", None),
        "cap": ("cap", "Acme", None, 9.0, None, None, "in stock", 0),
    }
    red, blue, back = (f"https://i.example/{name}.jpg" for name in ("red", "blue", "back"))
    assert read.images() == {
        "T-R": (red, f"{blue}?v=1", f"{back}?v=1"),
        "T-B": (blue, f"{red}?v=1", f"{back}?v=1"),
        "tee/Green": (f"{red}?v=1", f"{blue}?v=1", f"{back}?v=1"),
        "cap": ("https://i.example/cap.jpg",),
    }
    assert read.left_out() == ["O-S", "O-M"]
    assert {product.title for product in read.products.values()} == {"Plain tee", "Cap"}
    assert read.products["T-B"].attributes == {"colour": "Blue"}
    assert read.reading.counts.inherited["image"] == 1
    assert (read.reading.counts.folded, read.reading.counts.left_out) == (1, 2)
    assert read.reading.counts.inherited["title"] == 2


def test_products_without_a_handle_are_not_joined(tmp_path: Path) -> None:
    text = "Handle,Title,Variant SKU,Variant Price,Image Src\n" + "".join(
        f"h{name},{name},{name},5,https://i.example/{name}.jpg\n" for name in ("Tee", "Cap")
    )
    read = Read(tmp_path / "feed.csv", text, columns={"group": ""})
    assert read.facts("title", "price") == {"Tee": ("Tee", 5.0), "Cap": ("Cap", 5.0)}


def test_of_plain_products_the_inactive_are_left_out(tmp_path: Path) -> None:
    text = "id,title,image,status\n1,Tee,a.jpg,active\n2,Cap,b.jpg,Inactive\n"
    assert Read(tmp_path / "feed.csv", text).left_out() == ["2"]


def test_a_sku_of_two_products_costs_none(tmp_path: Path) -> None:
    text = """\
Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src
tee,Tee,Size,S,S,9.00,a.jpg
cap,Cap,Size,S,S,9.00,b.jpg
cap,,,M,S,9.00,
"""
    read = Read(tmp_path / "feed.csv", text)
    assert [*read.products] == ["S", "cap/S", "cap/M"]
    kinds = {note.kind for note in read.products["cap/S"].notes}
    assert "id made of group and options" in kinds


BULK = """\
{"id":"gid://shopify/Product/1","handle":"tee","title":"Red tee","vendor":"Acme","status":"ACTIVE",\
"featuredImage":{"url":"red.jpg"},"category":{"fullName":"Apparel > Tops"}}
{"id":"gid://shopify/Product/2","handle":"cap","title":"Cap","status":"DRAFT",\
"featuredImage":{"url":"cap.jpg"}}
{"id":"gid://shopify/ProductVariant/11","sku":"R-S","title":"S","price":"19.00",\
"compareAtPrice":"25.00","inventoryQuantity":0,"inventoryPolicy":"DENY",\
"selectedOptions":[{"name":"Size","value":"S"}],"__parentId":"gid://shopify/Product/1"}
{"id":"gid://shopify/MediaImage/5","image":{"url":"back.jpg"},"__parentId":"gid://shopify/Product/1"}
{"id":"gid://shopify/ProductVariant/12","title":"M","price":{"amount":"19.00","currencyCode":"EUR"},\
"inventoryQuantity":2,"image":{"url":"m.jpg"},"selectedOptions":[{"name":"Size","value":"M"}],\
"__parentId":"gid://shopify/Product/1"}
{"id":"gid://shopify/ProductVariant/21","sku":"C","price":"9.00","__parentId":"gid://shopify/Product/2"}
"""


@pytest.mark.parametrize("order", [1, -1])
def test_shopify_bulk_with_children_anywhere(tmp_path: Path, order: int) -> None:
    text = "".join(BULK.splitlines(keepends=True)[::order])
    read = Read(tmp_path / "feed.jsonl", text)
    assert read.reading.platform.name == "Shopify bulk export (JSON Lines)"
    second = "gid://shopify/ProductVariant/12"
    assert read.facts("group", "brand", "size", *OFFER) == {
        "R-S": ("tee", "Acme", "S", 19.0, 25.0, None, "out of stock", 0),
        second: ("tee", "Acme", "M", 19.0, None, "EUR", "in stock", 2),
    }
    assert read.images() == {
        "R-S": ("red.jpg", "back.jpg"),
        second: ("m.jpg", "red.jpg", "back.jpg"),
    }
    assert read.products["R-S"].category_text == "Apparel > Tops"
    assert read.products["R-S"].title == "Red tee"
    assert read.left_out() == ["C"]


def test_shopify_bulk_whose_images_and_variants_come_last(tmp_path: Path) -> None:
    products = [f'{{"id":"gid://shopify/Product/{n}","title":"Tee"}}' for n in range(400)]
    children = [
        f'{{"id":"gid://shopify/{kind}/{n}",{rest},"__parentId":"gid://shopify/Product/{n}"}}'
        for n in range(400)
        for kind, rest in (
            ("ProductVariant", '"price":"9"'),
            ("MediaImage", '"image":{"url":"a.jpg"}'),
        )
    ]
    read = Read(tmp_path / "feed.jsonl", "\n".join(products + children))
    assert len(read.products) == 400
    assert {*read.images().values()} == {("a.jpg",)}
    assert {*read.facts("price").values()} == {(9.0,)}


WOO = """\
ID,Type,SKU,Name,Published,Visibility in catalog,In stock?,Stock,Backorders allowed?,Sale price,\
Regular price,Categories,Images,Parent,Brands,Attribute 1 name,Attribute 1 value(s)
45,variation,tee-red,Tee - Red,1,visible,1,parent,0,18,20,,https://i.example/r.jpg,id:44,,Color,Red
46,variation,,Tee - Blue,1,visible,0,5,0,,20,,,tee,,Color,Blue
44,variable,tee,Tee,1,visible,1,7,0,,,"Clothing, Clothing > Tees",\
"https://i.example/r.jpg, https://i.example/b.jpg",,Acme,Color,"Red, Blue"
47,simple,cap,Cap,-1,visible,1,,,,16,Caps,https://i.example/c.jpg,,,,
48,simple,,Belt,1,visible,1,2,0,,16,"Accessories\\, belts",https://i.example/d.jpg,,,,
49,variation,lost,Lost,1,visible,1,2,0,,16,,,gone,,Size,S
"""


def test_woocommerce(tmp_path: Path) -> None:
    read = Read(tmp_path / "feed.csv", WOO)
    assert read.reading.platform.name == "WooCommerce product export"
    assert read.facts("group", "brand", "color", *OFFER) == {
        "48": (None, None, None, 16.0, None, None, "in stock", 2),
        "tee-red": ("tee", "Acme", "Red", 18.0, 20.0, None, "in stock", 7),
        "46": ("tee", "Acme", "Blue", 20.0, None, None, "out of stock", 5),
    }
    red, blue = "https://i.example/r.jpg", "https://i.example/b.jpg"
    assert read.images() == {
        "48": ("https://i.example/d.jpg",),
        "tee-red": (red, blue),
        "46": (red, blue),
    }
    assert read.products["46"].category_text == "Clothing > Tees"
    assert read.products["48"].category_text == "Accessories, belts"
    reasons = {outcome.product_id: (outcome.status, outcome.reason) for outcome in read.outcomes}
    assert reasons["cap"] == ("left_out", "Published is '-1'")
    assert reasons["lost"][0] == "failed"
    assert len(reasons) == 2


MAGENTO = """\
sku,store_view_code,product_type,categories,name,product_online,visibility,price,special_price,\
base_image,small_image,additional_attributes,qty,is_in_stock,additional_images,configurable_variations
T-S,,simple,"Default Category/Tops,Default Category/Tops/Tees",Tee-S,1,Not Visible Individually,\
20.09,12.50,,,"color=Grey,gender=Men",7.0000,1,/b/back.jpg,
T-M,,simple,,Tee-M,1,Not Visible Individually,,,no_selection,,,0.0000,0,,
T,,configurable,"Default Category/Tops,Default Category/Tops/Tees",Tee,1,"Catalog, Search",21,,\
/a/tee.jpg,/a/small.jpg,"color=Grey,gender=Men",0.0000,1,,"sku=T-S,size=S|sku=T-M,size=M"
T,fr,configurable,,Maillot,,,,,,,,,,,
C,,simple,Default Category/Caps,Cap,2,"Catalog, Search",9,,/c/cap.jpg,,,1.0000,1,,
"""


def test_of_two_prices_in_a_plain_table_the_higher_is_the_price_before(tmp_path: Path) -> None:
    text = """\
id,title,image,price,regular_price
1,Tee,a.jpg,18,20
2,Cap,b.jpg,20,20
3,Bag,c.jpg,,20
"""
    read = Read(tmp_path / "feed.csv", text)
    assert read.facts("price", "price_before") == {
        "1": (18.0, 20.0),
        "2": (20.0, None),
        "3": (20.0, None),
    }


def test_magento(tmp_path: Path) -> None:
    read = Read(tmp_path / "feed.csv", MAGENTO, image_base="https://s.example/media/")
    assert read.reading.platform.name == "Magento product export"
    assert read.facts("group", "size", "color", *OFFER) == {
        "T-S": ("T", "S", "Grey", 12.5, 20.09, None, "in stock", 7),
        "T-M": ("T", "M", "Grey", 21.0, None, None, "out of stock", 0),
    }
    tee = "https://s.example/media/a/tee.jpg"
    assert read.images() == {"T-S": (tee, "https://s.example/media/b/back.jpg"), "T-M": (tee,)}
    assert read.products["T-M"].category_text == "Tops > Tees"
    assert read.products["T-S"].attributes == {"colour": "Grey", "gender": "Men"}
    assert read.left_out() == ["C"]


def test_a_leading_slash_without_a_base_is_the_feeds_folder(tmp_path: Path) -> None:
    read = Read(tmp_path / "feed.csv", MAGENTO)
    assert read.images()["T-M"] == ("a/tee.jpg",)


def test_prestashop_list(tmp_path: Path) -> None:
    text = """\
Product ID;Image;Name;Reference;Category;Price (tax excl.);Price (tax incl.);Quantity;Status;\
Position
1;https://i.example/1.jpg;Tee;r1;Tees;1 200,90 €;1441.080000;0;1;0
2;https://i.example/2.jpg;Cap;r2;Caps;23,19 €;27.828000;1;0;1
"""
    read = Read(tmp_path / "feed.csv", text)
    assert read.reading.platform.name == "PrestaShop product list"
    assert read.facts(*OFFER) == {"1": (1441.08, None, "EUR", "out of stock", 0)}
    assert read.left_out() == ["2"]
    assert not read.products["1"].notes
    without = Read(tmp_path / "feed.csv", text.replace("Price (tax incl.)", "Unit"))
    assert without.facts("price", "currency") == {"1": (1200.9, "EUR")}
    note = Note("price is without tax", "expected one with tax; got 1200.9 EUR")
    assert [*without.products["1"].notes] == [note]


def test_prestashop_import(tmp_path: Path) -> None:
    text = """\
Product ID;Active (0/1);Name *;Categories (x,y,z...);Price tax excluded;On sale (0/1);\
Discount percent;Brand;Quantity;Image URLs (x,y,z...)
1;1;Tee;Home,Tees;20.09;1;20;Acme;3;https://i.example/1.jpg,https://i.example/2.jpg
2;1;Cap;Home/Men/Caps;10;0;10;Acme;0;https://i.example/3.jpg
3;0;Old;Home;10;0;;Acme;0;https://i.example/3.jpg
"""
    read = Read(tmp_path / "feed.csv", text)
    assert read.reading.platform.name == "PrestaShop import table"
    assert read.facts("brand", *OFFER) == {
        "1": ("Acme", 16.07, 20.09, None, "in stock", 3),
        "2": ("Acme", 9.0, 10.0, None, "out of stock", 0),  # "On sale" is but a label,
    }
    assert [product.category_text for product in read.products.values()] == ["Tees", "Men > Caps"]
    assert read.images()["1"] == ("https://i.example/1.jpg", "https://i.example/2.jpg")
    assert read.left_out() == ["3"]


BIGCOMMERCE = {
    "2": """\
Item Type,Product ID,Product Name,Product Code/SKU,Brand Name,Price,Retail Price,Sale Price,\
Allow Purchases?,Product Visible?,Track Inventory,Current Stock Level,Category,\
Product Image File - 1,Product Image URL - 1,Product Image URL - 2
Product,1,Tee,T,Acme,20.09,99,11,Y,Y,by option,0,Clothing/Tees;Sale,a.jpg,\
https://i.example/a.jpg,https://i.example/b.jpg
  SKU,,"[RT]Size=S,[CS]Color=Red:#ff0000",T-S,,,,,,,,2,,,,
  SKU,,"[RT]Size=M,[CS]Color=Red:#ff0000",T-M,,,,,,,,0,,,,
  Rule,,,T-M,,[FIXED]5,,,,,,,,,,
Product,2,Cap,C,Acme,9,99,0.00,Y,Y,none,0,Caps,img/c.jpg,,
Product,3,Old,O,Acme,9,99,0.00,Y,N,none,0,Caps,,https://i.example/c.jpg,
""",
    "3": """\
Item,ID,Name,Type,SKU,Options,Inventory Tracking,Current Stock,Price,Retail Price,Sale Price,\
Brand Name,Categories,Is Visible,Variant Image URL,Internal Image URL (Export)
Product,1,Tee,physical,T,,variant,2,20.09,0.00,11.00,Acme,Clothing/Tees;Sale,TRUE,,
Variant,5,,,T-S,Type=Rectangle|Name=Size|Value=SType=Swatch|Name=Color|Value=Red[#ff0000],,2,,,,,,,,
Variant,6,,,T-M,Type=Rectangle|Name=Size|Value=MType=Swatch|Name=Color|Value=Red[#ff0000],,0,,,,,,,,
Image,7,,,,,,,,,,,,,,https://i.example/a.jpg
Image,8,,,,,,,,,,,,,,https://i.example/b.jpg
Product,2,Cap,physical,C,,none,0,9,0.00,0.00,Acme,23,TRUE,,img/c.jpg
Product,3,Old,physical,O,,none,0,9,0.00,0.00,Acme,23,FALSE,,img/c.jpg
""",
}


@pytest.mark.parametrize("version", BIGCOMMERCE)
def test_bigcommerce(tmp_path: Path, version: str) -> None:
    read = Read(tmp_path / "feed.csv", BIGCOMMERCE[version])
    assert read.reading.platform.name == "BigCommerce product export"
    assert read.facts("group", "brand", "size", "color", *OFFER) == {
        "T-S": ("T", "Acme", "S", "Red", 11.0, 20.09, None, "in stock", 2),
        "T-M": ("T", "Acme", "M", "Red", 11.0, 20.09, None, "out of stock", 0),
        "C": (None, "Acme", None, None, 9.0, None, None, "in stock", None),
    }
    both = ("https://i.example/a.jpg", "https://i.example/b.jpg")
    assert read.images() == {"T-S": both, "T-M": both, "C": ("img/c.jpg",)}
    assert read.products["T-S"].title == "Tee"
    assert read.products["T-S"].category_text == "Clothing > Tees"
    assert read.products["C"].category_text == {"2": "Caps", "3": ""}[version]
    assert read.left_out() == ["O"]


@pytest.mark.parametrize(("version", "variant"), [("2", "by option"), ("3", "variant,2")])
def test_bigcommerce_counts_a_product(tmp_path: Path, version: str, variant: str) -> None:
    product = {"by option": "by product", "variant,2": "product,7"}[variant]
    text = BIGCOMMERCE[version].replace(variant, product).replace("by product,0", "by product,7")
    read = Read(tmp_path / "feed.csv", text)
    assert read.facts("availability", "stock") == {
        "T-S": ("in stock", 7),
        "T-M": ("in stock", 7),
        "C": ("in stock", None),
    }


def test_medusa(tmp_path: Path) -> None:
    text = """\
Product Id,Product Handle,Product Title,Product Status,Product Thumbnail,Product Image 1 Url,\
Product Image 2 Url,Variant Id,Variant Title,Variant Sku,Variant Manage Inventory,\
Variant Inventory Quantity,Variant Option 1 Name,Variant Option 1 Value,Variant Price EUR,\
Variant Price USD
p1,tee,Tee,published,a.jpg,a.jpg,b.jpg,v1,S / Red,T-S,true,0,Size,S,10,12
p1,tee,Tee,published,a.jpg,a.jpg,b.jpg,v2,M / Red,,false,,Size,M,,14
p2,cap,Cap,draft,c.jpg,c.jpg,,v3,One,C,true,1,Size,One,10,12
"""
    read = Read(tmp_path / "feed.csv", text)
    assert read.reading.platform.name == "Medusa product export"
    assert read.facts("group", "size", *OFFER) == {
        "T-S": ("tee", "S", 10.0, None, "EUR", "out of stock", 0),
        "v2": ("tee", "M", 14.0, None, "USD", "in stock", None),
    }
    assert read.images() == {"T-S": ("a.jpg", "b.jpg"), "v2": ("a.jpg", "b.jpg")}
    assert read.left_out() == ["C"]


def test_vision_product_search(tmp_path: Path) -> None:
    text = """\
gs://shop/a.jpg,img1,set0,p1,apparel-v2,Red tee,"color=red,style=plain",
gs://shop/b.jpg,img2,set0,p1,apparel-v2,,,
gs://shop/c.jpg,,set0,p2,apparel-v2,Cap,,"0,0,1,1"
"""
    read = Read(tmp_path / "feed.csv", text)
    assert read.reading.platform.name == "Vision Product Search import table"
    bucket = "https://storage.googleapis.com/shop"
    assert read.images() == {
        "p1": (f"{bucket}/a.jpg", f"{bucket}/b.jpg"),
        "p2": (f"{bucket}/c.jpg",),
    }
    assert read.facts("title", "color") == {"p1": ("Red tee", "red"), "p2": ("Cap", None)}
    assert read.products["p1"].attributes == {"colour": "red"}
    assert read.reading.counts.folded == 1
