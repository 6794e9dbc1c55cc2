"""Tables as people send them: CSV in the encodings spreadsheets write, and XLSX; whatever is wrong with a file is said.

Every cell comes as text. A formula comes as the value it had when the file was stored; a whole number without a point.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from openpyxl import load_workbook

from chargecloud.kernel.errors import Invalid

MAX_UNPACKED = 30 * 1024 * 1024
"""What an XLSX file may say it unpacks to; reading stops there, whatever it says."""
MAX_COLUMNS = 60
MAX_CELL = 1_000
BROKEN = (
    zipfile.BadZipFile, zlib.error, KeyError, IndexError, ValueError, TypeError, AttributeError, SyntaxError,
    RuntimeError, OSError, EOFError, ArithmeticError,
)  # fmt: skip
"""What reading a file that is none raises: of the archive, of its XML, of what the XML says."""

Rows = list[list[str]]


def read_table(content: bytes, *, max_rows: int) -> Rows:
    """The rows of the first sheet, titles included, blank ones too, so that the number of a row is that of the sheet.

    Blank rows at the end are not there. Invalid names what is wrong with the file and how to mend it.
    """
    rows = _xlsx(content, max_rows) if content[:2] == b"PK" else _csv(content, max_rows)
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise Invalid("文件是空的，请从模板开始填写", "sheet_empty")
    return rows


def _bounded(rows: Iterable[list[str]], max_rows: int) -> Rows:
    found: Rows = []
    for row in rows:
        if len(found) >= max_rows and any(row):
            raise Invalid(f"文件超过 {max_rows} 行，请拆成几个文件", "sheet_too_long", max_rows=max_rows)
        if len(found) >= 2 * max_rows:
            raise Invalid("文件里的空行太多，请删除空行后重试", "sheet_too_long", max_rows=max_rows)
        if len(row) > MAX_COLUMNS:
            raise Invalid(f"第 {len(found) + 1} 行超过 {MAX_COLUMNS} 列，请从模板开始填写", "sheet_too_wide")
        found.append([cell[: MAX_CELL + 1] for cell in row])
    return found


def _xlsx(content: bytes, max_rows: int) -> Rows:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(each.file_size for each in archive.infolist()) > MAX_UNPACKED:
                raise Invalid("文件解开后太大，请删除多余的工作表和格式", "sheet_too_large")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            return _bounded(_cells(sheet.iter_rows(values_only=True)), max_rows)
        finally:
            book.close()
    except BROKEN as error:
        raise Invalid("文件不是可以读取的 XLSX 工作簿，请用表格软件另存为 .xlsx 或 .csv", "sheet_broken") from error


def _cells(rows: Iterable[tuple[object, ...]]) -> Iterator[list[str]]:
    for row in rows:
        cells = [_text(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        yield cells


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case datetime() | date():
            return value.isoformat()
    return str(value).strip()


def _csv(content: bytes, max_rows: int) -> Rows:
    text = _decoded(content)
    if "\0" in text:
        raise Invalid("文件不是文本，请用表格软件另存为 .xlsx 或 .csv", "sheet_broken")
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    try:
        return _bounded(map(_plain, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)), max_rows)
    except csv.Error as error:
        raise Invalid("CSV 的引号或换行有误，请用表格软件另存后重试", "sheet_broken") from error


def _decoded(content: bytes) -> str:
    """UTF-8, UTF-16 where it says so, or what Chinese spreadsheets write by themselves."""
    encodings = ["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("文件既不是 UTF-8 也不是 GBK 编码，请另存为“CSV UTF-8”", "sheet_encoding")


def _plain(row: list[str]) -> list[str]:
    """Without what keeps spreadsheets from rounding digits or running text: ="…", a tab, an apostrophe."""
    cells = []
    for cell in row:
        cell = cell.strip()
        if cell.startswith('="') and cell.endswith('"') and len(cell) >= 3:
            cell = cell[2:-1]
        cells.append(cell.removeprefix("'"))
    while cells and not cells[-1]:
        cells.pop()
    return cells
