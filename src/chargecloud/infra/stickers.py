"""Sheets of stickers for connectors: A4, PDF, codes as lines of vectors, the characters that are used embedded.

The font that comes along has the characters of GB 2312 (`fonts/README.md`); whoever needs others names one of theirs.
"""

import io
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from chargecloud.kernel.errors import Unavailable

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

ACROSS, DOWN = 2, 4
FONT_FILE, OURS, LATIN = "sticker.ttf", "sticker", "Helvetica"
MARGIN_MM = 10.0
GAP_MM = 4.0
A4_MM = (210.0, 297.0)
CODE_MM = 48.0
QUIET_MODULES = 4
"""Light border a code needs around it."""
LINE_MM = 6.2
SMALL, LARGE = 8.5, 13.0


class Sticker(msgspec.Struct, frozen=True, kw_only=True):
    """What is on one: the address as a code, and what a person reads."""

    address: str
    alias: str
    """Printed for whoever has to type it."""
    station: str
    charge_point: str
    code: str
    connector: str
    """Empty where there is only one."""
    phone: str


def sheet(stickers: Sequence[Sticker], font: Path | None = None) -> bytes:
    """A PDF with eight stickers a page. Unavailable when the font cannot be read."""
    from reportlab.lib.units import mm
    from reportlab.pdfgen.canvas import Canvas

    name = _font(font)
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(A4_MM[0] * mm, A4_MM[1] * mm), pageCompression=1, invariant=1)
    canvas.setTitle("充电桩二维码")
    width = (A4_MM[0] - 2 * MARGIN_MM - (ACROSS - 1) * GAP_MM) / ACROSS
    height = (A4_MM[1] - 2 * MARGIN_MM - (DOWN - 1) * GAP_MM) / DOWN
    for number, sticker in enumerate(stickers):
        place = number % (ACROSS * DOWN)
        if number and not place:
            canvas.showPage()
        row, column = divmod(place, ACROSS)
        canvas.saveState()
        left = MARGIN_MM + column * (width + GAP_MM)
        bottom = A4_MM[1] - MARGIN_MM - (row + 1) * height - row * GAP_MM
        canvas.translate(left * mm, bottom * mm)
        _draw(canvas, sticker, name, (width, height))
        canvas.restoreState()
    canvas.save()
    return out.getvalue()


def _draw(canvas: "Canvas", sticker: Sticker, font: str, size_mm: tuple[float, float]) -> None:
    """One sticker with its corner at the origin."""
    from reportlab.lib.units import mm

    width, height = size_mm
    canvas.setLineWidth(0.3)
    canvas.setStrokeGray(0.6)
    canvas.roundRect(0, 0, width * mm, height * mm, 3 * mm)
    _draw_code(canvas, sticker.address, left_mm=2.0, bottom_mm=(height - CODE_MM) / 2)
    left, room = (CODE_MM + 4.0) * mm, (width - CODE_MM - 6.0) * mm
    y = (height - 11.0) * mm
    for text, size in _lines(sticker):
        _write(canvas, _fitted(text, font, size, room), font, size, (left, y))
        y -= LINE_MM * mm


def _lines(sticker: Sticker) -> list[tuple[str, float]]:
    lines = [
        (sticker.station, SMALL),
        (sticker.connector or sticker.charge_point, LARGE),
        (sticker.charge_point if sticker.connector else "", SMALL),
        (f"编号 {sticker.code}", SMALL),
        (f"短码 {sticker.alias[:5]} {sticker.alias[5:]}", SMALL),
        (f"客服 {sticker.phone}" if sticker.phone else "", SMALL),
        ("微信扫一扫充电", LARGE),
    ]
    return [(text, size) for text, size in lines if text]


def _draw_code(canvas: "Canvas", address: str, *, left_mm: float, bottom_mm: float) -> None:
    """The code as one path of rectangles: sharp at every size, and a few hundred bytes."""
    import segno
    from reportlab.lib.units import mm

    rows = segno.make_qr(address, error="q", boost_error=False).matrix
    module = CODE_MM * mm / (len(rows) + 2 * QUIET_MODULES)
    path = canvas.beginPath()
    for down, row in enumerate(rows):
        at = 0
        while at < len(row):
            run = at
            while run < len(row) and row[run]:
                run += 1
            if run > at:
                x = left_mm * mm + (at + QUIET_MODULES) * module
                y = bottom_mm * mm + CODE_MM * mm - (down + 1 + QUIET_MODULES) * module
                path.rect(x, y, (run - at) * module, module)
            at = max(run, at + 1)
    canvas.setFillGray(0.0)
    canvas.drawPath(path, stroke=0, fill=1)


def _write(canvas: "Canvas", text: str, font: str, size: float, at: tuple[float, float]) -> None:
    x, y = at
    canvas.setFillGray(0.0)
    for part, its_font in _runs(text, font):
        canvas.setFont(its_font, size)
        canvas.drawString(x, y, part)
        x += _width(part, its_font, size)


def _runs(text: str, font: str) -> list[tuple[str, str]]:
    """A text in pieces of one font each: the one that comes along has no Latin letters."""
    if font != OURS:
        return [(text, font)]
    runs: list[tuple[str, str]] = []
    for character in text:
        its_font = LATIN if character.isascii() else font
        if runs and runs[-1][1] == its_font:
            runs[-1] = (runs[-1][0] + character, its_font)
        else:
            runs.append((character, its_font))
    return runs


def _width(text: str, font: str, size: float) -> float:
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return float(stringWidth(text, font, size))


def _fitted(text: str, font: str, size: float, room: float) -> str:
    """As much of a text as there is room for."""

    def fits(part: str) -> bool:
        return sum(_width(run, its_font, size) for run, its_font in _runs(part, font)) <= room

    if fits(text):
        return text
    while text and not fits(text + ".."):
        text = text[:-1]
    return text + ".."


@lru_cache(maxsize=4)
def _font(path: Path | None) -> str:
    """Have a font known by name; what a sheet does not use of it is not embedded."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    name = OURS if path is None else f"{OURS}-{path.stem}"
    try:
        if path is not None:
            registerFont(TTFont(name, str(path)))
        else:
            with as_file(files("chargecloud.infra.fonts").joinpath(FONT_FILE)) as ours:
                registerFont(TTFont(name, str(ours)))
    except (OSError, TTFError) as error:
        raise Unavailable(f"qr.sticker_font cannot be used: {error}; name a TrueType font", "sticker_font") from None
    return name
