"""Pasted frames for people: which protocol they are, what each says column by column, and what is wrong with it."""

from collections.abc import Iterable, Mapping

import msgspec

from chargecloud.device.contract import Legible, ProtocolPlugin
from chargecloud.kernel.errors import Invalid
from chargecloud.main.hexadecimal import NotHex, pasted

MOST_UNITS = 200
"""More than anybody reads; what is left out is told."""

Unit = dict[str, object]


class Decoding(msgspec.Struct, frozen=True, kw_only=True):
    """What was pasted, read by one protocol."""

    protocol: str
    guessed: bool
    units: list[Unit]
    left_out: int
    """Units beyond `MOST_UNITS`."""


def decode_text(text: str, protocol: str | None, plugins: Mapping[str, ProtocolPlugin]) -> Decoding:
    """Read pasted text by the protocol named, or by the one that makes most of it; a tie is the first's.

    Invalid "protocol_unknown" names those there are, Invalid "no_bytes" says that there is nothing to read.
    """
    parts = pasted(text)
    if not any(isinstance(part, bytes) for part in parts):
        wrong = next((part for part in parts if isinstance(part, NotHex)), None)
        told = f"第 {wrong.line_no} 行：{wrong.wrong}" if wrong else "什么也没有"
        raise Invalid(f"没有可解析的十六进制报文（{told}）；每个字节写两位，如 68 0D 00 01", "no_bytes", field="hex")
    if protocol is not None and protocol not in plugins:
        raise Invalid(f"没有协议 {protocol!r}，可选 {', '.join(plugins)}", "protocol_unknown", field="protocol")
    names = [protocol] if protocol is not None else list(plugins)
    read = {name: [*_units(plugins[name], parts)] for name in names}
    best = max(names, key=lambda name: _sense(read[name]))
    units = read[best]
    return Decoding(
        protocol=best,
        guessed=protocol is None,
        units=units[:MOST_UNITS],
        left_out=max(0, len(units) - MOST_UNITS),
    )


def _units(plugin: ProtocolPlugin, parts: Iterable[bytes | NotHex]) -> Iterable[Unit]:
    for part in parts:
        if isinstance(part, NotHex):
            yield _not_hex(plugin, part)
        else:
            yield from explained(plugin, part)


def explained(plugin: ProtocolPlugin, data: bytes) -> list[Unit]:
    """Units with their columns where the protocol can tell them, else without."""
    if isinstance(plugin, Legible):
        return plugin.explain(data)
    return [unit | {"hex": "", "title": "", "lines": []} for unit in plugin.decode(data)]


def _not_hex(plugin: ProtocolPlugin, part: NotHex) -> Unit:
    """The same keys as for a byte that begins nothing."""
    told = {"verdict": "not_hex", "extra_hex": "", "error": f"line {part.line_no}: {part.wrong}", "hex": ""}
    return explained(plugin, b"\xff")[0] | told


def _sense(units: Iterable[Unit]) -> tuple[int, int]:
    """How much of what was pasted a protocol understands: good frames, then anything that looks like a frame."""
    good = like = 0
    for unit in units:
        good += str(unit["verdict"]).startswith("decode")
        like += unit["frame_type"] is not None
    return good, like
