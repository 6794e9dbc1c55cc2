"""Sheets of stickers: pages, what is drawn, and that a code can be read again."""

import re
import zlib
from base64 import a85decode
from pathlib import Path

import pytest
import segno

from chargecloud.infra import stickers
from chargecloud.infra.stickers import ACROSS, CODE_MM, DOWN, QUIET_MODULES, Sticker, sheet
from chargecloud.kernel.errors import Unavailable


def sticker(number: int = 1, **more: str) -> Sticker:
    values = {
        "address": f"https://example.com/q/abcdefgh{number:02d}",
        "alias": f"abcdefgh{number:02d}",
        "station": "城东充电站",
        "charge_point": "1 号桩",
        "code": "32010600000001",
        "connector": "2 号枪",
        "phone": "400-123-4567",
    }
    return Sticker(**{**values, **more})


def contents(pdf: bytes) -> list[str]:
    """What each page draws."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\n?endstream", pdf, re.DOTALL)
    found = []
    for stream in streams:
        data = stream.strip()
        if data.endswith(b"~>"):
            data = a85decode(data, adobe=data.startswith(b"<~")) if data.startswith(b"<~") else a85decode(data[:-2])
        try:
            text = zlib.decompress(data).decode("latin-1")
        except (zlib.error, ValueError):
            continue
        if " re" in text or "Tj" in text:
            found.append(text)
    return found


def drawn_modules(page: str, modules: int) -> set[tuple[int, int]]:
    """Dark places of the first code on a page, by row and column."""
    unit = CODE_MM * 72 / 25.4 / (modules + 2 * QUIET_MODULES)
    rectangles = [tuple(map(float, found)) for found in re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re", page)]
    rectangles = [each for each in rectangles if abs(each[3] - unit) < 0.01]
    left = min(x for x, *_ in rectangles)
    top = max(y for _, y, *_ in rectangles)
    dark = set()
    for x, y, width, _ in rectangles:
        row = round((top - y) / unit)
        for step in range(round(width / unit)):
            dark.add((row, round((x - left) / unit) + step))
    return dark


def test_a_code_is_drawn_as_it_is() -> None:
    one = sticker()
    (page,) = contents(sheet([one]))
    rows = segno.make_qr(one.address, error="q", boost_error=False).matrix
    wanted = {(row, column) for row, line in enumerate(rows) for column, dark in enumerate(line) if dark}
    assert drawn_modules(page, len(rows)) == wanted


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (ACROSS * DOWN, 1), (ACROSS * DOWN + 1, 2), (17, 3)])
def test_eight_go_on_a_page(count: int, pages: int) -> None:
    pdf = sheet([sticker(number) for number in range(count)])
    assert pdf.startswith(b"%PDF") and pdf.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type /Page\b", pdf)) == pages


def test_only_the_characters_used_are_embedded() -> None:
    pdf = sheet([sticker()])
    assert b"FontFile2" in pdf
    assert len(pdf) < 60_000


def test_a_long_name_is_cut_to_its_room() -> None:
    fitted = stickers._fitted("很长的名字" * 20, stickers._font(None), 8.5, 100.0)
    assert fitted.endswith("..") and 5 < len(fitted) < 20


def test_the_same_sheet_is_the_same_bytes() -> None:
    assert sheet([sticker()]) == sheet([sticker()])


def test_a_font_of_ones_own(tmp_path: Path) -> None:
    own = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    ours = Path(stickers.__file__).parent / "fonts" / stickers.FONT_FILE
    assert b"FontFile2" in sheet([sticker()], own if own.exists() else ours)
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    for path in (broken, tmp_path / "absent.ttf"):
        with pytest.raises(Unavailable) as caught:
            sheet([sticker()], path)
        assert caught.value.code == "sticker_font"
