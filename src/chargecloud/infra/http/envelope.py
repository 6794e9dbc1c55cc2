"""Messages of the drivers' socket: `{cmd, src, dst, uid, msg}`; `msg` is null, an object, or a string that holds one.

Whoever sends strings is sent strings, because such a client parses what it gets once more.
"""

from collections.abc import Mapping

import msgspec

OURS = "srv"
MAX_WORD = 64


class Said(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a client said, with `msg` as it came."""

    cmd: str
    src: str | None = None
    dst: str | None = None
    uid: str | None = None
    msg: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def in_strings(self) -> bool:
        """Whether this client speaks in strings: it sent one, or nothing."""
        return bytes(self.msg)[:1] in {b'"', b"n"}


class Unreadable(ValueError):
    """A message that makes no sense, with what is wrong and how it should be."""


_said: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)
_text: msgspec.json.Decoder[str] = msgspec.json.Decoder(str)
_fields: msgspec.json.Decoder[dict[str, object]] = msgspec.json.Decoder(dict[str, object])


def read(text: str) -> Said:
    """A message; Unreadable when it is none."""
    try:
        said = _said.decode(text)
    except msgspec.MsgspecError as error:
        raise Unreadable(f'a message is {{"cmd","src","dst","uid","msg"}}: {error}') from None
    if not 0 < len(said.cmd) <= MAX_WORD or any(len(word or "") > MAX_WORD for word in (said.src, said.dst, said.uid)):
        raise Unreadable(f"cmd, src, dst and uid have at most {MAX_WORD} characters, and cmd is not empty")
    return said


def fields_of(said: Said) -> dict[str, object]:
    """What `msg` holds, an empty one where it is null; Unreadable when it is neither an object nor one in a string."""
    raw = bytes(said.msg)
    try:
        if raw.startswith(b'"'):
            raw = _text.decode(raw).encode() or b"null"
        return {} if raw == b"null" else _fields.decode(raw)
    except msgspec.MsgspecError as error:
        raise Unreadable(f"msg is an object, a string that holds one, or null: {error}") from None


def encoded(msg: Mapping[str, object]) -> str:
    """A `msg` as an object."""
    return msgspec.json.encode(msg, enc_hook=str).decode()


def in_string(body: str) -> str:
    """An encoded `msg` as a string that holds it."""
    return msgspec.json.encode(body).decode()


def head(cmd: str, *, dst: str, uid: str) -> str:
    """Everything before `msg`, made once for each connection and command."""
    return msgspec.json.encode({"cmd": cmd, "src": OURS, "dst": dst, "uid": uid}).decode()[:-1] + ',"msg":'


def whole(begun: str, body: str) -> str:
    """A message from its head and its encoded `msg`."""
    return f"{begun}{body}}}"
