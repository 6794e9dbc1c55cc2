"""Envelopes as one body on the broker, and back: msgpack, each with the name of its kind."""

from collections.abc import Sequence

import msgspec

from chargecloud.infra.kinds import Kinds, Unreadable
from chargecloud.kernel.message import Envelope, Message

MAX_TEXT = 2_000


class _Parcelled(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One envelope; fields may only be added at the end, since two versions talk during an upgrade."""

    key: str
    kind: str
    body: msgspec.Raw
    at_ms: int
    id: str = ""
    trace_id: str = ""
    expires_at_ms: int = 0


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[_Parcelled])


def pack(envelopes: Sequence[Envelope]) -> bytes:
    """Envelopes in order as one body."""
    encode = _ENCODER.encode
    return encode(
        [
            _Parcelled(
                each.key,
                type(each.body).__name__,
                msgspec.Raw(encode(each.body)),
                each.at_ms,
                each.id,
                each.trace_id,
                each.expires_at_ms,
            )
            for each in envelopes
        ]
    )


def unpack(payload: bytes, kinds: Kinds) -> list[Envelope]:
    """What `pack` packed, also by another version: a body of an unknown kind comes out as `Unreadable`.

    ValueError when the whole is none of ours.
    """
    try:
        parcelled = _DECODER.decode(payload)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a message of this platform: {error}") from error
    return [
        Envelope(each.key, _read(each, kinds), each.at_ms, each.id, each.trace_id, each.expires_at_ms)
        for each in parcelled
    ]


def foreign(payload: bytes, error: str) -> Envelope:
    """A body nobody of ours has packed, as something that can be set aside."""
    return Envelope("", Unreadable(kind="", text=payload[: MAX_TEXT // 2].hex(), error=error), 0)


def _read(parcelled: _Parcelled, kinds: Kinds) -> Message:
    try:
        return kinds.unpack(parcelled.kind, parcelled.body)
    except ValueError as error:
        text = msgspec.json.encode(msgspec.msgpack.decode(parcelled.body)).decode()
        return Unreadable(kind=parcelled.kind, text=text[:MAX_TEXT], error=str(error))
