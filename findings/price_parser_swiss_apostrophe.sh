#!/usr/bin/env bash
# price-parser 0.5.1: a Swiss price with the typographic apostrophe is read as its thousands alone.
#
# Swiss shops write 1’299.00 with U+2019, as word processors and older locale data do; with the plain
# apostrophe, 1'299.00, it is the same price. price-parser reads the second as 1299.00 and the first
# as 1, with the right currency and no error, so that a coat for 1,299 francs is for sale at one.
# A minus sign is dropped as silently: a correction of -12.99 comes out as a price of 12.99.
#
# Needs Python 3.11 or later. Installs in a temporary folder. Exits non-zero when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check price-parser==0.5.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from decimal import Decimal
from importlib.metadata import version

from price_parser import Price

texts = {
    "CHF 1'299.00": Decimal("1299.00"),
    "CHF 1\N{RIGHT SINGLE QUOTATION MARK}299.00": Decimal("1"),
    "1\N{RIGHT SINGLE QUOTATION MARK}299.00 CHF": Decimal("1"),
    "-12.99 EUR": Decimal("12.99"),
}
print("price-parser", version("price-parser"))
found = {text: Price.fromstring(text) for text in texts}
for text, price in found.items():
    print(f"{text:<14} {price.amount!s:>8} {price.currency}")
sys.exit(0 if {text: price.amount for text, price in found.items()} == texts else 1)
PYTHON
