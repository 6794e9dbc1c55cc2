"""Tables as files that spreadsheets open, written row by row: CSV and XLSX, whatever the number of rows.

No cell is ever a formula: in CSV, text that a spreadsheet would take for one gets an apostrophe before it; in XLSX it
is written as text.
"""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from xlsxwriter.workbook import Workbook

Cell = str | int | Decimal
"""Numbers are written as numbers; whatever is to stay text comes as text."""

MAX_XLSX_ROWS = 1_048_576
"""Of one sheet, titles included: more than that no spreadsheet opens."""
MAX_TEXT = 32_767
"""Characters a cell of a spreadsheet holds."""
MAX_EXACT = 10**15
"""Spreadsheets keep fifteen digits; a larger number is written as text."""

_RISKY = re.compile(r"\s*[=+\-@\t\r\n]")
_DIGITS = re.compile(r"\d{12,}")


class SheetFile(Protocol):
    """A file that takes rows until it is closed."""

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write rows at the end."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...

    def abandon(self) -> None:
        """Give up: what was written is of no use."""
        ...


def csv_cell(cell: Cell) -> str:
    """What stands in a CSV file for a value.

    A tab keeps long digits, such as order numbers, from being rounded; numbers keep their sign.
    """
    if not isinstance(cell, str):
        return str(cell)
    if _DIGITS.fullmatch(cell):
        return f"\t{cell}"
    return f"'{cell}" if _RISKY.match(cell) else cell


class CsvFile:
    """UTF-8 with a byte order mark and CRLF, as spreadsheets expect it."""

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, lineterminator="\r\n")
        self.add([titles])

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write rows at the end."""
        self._writer.writerows([csv_cell(cell) for cell in row] for row in rows)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    abandon = close


class XlsxFile:
    """One sheet; a row is out of memory as soon as the next one begins."""

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        options = {
            "constant_memory": True,
            "tmpdir": str(path.parent),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = Workbook(str(path), options)
        self._sheet = self._book.add_worksheet()
        self._row = 0
        bold = self._book.add_format({"bold": True})
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, max(len(titles) - 1, 0), 18)
        for column, title in enumerate(titles):
            self._sheet.write_string(0, column, title, bold)

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write rows at the end; more than a sheet holds is refused."""
        for row in rows:
            self._row += 1
            if self._row >= MAX_XLSX_ROWS:
                raise ValueError(f"a sheet holds {MAX_XLSX_ROWS} rows, titles included")
            for column, cell in enumerate(row):
                if not isinstance(cell, str) and -MAX_EXACT < cell < MAX_EXACT:
                    self._sheet.write_number(self._row, column, cell)
                elif cell != "":
                    self._sheet.write_string(self._row, column, str(cell)[:MAX_TEXT])

    def close(self) -> None:
        """Finish the file: everything is packed now, which takes a while for many rows."""
        self._book.close()

    def abandon(self) -> None:
        """Leave it unpacked; its folder goes."""
        self._book.fileclosed = True


WRITERS: dict[str, Callable[[Path, Sequence[str]], SheetFile]] = {"csv": CsvFile, "xlsx": XlsxFile}
"""By the ending of the file's name."""
