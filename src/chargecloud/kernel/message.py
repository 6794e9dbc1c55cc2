"""Messages between the parts: commands ask, events tell, an envelope carries one of them."""

from typing import ClassVar

import msgspec


class Message(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Root of everything that crosses the bus. Fields are plain data; integers carry their unit in the name."""

    topic: ClassVar[str] = ""


class Event(Message, frozen=True, gc=False, kw_only=True):
    """Something that has happened."""


class Command(Message, frozen=True, gc=False, kw_only=True):
    """Something that is asked for."""


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """One message on its way.

    `key` orders: messages with one key are handled one after the other. `id` is set for messages that left an outbox
    and serves to recognise a second delivery. `at_ms` is when the message came into being (wall clock).
    """

    key: str
    body: Message
    at_ms: int
    id: str = ""
    trace_id: str = ""
    expires_at_ms: int = 0
