"""Message classes by name: how a body is told apart where it leaves the process, in the outbox and on the broker."""

from collections.abc import Iterable

import msgspec

from chargecloud.kernel.message import Message


class Unreadable(Message, frozen=True, gc=False, kw_only=True):
    """Stands for a body that this version of the platform cannot read, so that people can look at it.

    `text` is the body as JSON where that can be told, otherwise its beginning in hexadecimal.
    """

    kind: str
    text: str
    error: str


class Kinds:
    """Decoders by the name of the class; a class is known once its module has been imported."""

    def __init__(self) -> None:
        self._from_json: dict[str, msgspec.json.Decoder[Message]] = {}
        self._from_msgpack: dict[str, msgspec.msgpack.Decoder[Message]] = {}

    def decode(self, kind: str, body: str | bytes) -> Message:
        """A message from its name and JSON text; ValueError when no class bears the name or can read the text."""
        decoder = self._from_json.get(kind)
        if decoder is None:
            decoder = self._from_json[kind] = msgspec.json.Decoder(_find(kind))
        try:
            return decoder.decode(body)
        except msgspec.MsgspecError as error:
            raise ValueError(f"the stored {kind} does not fit its class: {error}") from error

    def unpack(self, kind: str, body: bytes | memoryview) -> Message:
        """A message from its name and msgpack bytes; ValueError like `decode`."""
        decoder = self._from_msgpack.get(kind)
        if decoder is None:
            decoder = self._from_msgpack[kind] = msgspec.msgpack.Decoder(_find(kind))
        try:
            return decoder.decode(body)
        except msgspec.MsgspecError as error:
            raise ValueError(f"the {kind} that came does not fit its class: {error}") from error


def _find(kind: str) -> type[Message]:
    found = [each for each in _descendants(Message) if each.__name__ == kind]
    if not found:
        raise ValueError(f"no message class is named {kind!r}; was it renamed or removed?")
    if len(found) > 1:
        places = ", ".join(each.__module__ for each in found)
        raise ValueError(f"{kind!r} names messages in {places}; rename one")
    return found[0]


def _descendants(root: type[Message]) -> Iterable[type[Message]]:
    for child in root.__subclasses__():
        yield child
        yield from _descendants(child)
