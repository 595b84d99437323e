"""Words of shop platforms for whether a product can be bought."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from houndstooth.mappings.errors import InvalidProduct
from houndstooth.mappings.numbers import read_number
from houndstooth.mappings.product import IN_STOCK, OUT_OF_STOCK, PREORDER

# Lower case, without spaces, hyphens and underscores; en, de, fr, es, it, nl, pt, pl.
_YES = "yes y true on ja oui sí si sim tak"
_NO = "no n false off nein non nee não nao nie"
_WORDS = {
    IN_STOCK: f"{_YES} instock available limitedavailability instoreonly onlineonly lowstock "
    "auflager verfügbar lieferbar sofortlieferbar sofortverfügbar vorrätig enstock disponible "
    "endisponibilidad enexistencia hayexistencias disponibile inmagazzino "
    "opvoorraad voorradig beschikbaar leverbaar emestoque disponível disponivel wmagazynie "
    "dostępny dostępna dostępne dostepny nastanie",
    OUT_OF_STOCK: f"{_NO} outofstock soldout unavailable notavailable discontinued disabled "
    "nichtauflager nichtvorrätig nichtverfügbar nichtlieferbar ausverkauft vergriffen "
    "rupturedestock enrupturedestock enrupture horsstock épuisé epuise indisponible nondisponible "
    "agotado sinstock sinexistencias fueradestock nodisponible esaurito nondisponibile "
    "uitverkocht nietopvoorraad nietvoorradig nietbeschikbaar nietleverbaar esgotado semestoque "
    "foradeestoque indisponível indisponivel nãodisponível wyprzedany wyprzedane brak "
    "brakwmagazynie niedostępny niedostępna niedostępne niedostepny",
    PREORDER: "preorder presale backorder onbackorder availableforbackorder availablefororder "
    "vorbestellbar vorbestellung nachbestellbar précommande precommande préventa preventa reserva "
    "surcommande preordine prenotabile ordinabile preordinabile voorbestelling voorbestellen "
    "nabestelling prévenda prevenda prévendas encomenda przedsprzedaż przedsprzedaz nazamówienie",
}
_AVAILABILITY = {word: state for state, words in _WORDS.items() for word in words.split()}
_ALLOWED = {
    **dict.fromkeys(f"{_YES} continue notify allow allowed 1 2".split(), True),
    **dict.fromkeys(f"{_NO} deny donotallow notallowed 0".split(), False),
}


@lru_cache(maxsize=4096)
def read_availability(value: Any) -> str:
    """Read whether a product can be bought: ``in stock``, ``out of stock`` or ``preorder``.

    Words of eight languages, schema.org's addresses, numbers and booleans of JSON are known.
    What can be ordered and comes later, such as a back-order, counts as a preorder.

    Raises:
        InvalidProduct: The value says nothing of the kind.
    """
    text = str(value).rpartition("/")[2]
    state = _AVAILABILITY.get(_key(text))
    if state is None:
        try:
            return IN_STOCK if read_number(text) > 0 else OUT_OF_STOCK
        except ValueError:
            raise InvalidProduct(
                f"expected an availability such as 'in stock'; got {str(value)[:40]!r}"
            ) from None
    return state


@lru_cache(maxsize=4096)
def read_permission(value: Any) -> bool:
    """Read yes or no, in eight languages, or a platform's word such as ``continue`` or ``deny``.

    Raises:
        InvalidProduct: The value says neither.
    """
    try:
        return _ALLOWED[_key(str(value))]
    except KeyError:
        raise InvalidProduct(f"expected yes or no; got {str(value)[:40]!r}") from None


def _key(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text).lower()
