"""Bodies that no schema thinks of: broken JSON, and text that is JSON but not everything a database takes."""

import json
from collections.abc import Iterator
from typing import Any

BROKEN = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"NaN",
    b"\xff\xfe",
    b'{"a": "\xc3\x28"}',
    b'{"a": 1e999}',
    b"9" * 5_000,
    b"[" * 20_000,
    b'{"a":' * 10_000,
    b"\xef\xbb\xbf{}",
)
ODD_TEXT = ('"\\ud800"', '"\\u0000"', '"\\uffff"', '"\\udbff\\udfff"', '"\\u202ex"', '" "')


def raw_bodies(fit: bytes) -> Iterator[bytes]:
    """Broken ones, then the fit body with odd text, and with numbers beyond every column, in each of its fields."""
    yield from BROKEN
    body = json.loads(fit)
    for odd in ODD_TEXT:
        yield from _with(body, str, odd)
    yield from _with(body, int, "9" * 400)
    yield from _with(body, int, "1.0")


def _with(body: Any, kind: type, raw: str) -> Iterator[bytes]:
    """The body with `raw` in place of each value of this kind, one at a time."""
    mark = "\u2063here\u2063"
    for changed in _changed(body, kind, mark):
        yield json.dumps(changed, ensure_ascii=False).replace(f'"{mark}"', raw).encode("utf-8", "surrogatepass")


def _changed(value: Any, kind: type, mark: str) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, child in value.items():
            for changed in _changed(child, kind, mark):
                yield value | {name: changed}
    elif isinstance(value, list):
        for place, child in enumerate(value[:3]):
            for changed in _changed(child, kind, mark):
                yield [*value[:place], changed, *value[place + 1 :]]
    elif type(value) is kind:
        yield mark
