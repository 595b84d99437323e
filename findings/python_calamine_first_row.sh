#!/usr/bin/env bash
# python-calamine 0.9.1: its two readers disagree about where a sheet begins.
#
# A shop's workbook often has a blank block above and beside the table. For a table whose header is
# in B4, to_python() gives three rows from the header on. iter_rows(), which is the one for large
# sheets, gives six: the blank rows above are there, the blank column beside is not. total_height
# says five: it is the index of the last row, counted from zero, and no height. Line numbers in a
# report are therefore right with the one reader and three too small with the other.
#
# Needs Python 3.11 or later. Installs in a temporary folder. Exits non-zero when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  python-calamine==0.9.1 openpyxl==3.1.5
FOLDER=$folder "$folder/venv/bin/python" - <<'PYTHON'
import os
import sys
from importlib.metadata import version

from openpyxl import Workbook
from python_calamine import CalamineWorkbook

path = os.path.join(os.environ["FOLDER"], "sheet.xlsx")
book = Workbook()
table = [("id", "title"), ("1", "Shirt"), ("2", "Hat")]
for row, cells in enumerate(table, start=4):
    for column, value in enumerate(cells, start=2):
        book.active.cell(row, column, value)
book.save(path)
sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
whole, streamed = sheet.to_python(), list(sheet.iter_rows())
print("python-calamine", version("python-calamine"), "on a table from B4 to C6")
print("to_python():", whole)
print("iter_rows():", streamed)
print("total_height:", sheet.total_height, " height:", sheet.height, " start:", sheet.start)
same = whole == [list(row) for row in table] and streamed == 3 * [["", ""]] + whole
sys.exit(0 if same and sheet.total_height == 5 else 1)
PYTHON
