"""A watcher keeps its order and its limits."""

import asyncio

import msgspec
import pytest

from chargecloud.infra.http import watcher as module
from chargecloud.infra.http.watcher import (
    MAX_QUEUED,
    MESSAGES_A_MINUTE,
    SLOW,
    Change,
    Ping,
    Subscribe,
    Unsubscribe,
    Watcher,
    error_text,
    patch_text,
    read_ask,
    snapshot_text,
)


def test_what_can_be_asked() -> None:
    assert read_ask('{"op":"subscribe","topic":"a:1"}') == Subscribe("a:1")
    assert read_ask('{"op":"unsubscribe","topic":"a:1"}') == Unsubscribe("a:1")
    assert read_ask('{"op":"ping"}') == Ping()
    with pytest.raises(msgspec.ValidationError, match="extra"):
        read_ask('{"op":"ping","extra":1}')


def test_texts_are_json_whatever_the_topic() -> None:
    topic = 'a:"}{\n'
    assert msgspec.json.decode(patch_text(Change(topic, b'{"n":1}'))) == {"topic": topic, "patch": {"n": 1}}
    assert msgspec.json.decode(snapshot_text(topic, {"n": 1})) == {"topic": topic, "snapshot": {"n": 1}}
    assert msgspec.json.decode(error_text("c", "d", topic)) == {"topic": topic, "error": {"code": "c", "detail": "d"}}
    assert msgspec.json.decode(error_text("c", "d")) == {"error": {"code": "c", "detail": "d"}}


def test_messages_are_counted_by_the_minute() -> None:
    watcher = Watcher()
    assert all(watcher.asks(0.0) for _ in range(MESSAGES_A_MINUTE))
    assert not watcher.asks(59.9)
    watcher = Watcher()
    assert all(watcher.asks(second * 0.61) for second in range(1_000))


async def test_messages_come_in_order() -> None:
    watcher = Watcher()
    reading = asyncio.create_task(watcher.next())
    await asyncio.sleep(0)
    for text in "abc":
        watcher.send(text)
    assert [await reading, await watcher.next(), await watcher.next()] == ["a", "b", "c"]


async def test_too_much_unread_ends_it_and_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_QUEUED", 10)
    watcher = Watcher()
    watcher.send("12345")
    assert await watcher.next() == "12345"
    for text in ("12345", "12345", "1"):
        watcher.send(text)
    assert watcher.close_code == SLOW
    assert await watcher.next() is None
    assert MAX_QUEUED == 256 * 1024


PATCH = Change("a:1", b'{"n":1}')
PATCH_TEXT = '{"topic":"a:1","patch":{"n":1}}'
SNAPSHOT_TEXT = '{"topic":"a:1","snapshot":{"n":0}}'


def test_patches_held_back_count_as_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_QUEUED", 2 * len(PATCH_TEXT))
    watcher = Watcher()
    watcher.hold_back("a:1")
    for _ in range(2):
        watcher.patch(PATCH)
    assert watcher.close_code == 0
    watcher.patch(PATCH)
    assert watcher.close_code == SLOW


async def test_held_back_patches_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_QUEUED", len(PATCH_TEXT) + len(SNAPSHOT_TEXT))
    watcher = Watcher()
    for _ in range(5):
        watcher.hold_back("a:1")
        watcher.patch(PATCH)
        watcher.release("a:1", {"n": 0})
        assert [await watcher.next(), await watcher.next()] == [SNAPSHOT_TEXT, PATCH_TEXT]
    assert watcher.close_code == 0


async def test_a_topic_dropped_meanwhile_is_not_sent() -> None:
    watcher = Watcher()
    watcher.hold_back("a:1")
    watcher.patch(PATCH)
    watcher.drop("a:1")
    watcher.release("a:1", {"n": 0})
    watcher.send("next")
    assert await watcher.next() == "next"


def test_a_change_is_put_into_a_form_once_for_all() -> None:
    made: list[str] = []

    def form(change: Change) -> str:
        made.append(change.topic)
        return str(change.values)

    change = Change("a:1", b'{"at_ms":0,"fee_hao":12345}')
    assert change.text(form) == change.text(form) == str(change.values)
    assert made == ["a:1"]
    assert change.values == {"at": "1970-01-01T08:00:00.000+08:00", "fee_yuan": "1.2345"}


async def test_who_leaves_may_say_a_last_word() -> None:
    watcher = Watcher()
    watcher.send("waiting")
    watcher.leave(1001, "farewell")
    watcher.leave(1013)
    watcher.send("too late")
    assert [await watcher.next(), await watcher.next()] == ["farewell", None]
    assert watcher.close_code == 1001
