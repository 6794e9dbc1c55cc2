"""Files that spreadsheets open, and that do nothing when they are opened."""

import csv
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from chargecloud.infra import spreadsheets
from chargecloud.infra.spreadsheets import CsvFile, XlsxFile, csv_cell

FORMULAS = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\r=1", "\n=1", "  =1", "=HYPERLINK(1)"]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_looks_like_a_formula_is_none(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


def test_numbers_keep_their_sign_and_long_digits_their_end() -> None:
    assert csv_cell(Decimal("-12.50")) == "-12.50"
    assert csv_cell(-3) == "-3"
    assert csv_cell("2026010112000000000007") == "\t2026010112000000000007"
    assert csv_cell("12345678901") == "12345678901"
    assert csv_cell("张三, “好”") == "张三, “好”"


def test_csv_has_a_mark_and_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    file = CsvFile(path, ["名称", "金额"])
    file.add([['a,"b"\nc', Decimal("1.20")], ["=1", 3]])
    file.close()
    assert path.read_bytes().startswith(b"\xef\xbb\xbf\xe5")
    with path.open(encoding="utf-8-sig", newline="") as back:
        assert list(csv.reader(back)) == [["名称", "金额"], ['a,"b"\nc', "1.20"], ["'=1", "3"]]


def _sheet(path: Path) -> str:
    with zipfile.ZipFile(path) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


def test_xlsx_has_text_as_text_and_numbers_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    file = XlsxFile(path, ["a", "b"])
    file.add([["=1+1", Decimal("-12.5")], ["https://example.com", 10**16], ["", 7]])
    file.close()
    sheet = _sheet(path)
    assert "<f>" not in sheet and "hyperlink" not in sheet
    assert "<t>=1+1</t>" in sheet and "<v>-12.5</v>" in sheet and "<v>7</v>" in sheet
    assert "<t>10000000000000000</t>" in sheet


def test_a_sheet_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheets, "MAX_XLSX_ROWS", 3)
    file = XlsxFile(tmp_path / "x.xlsx", ["a"])
    file.add([["1"], ["2"]])
    with pytest.raises(ValueError, match="3 rows"):
        file.add([["3"]])
    file.abandon()
