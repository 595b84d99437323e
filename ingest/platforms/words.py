"""Words for columns in other languages than English: de, fr, es, it, nl, pt, pl."""

from __future__ import annotations

from collections.abc import Mapping

_PRICES = ("preis", "prix", "precio", "prezzo", "prijs", "preço", "cena")

WORDS: Mapping[str, tuple[str, ...]] = {
    "id": (
        *("Artikelnummer", "Artikelnr", "Artikel-Nr.", "Art.-Nr.", "Produktnummer", "référence"),
        *("referencia", "código", "codice", "riferimento", "referência", "indeks", "kod"),
    ),
    "title": (
        *("Bezeichnung", "Artikelbezeichnung", "Artikelname", "Produktname", "Titel", "nom"),
        *("titre", "nombre", "título", "nome", "titolo", "naam", "nazwa", "tytuł"),
    ),
    "image": (
        *("Bild", "Bild-URL", "Bildlink", "photo", "imagen", "immagine", "foto"),
        *("afbeelding", "imagem", "zdjęcie"),
    ),
    "images": ("Bilder", "photos", "imágenes", "immagini", "afbeeldingen", "imagens", "zdjęcia"),
    "category": ("Kategorie", "catégorie", "categoría", "categoria", "categorie", "kategoria"),
    "price": (*_PRICES, *(f"{word} @" for word in _PRICES)),
    "currency": ("Währung", "devise", "moneda", "valuta", "moeda", "waluta"),
    "stock": (
        *("Bestand", "Lagerbestand", "Menge", "quantité", "cantidad", "existencias", "quantità"),
        *("giacenza", "voorraad", "estoque", "quantidade", "ilość", "stan"),
    ),
    "brand": ("Marke", "Hersteller", "marque", "marca", "merk", "marka", "producent"),
}
"""The words by role; accents do not matter."""
