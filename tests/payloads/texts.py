"""Texts that do harm where somebody forgets to treat them as text: in a page, in a spreadsheet, in a log.

`X()` is what a page must never come to call; `payload.invalid` is what it must never ask.
"""

from collections.abc import Iterator

FORGED = '{"event":"forged"}'
"""A line that a log must never have."""

LONG = (
    "<script>X()</script>",
    "<img src=x onerror=X()>",
    '"><svg/onload=X()>',
    "'\"></textarea><img src=x onerror=X()>",
    "<a href=javascript:X()>payload</a>",
    "<iframe srcdoc='<script>parent.X()</script>'>",
    "<math><mi xlink:href=javascript:X()>",
    "javascript:X()//payload",
    "data:text/html,<script>parent.X()</script>",
    "{{constructor.constructor('X()')()}}",
    "<img src=http://payload.invalid/a>",
    "<link rel=stylesheet href=//payload.invalid>",
    "\u202egnp.exe payload",
    "zero\u200bwidth\u2066payload\u2069",
    "nul\x00payload",
    f"line\n{FORGED}\npayload",
    "\x1b[2Jpayload",
    '=HYPERLINK("http://payload.invalid","x")',
    "=cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1payload",
    "\r=1+1payload",
    "  =1+1payload",
    "|calc payload",
    "%0A=1payload",
)
SHORT = (
    "<svg/onload=X()>",
    "<b id=p>",
    "{{X()}}",
    "${X()}",
    "'-X()-'",
    "<b>X",
    "=1+1",
    "+1|A",
    "-1+1",
    "@A()",
    "\t=1",
    "\r=1",
    "\n=1",
    "\x00=1",
    "\u202e=1",
)
TEXTS = (*LONG, *SHORT)


def fitting(size: int | None) -> Iterator[bytes]:
    """Those that fit into a column of so many bytes, None for any length, as a charge point would send them."""
    for text in TEXTS:
        raw = text.encode()
        if size is None or len(raw) <= size:
            yield raw
