"""What one read or one command brought over a connection, packed at once: it waits for the frame log in few bytes."""

from collections.abc import Iterator, Sequence

import msgspec

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[int, list[tuple[bool, bytes]]]]).decode
_ARRAY_OF_32_BITS = b"\xdd"


def pack_passage(at_ms: int, units: Sequence[tuple[bool, bytes]]) -> bytes:
    """A passage as bytes: the wall clock, and units as `Connection.take_frames` gives them."""
    return _encode((at_ms, units))


def join_passages(joined: bytes, amount: int) -> bytes:
    """Packed passages, one behind the other, as something `unpack_passages` can read."""
    return _ARRAY_OF_32_BITS + amount.to_bytes(4, "big") + joined


def unpack_passages(blob: bytes) -> Iterator[tuple[int, bool, bytes]]:
    """(wall clock, uplink, raw bytes) of every unit, in order; msgspec.DecodeError when the blob is damaged."""
    for at_ms, units in _decode(blob):
        for up, raw in units:
            yield at_ms, up, raw
