"""One WebSocket that watches topics: what waits to be sent to it, and what it may ask for."""

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec

from chargecloud.infra.http.outward import outward

MAX_TEXT = 16 * 1024
MAX_QUEUED = 256 * 1024
MAX_TOPICS = 200
MESSAGES_A_MINUTE = 100
MAX_TOPIC = 100

SLOW, TOO_FAST, TOO_LARGE, GOING_AWAY, SIGNED_OUT = 1013, 1008, 1009, 1001, 4401


class Subscribe(msgspec.Struct, tag_field="op", tag="subscribe", forbid_unknown_fields=True, frozen=True):
    """Send me this topic: a snapshot, then patches."""

    topic: str


class Unsubscribe(msgspec.Struct, tag_field="op", tag="unsubscribe", forbid_unknown_fields=True, frozen=True):
    """No more of this topic."""

    topic: str


class Ping(msgspec.Struct, tag_field="op", tag="ping", forbid_unknown_fields=True, frozen=True):
    """Are you there?"""


Ask = Subscribe | Unsubscribe | Ping
_patches: msgspec.json.Decoder[dict[str, object]] = msgspec.json.Decoder(dict[str, object])
_asks: msgspec.json.Decoder[Ask] = msgspec.json.Decoder(Ask)


def read_ask(text: str) -> Ask:
    """What a watcher wants; msgspec.MsgspecError when it makes no sense."""
    return _asks.decode(text)


def snapshot_text(topic: str, snapshot: dict[str, object]) -> str:
    """The state of a topic, as it goes over the wire."""
    return f'{{"topic":{_quoted(topic)},"snapshot":{msgspec.json.encode(outward(snapshot)).decode()}}}'


class Change:
    """A patch on its way to all who watch its topic; whatever form they want it in is made once."""

    __slots__ = ("_forms", "_patch", "_values", "topic")

    def __init__(self, topic: str, patch: bytes) -> None:
        self.topic = topic
        self._patch = patch
        self._values: dict[str, object] | None = None
        self._forms: dict[Form, str] = {}

    @property
    def values(self) -> dict[str, object]:
        """What changes, under the names of the API."""
        if self._values is None:
            self._values = outward(_patches.decode(self._patch))
        return self._values

    def text(self, form: "Form") -> str:
        """The patch in this form."""
        text = self._forms.get(form)
        if text is None:
            text = self._forms[form] = form(self)
        return text


Form = Callable[[Change], str]


def patch_text(change: Change) -> str:
    """A change of a topic (JSON merge patch), as it goes over the wire."""
    return f'{{"topic":{_quoted(change.topic)},"patch":{msgspec.json.encode(change.values).decode()}}}'


def error_text(code: str, detail: str, topic: str | None = None) -> str:
    """Why something was not done."""
    said: dict[str, object] = {"error": {"code": code, "detail": detail}}
    return msgspec.json.encode({"topic": topic, **said} if topic is not None else said).decode()


def _quoted(topic: str) -> str:
    return msgspec.json.encode(topic).decode()


class Watcher:
    """Bounded in every direction; `close_code` is set once it has to go."""

    def __init__(self) -> None:
        self.close_code = 0
        self.topics: set[str] = set()
        self._waiting: dict[str, list[str]] = {}
        self._queue: deque[str] = deque()
        self._queued = 0
        self._something = asyncio.Event()
        self._asked: deque[float] = deque()

    def asks(self, now: float) -> bool:
        """Count one message; False when there were too many within a minute."""
        while self._asked and self._asked[0] <= now - 60:
            self._asked.popleft()
        self._asked.append(now)
        return len(self._asked) <= MESSAGES_A_MINUTE

    def hold_back(self, topic: str) -> None:
        """Keep patches of this topic until its snapshot has been sent."""
        self.topics.add(topic)
        self._take_held_back(topic)
        self._waiting[topic] = []

    def release(self, topic: str, snapshot: dict[str, object]) -> None:
        """Send the snapshot, then what came while it was taken."""
        patches = self._take_held_back(topic)
        if topic in self.topics:
            for text in (self.text_of_snapshot(topic, snapshot), *patches):
                self.send(text)

    def text_of_snapshot(self, topic: str, snapshot: dict[str, object]) -> str:
        """How this connection is told the state of a topic."""
        return snapshot_text(topic, snapshot)

    def text_of_change(self, change: Change) -> str | None:
        """How this connection is told a change; None when it was not for the one at the other end."""
        return change.text(patch_text)

    def drop(self, topic: str) -> None:
        """Forget a topic."""
        self.topics.discard(topic)
        self._take_held_back(topic)

    def patch(self, change: Change) -> None:
        """Tell a change of a watched topic."""
        text = self.text_of_change(change)
        if text is None:
            return
        waiting = self._waiting.get(change.topic)
        if waiting is None:
            self.send(text)
            return
        if self._fits(text):
            waiting.append(text)

    def send(self, text: str) -> None:
        """Queue one message; a reader that leaves too much unread has to go."""
        if not self.close_code and self._fits(text):
            self._queue.append(text)
            self._something.set()

    def leave(self, code: int, last: str = "") -> None:
        """End the connection; what is queued is dropped, `last` is still sent."""
        if self.close_code:
            return
        self.close_code = code
        self._queue.clear()
        self._waiting.clear()
        if last:
            self._queue.append(last)
        self._something.set()

    async def next(self) -> str | None:
        """The next message to send; None when the connection has to end."""
        while not self._queue and not self.close_code:
            self._something.clear()
            await self._something.wait()
        if not self._queue:
            return None
        text = self._queue.popleft()
        self._queued -= len(text)
        return text

    def _take_held_back(self, topic: str) -> list[str]:
        texts = self._waiting.pop(topic, [])
        self._queued -= sum(map(len, texts))
        return texts

    def _fits(self, text: str) -> bool:
        """Count what is queued; who leaves too much unread is sent away."""
        self._queued += len(text)
        if self._queued > MAX_QUEUED:
            self.leave(SLOW)
            return False
        return True
