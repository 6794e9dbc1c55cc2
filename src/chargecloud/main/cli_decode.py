"""`chargecloud decode`: frames in hex to one JSON object each."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from chargecloud.kernel.errors import Invalid, NotFound
from chargecloud.main.hexadecimal import parsed

if TYPE_CHECKING:
    from chargecloud.device.contract import ProtocolPlugin


def register(app: typer.Typer) -> None:
    """Hang the command into the command line."""
    app.command()(decode)


def decode(
    protocol: Annotated[str, typer.Option(help="name of the protocol plug-in, such as ykc16")],
    hexadecimal: Annotated[
        list[str] | None, typer.Argument(metavar="[HEX]...", help="frames in hex; without any, lines of standard input")
    ] = None,
    golden: Annotated[bool, typer.Option("--golden", help="print a golden file to keep as a test instead")] = False,
) -> None:
    """Print every frame as one JSON object on a line. Bad frames are no error: the verdict says what is wrong."""
    from chargecloud.protocols import catalog

    try:
        plugin = catalog.protocol(protocol)
    except NotFound as error:
        raise Invalid(f"decode: {error.message}", error.code) from None
    given: Iterable[bytes | str] = _arguments(hexadecimal) if hexadecimal else _lines(sys.stdin)
    for raw in given:
        for text in _printed(plugin, raw, golden=golden):
            typer.echo(text)


def _printed(plugin: "ProtocolPlugin", raw: bytes | str, *, golden: bool) -> Iterator[str]:
    units = [_not_hex(plugin, raw)] if isinstance(raw, str) else plugin.decode(raw)
    if golden:
        from chargecloud.main.golden import golden_text

        if len(units) != 1 or isinstance(raw, str):
            raise Invalid(f"decode: a golden file holds one frame, these bytes have {len(units)}", "not_one_frame")
        yield golden_text(raw, units[0])
    else:
        yield from (json.dumps(unit, ensure_ascii=False, separators=(",", ":")) for unit in units)


def _arguments(hexadecimal: list[str]) -> list[bytes]:
    """All of them or none: an argument that is not hex is bad usage."""
    given = [parsed(text) for text in hexadecimal]
    for number, wrong in enumerate(given, 1):
        if isinstance(wrong, str):
            raise Invalid(f"decode: argument {number}: {wrong}; give bytes as pairs of hex digits", "invalid_hex")
    return [raw for raw in given if isinstance(raw, bytes)]


def _lines(lines: Iterable[str]) -> Iterator[bytes | str]:
    """Line by line: one that is not hex is garbage like any other and does not end the stream."""
    return (parsed(line) for line in lines if line.strip())


def _not_hex(plugin: "ProtocolPlugin", wrong: str) -> dict[str, object]:
    """The same keys as for a byte that begins nothing."""
    return plugin.decode(b"\xff")[0] | {"extra_hex": "", "error": f"not hex: {wrong}"}
