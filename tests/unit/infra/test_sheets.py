"""Tables as people send them, and files that are none."""

import io
import random
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from chargecloud.infra import sheets
from chargecloud.infra.sheets import read_table
from chargecloud.infra.spreadsheets import CsvFile
from chargecloud.kernel.errors import Invalid

TEXT = "站名,桩编号\r\n滨江一站,32010600000001\r\n"
TABLE = [["站名", "桩编号"], ["滨江一站", "32010600000001"]]


def book(rows: list[list[object]]) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    stored = io.BytesIO()
    made.save(stored)
    return stored.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_in_the_encodings_of_spreadsheets(encoding: str) -> None:
    assert read_table(TEXT.encode(encoding), max_rows=10) == TABLE


def test_csv_with_other_separators_and_what_keeps_digits(tmp_path: Path) -> None:
    assert read_table('站名\t桩编号\n"滨江\n一站"\t="32010600000001"\n'.encode(), max_rows=10) == [
        ["站名", "桩编号"],
        ["滨江\n一站", "32010600000001"],
    ]
    file = CsvFile(tmp_path / "own.csv", TABLE[0])
    file.add([TABLE[1], ["=x", ""]])
    file.close()
    assert read_table((tmp_path / "own.csv").read_bytes(), max_rows=10) == [*TABLE, ["=x"]]


def test_xlsx_gives_text_numbers_and_the_values_of_formulas() -> None:
    stored = book([["站名", "数"], ["滨江", 32010600000001], [None, 1.5], [True, date(2026, 1, 2)], ["=1+1", None]])
    assert read_table(stored, max_rows=10) == [
        ["站名", "数"],
        ["滨江", "32010600000001"],
        ["", "1.5"],
        ["是", "2026-01-02T00:00:00"],
    ], "a formula that was never reckoned has no value"


def test_numbers_of_lines_are_those_of_the_sheet() -> None:
    assert read_table(book([["a"], [None], ["b"]]), max_rows=10) == [["a"], [], ["b"]]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "sheet_empty"),
        (b"\xff\xff\xff", "sheet_encoding"),
        (b"a\0b", "sheet_broken"),
        (b'a,"' + b"x" * 200_000, "sheet_broken"),
        (b"PK\x03\x04 nothing", "sheet_broken"),
        (b"a\n" * 30, "sheet_too_long"),
        (b"\n" * 50 + b"a", "sheet_too_long"),
        (b"," * 80 + b"a", "sheet_too_wide"),
    ],
)
def test_what_is_no_table_is_told(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_table(content, max_rows=20)
    assert refusal.value.code == code


def test_an_archive_that_would_unpack_to_too_much_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = book([["a" * 900]] * 50)
    monkeypatch.setattr(sheets, "MAX_UNPACKED", 1000)
    with pytest.raises(Invalid, match="太大"):
        read_table(stored, max_rows=100)


def test_a_sheet_that_says_it_has_a_million_rows_costs_nothing() -> None:
    stored = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book([["a"], ["b"]]))) as old, zipfile.ZipFile(stored, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(b'"A1:A2"', b'"A1:XFD1048576"').replace(b'<row r="2"', b'<row r="1048576"')
            new.writestr(name, content)
    with pytest.raises(Invalid, match="空行太多"):
        read_table(stored.getvalue(), max_rows=100)


def test_broken_files_are_refused_and_nothing_else() -> None:
    whole, chance = book([["站名", "数"], ["滨江", 1]] * 5), random.Random(7)
    refused = 0
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            broken[chance.randrange(2, len(broken))] = chance.randrange(256)
        try:
            read_table(bytes(broken[: chance.randint(10, len(broken))]), max_rows=100)
        except Invalid:
            refused += 1
    assert refused > 200
