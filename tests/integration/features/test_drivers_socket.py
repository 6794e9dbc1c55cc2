"""The drivers' socket: who gets in, what they are sent, what ends it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from chargecloud.features.drivers import http_socket, service_push
from chargecloud.features.drivers import service as drivers
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.http import doorkeeper
from chargecloud.infra.http.live import CONNECTIONS_EACH
from chargecloud.infra.http.watcher import MAX_TEXT, MAX_TOPICS, MESSAGES_A_MINUTE
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from tests.support.api import Api
from tests.support.websocket import Closed, Refused, Socket, connected
from tests.support.wechat import APPID, WechatStub
from tests.support.world import KWH, World, answered, record, sample

PHONE, TABLET = "device-phone", "device-tablet"
JSON = dict[str, Any]


class Line:
    """A client's end, with the words of this protocol."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket

    async def say(self, cmd: str, msg: object = None, **more: object) -> None:
        await self.socket.say({"cmd": cmd, "src": "wx", "dst": "wx", "uid": "", "msg": msg, **more})

    async def hear(self, cmd: str = "") -> JSON:
        """The next message's `msg`; it has to be this command."""
        said = await self.socket.hear()
        assert set(said) == {"cmd", "src", "dst", "uid", "msg"}
        assert cmd in ("", said["cmd"]), said
        return said["msg"] if isinstance(said["msg"], dict) else dict(json.loads(said["msg"]))

    async def log_in(self, msg: JSON, **more: object) -> JSON:
        await self.say("login", msg, **more)
        return await self.hear("login")

    async def closed(self) -> int:
        with pytest.raises(Closed) as caught:
            while True:
                await self.socket.hear()
        return caught.value.code


@dataclass
class Door:
    """The platform with somebody who has signed in."""

    api: Api
    wechat: WechatStub
    cache: MemoryCache
    token: str = ""
    openid: str = "oA"
    driver_id: int = 0

    def open(self, **headers: str) -> AbstractAsyncContextManager[Socket]:
        return connected(self.api.app, http_socket.PATH, headers)

    @property
    def credentials(self) -> JSON:
        return {"token": self.token, "device_id": PHONE}

    async def sign_in(self, openid: str = "oA", device: str = PHONE) -> JSON:
        self.wechat.codes["c"] = {"openid": openid}
        answer: JSON = await self.api.nobody().post("/driver/sign-in", {"code": "c", "device_id": device})
        return answer


@pytest.fixture
async def cache(database: Database, clock: ManualClock) -> MemoryCache:
    made = MemoryCache(clock)
    database._broadcast = made.broadcast
    return made


def platform(database: Database, clock: ManualClock, cache: MemoryCache, wechat: WechatStub) -> Any:
    return Api.over(database, clock, cache=cache, state={"wechat_apps": {APPID: wechat.app(clock)}})


@pytest.fixture
async def door(database: Database, clock: ManualClock, cache: MemoryCache) -> AsyncIterator[Door]:
    wechat = WechatStub()
    async with platform(database, clock, cache, wechat) as api:
        await api.app.state.live.start()
        await api.app.state.doorkeeper.start()
        made = Door(api, wechat, cache)
        signed = await made.sign_in()
        made.token, made.driver_id = signed["token"], signed["driver_id"]
        yield made
        await api.app.state.doorkeeper.stop()
        await api.app.state.live.stop()


async def test_login_by_token_then_the_whole_state(door: Door) -> None:
    async with door.open() as socket:
        line = Line(socket)
        welcome = await line.log_in(door.credentials, uid="oA")
        assert welcome == {
            "ok": True,
            "openid": "oA",
            "driver_id": door.driver_id,
            "server_time": "2026-01-01T08:00:00.000+08:00",
        }
        state = await line.hear("state")
        assert state["driver"] == {"id": door.driver_id, "name": "微信车主", "phone_masked": "", "frozen": False}
        assert {"cash_fen", "held_fen", "available_fen", "arrears_fen"} <= set(state["wallet"])
        assert not any(state["wallet"].values())
        assert state["orders"] == {}
        assert state["server_time"] == "2026-01-01T08:00:00.000+08:00"


async def test_login_by_code_brings_a_token_that_works(door: Door) -> None:
    door.wechat.codes["fresh"] = {"openid": "oB"}
    async with door.open() as socket:
        line = Line(socket)
        welcome = await line.log_in({"code": "fresh", "appid": APPID, "device_id": TABLET})
        assert welcome["ok"] and welcome["openid"] == "oB"
        await line.hear("state")
    async with door.open() as socket:
        assert (await Line(socket).log_in({"token": welcome["token"], "device_id": TABLET}))["ok"]


@pytest.mark.parametrize("as_string", [True, False])
async def test_who_sends_strings_gets_strings(door: Door, as_string: bool) -> None:
    async with door.open() as socket:
        msg = json.dumps(door.credentials) if as_string else door.credentials
        await Line(socket).say("login", msg)
        for cmd in ("login", "state"):
            said = await socket.hear()
            assert said["cmd"] == cmd and isinstance(said["msg"], str) is as_string
        async with door.api.database.unit() as uow:
            service_push.push(uow, door.driver_id, "wx_requestPayment", {"timeStamp": "1", "payment_no": "P1"})
            service_push.patch_state(uow, door.driver_id, {"wallet": {"cash_fen": 5}})
        pay, patch = await socket.hear(), await socket.hear()
        assert (pay["cmd"], pay["uid"], patch["cmd"]) == ("wx_requestPayment", "oA", "patch")
        for said, wanted in (
            (pay, {"timeStamp": "1", "payment_no": "P1"}),
            (patch, {"topic": f"driver:{door.driver_id}", "patch": {"wallet": {"cash_fen": 5}}}),
        ):
            assert (json.loads(said["msg"]) if as_string else said["msg"]) == wanted


REFUSED: list[tuple[JSON | None, JSON, str, int]] = [
    ({"token": "made-up", "device_id": PHONE}, {}, "not_signed_in", 4401),
    ({"token": "x" * 300, "device_id": PHONE}, {}, "not_signed_in", 4401),
    (None, {"uid": "oA"}, "not_signed_in", 4401),
    ({}, {"uid": "oA"}, "not_signed_in", 4401),
    ({"code": "unknown", "device_id": PHONE}, {}, "code_invalid", 4401),
    ({"code": "c", "device_id": "short"}, {}, "code_invalid", 4401),
    ({"token": "t", "openid": "oA"}, {}, "invalid_message", 4401),
    ({"token": 7}, {}, "invalid_message", 4401),
]


@pytest.mark.parametrize(("msg", "more", "code", "close"), REFUSED)
async def test_what_opens_nothing_is_told_and_closed(
    door: Door, msg: JSON | None, more: JSON, code: str, close: int
) -> None:
    async with door.open() as socket:
        line = Line(socket)
        await line.say("login", msg, **more)
        answer = await line.hear("login")
        assert answer["ok"] is False and answer["code"] == code and answer["message"]
        assert await line.closed() == close
    assert door.api.app.state.live.counts()["watchers"] == 0


async def test_another_openid_and_another_device_are_refused(door: Door) -> None:
    for msg, uid, code in (
        (door.credentials, "oB", "uid_mismatch"),
        ({**door.credentials, "device_id": TABLET}, "oA", "device_mismatch"),
        ({"token": door.token}, "oA", "device_mismatch"),
    ):
        async with door.open() as socket:
            line = Line(socket)
            assert (await line.log_in(msg, uid=uid))["code"] == code
            assert await line.closed() == 4401


@pytest.mark.parametrize("text", ['{"cmd":"ping"}', "nonsense", "x" * (MAX_TEXT + 1), '{"cmd":"state","msg":null}'])
async def test_nothing_goes_before_login(door: Door, text: str) -> None:
    async with door.open() as socket:
        await socket.say(text)
        answer = await Line(socket).hear("login")
        assert answer["ok"] is False
        assert await Line(socket).closed() == 4401


async def test_login_has_five_seconds(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_socket, "LOGIN_WITHIN_S", 0.02)
    async with door.open() as socket:
        assert (await Line(socket).hear("login"))["code"] == "login_timeout"
        assert await Line(socket).closed() == 4408


async def test_wechat_that_is_away_is_no_reason_to_sign_in_anew(door: Door) -> None:
    door.wechat.fails["/sns/jscode2session"] = 500
    async with door.open() as socket:
        assert (await Line(socket).log_in({"code": "c", "device_id": PHONE}))["code"] == "wechat_unavailable"
        assert await Line(socket).closed() == 1013


async def test_a_bare_openid_opens_only_where_it_was_allowed(door: Door) -> None:
    door.api.app.state.bare_openid_appid = APPID
    async with door.open() as socket:
        line = Line(socket)
        assert (await line.log_in({}, uid="oA"))["driver_id"] == door.driver_id
        await line.hear("state")
    async with door.open() as socket:
        assert (await Line(socket).log_in({}, uid="oNobody"))["code"] == "not_signed_in"


async def test_an_address_that_guesses_has_to_wait(door: Door, clock: ManualClock) -> None:
    for _ in range(doorkeeper.FAILURES_A_MINUTE + 1):
        async with door.open() as socket:
            await Line(socket).log_in({"token": "guess", "device_id": PHONE})
    async with door.open() as socket:
        assert (await Line(socket).hear("login"))["code"] == "too_many_logins"
        assert await Line(socket).closed() == 1013
    clock.advance(61_000)
    async with door.open() as socket:
        assert (await Line(socket).log_in(door.credentials))["ok"]


async def test_pages_of_others_are_refused_before_it_opens(door: Door) -> None:
    with pytest.raises(Refused) as caught:
        async with door.open(Origin="https://evil.example"):
            raise AssertionError("never reached")
    assert (caught.value.status, caught.value.body["code"]) == (403, "foreign_page")
    for origin in ("https://testserver", "https://servicewechat.com"):
        async with door.open(Origin=origin) as socket:
            assert (await Line(socket).log_in(door.credentials))["ok"]


@dataclass
class In:
    """Somebody who is in."""

    door: Door
    line: Line


@pytest.fixture
async def inside(door: Door) -> AsyncIterator[In]:
    async with door.open() as socket:
        line = Line(socket)
        assert (await line.log_in(door.credentials))["ok"]
        await line.hear("state")
        yield In(door, line)


async def test_ping_and_state(inside: In) -> None:
    await inside.line.say("ping", {"n": 7})
    assert (await inside.line.hear("pong"))["n"] == 7
    await inside.line.say("state")
    assert "wallet" in await inside.line.hear("state")


WRONG = [
    ("dance", None, {}, "unknown_cmd"),
    ("login", {"token": "t"}, {}, "logged_in_already"),
    ("watch", {"topics": "session:1"}, {}, "invalid_message"),
    ("watch", {"topics": ["session:1"], "more": 1}, {}, "invalid_message"),
    ("watch", {"topics": ["x"] * 51}, {}, "live_topics"),
    ("ping", [1], {}, "invalid_message"),
    ("ping", None, {"uid": "oB"}, "uid_mismatch"),
    ("ping", None, {"token": "t"}, "invalid_message"),
]


@pytest.mark.parametrize(("cmd", "msg", "more", "code"), WRONG)
async def test_what_cannot_be_done_is_told_and_survived(
    inside: In, cmd: str, msg: object, more: JSON, code: str
) -> None:
    await inside.line.say(cmd, msg, **more)
    assert (await inside.line.hear("error"))["code"] == code
    await inside.line.say("ping")
    await inside.line.hear("pong")


@pytest.mark.parametrize("topic", ["session:1", "order:1", "driver:999", "station:1", "door:1", "alarms:1", "nonsense"])
async def test_topics_of_others_are_as_if_they_were_not_there(inside: In, topic: str) -> None:
    """A16."""
    await inside.line.say("watch", {"topics": [topic]})
    answer = await inside.line.hear("error")
    assert answer["topic"] == topic and answer["code"] in {"no_such_topic", "invalid_topic"}
    inside.door.cache.broadcast(topic, b'{"secret":1}')
    await inside.line.say("ping")
    await inside.line.hear("pong")


async def test_ones_own_topics_cannot_be_given_up(inside: In) -> None:
    own = f"driver:{inside.door.driver_id}"
    await inside.line.say("unwatch", {"topics": [own, f"door:{inside.door.driver_id}"]})
    await inside.line.say("ping")
    await inside.line.hear("pong")
    inside.door.cache.broadcast(own, b'{"n":1}')
    assert await inside.line.hear("patch") == {"topic": own, "patch": {"n": 1}}


async def test_messages_are_limited(inside: In) -> None:
    for _ in range(MESSAGES_A_MINUTE + 1):
        await inside.line.say("ping")
    assert await inside.line.closed() == 1008


async def test_a_large_or_binary_message_ends_it(door: Door) -> None:
    for message, code in (("x" * (MAX_TEXT + 1), 1009), (b"binary", 1003)):
        async with door.open() as socket:
            assert (await Line(socket).log_in(door.credentials))["ok"]
            await (socket.say_bytes(message) if isinstance(message, bytes) else socket.say(message))
            assert await Line(socket).closed() == code


async def test_topics_are_limited(inside: In, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chargecloud.infra.http.live.MAX_TOPICS", 2)
    await inside.line.say("watch", {"topics": ["session:1"]})
    assert (await inside.line.hear("error"))["code"] == "live_topics"
    assert MAX_TOPICS == 200


async def test_the_newest_connection_of_a_device_wins(inside: In) -> None:
    async with inside.door.open() as socket:
        newer = Line(socket)
        assert (await newer.log_in(inside.door.credentials))["ok"]
        assert await inside.line.hear("kick") == {"reason": "elsewhere"}
        assert await inside.line.closed() == 4409
        await newer.hear("state")
        await newer.say("ping")
        await newer.hear("pong")


async def test_two_devices_live_beside_each_other_and_a_fourth_is_refused(inside: In) -> None:
    door, sockets = inside.door, []
    for number in range(1, CONNECTIONS_EACH["driver"]):
        token = (await door.sign_in(device=f"device-{number:04d}"))["token"]
        opened = door.open()
        sockets.append((opened, await opened.__aenter__()))
        assert (await Line(sockets[-1][1]).log_in({"token": token, "device_id": f"device-{number:04d}"}))["ok"]
    token = (await door.sign_in(device=TABLET))["token"]
    async with door.open() as socket:
        refused = await Line(socket).log_in({"token": token, "device_id": TABLET})
        assert (refused["ok"], refused["code"]) == (False, "live_connections")
        assert await Line(socket).closed() == 1013
    await inside.line.say("ping")
    await inside.line.hear("pong")
    for opened, _ in sockets:
        await opened.__aexit__(None, None, None)


async def test_the_newest_wins_across_processes(
    inside: In, database: Database, clock: ManualClock, cache: MemoryCache
) -> None:
    async with platform(database, clock, cache, inside.door.wechat) as other:
        await other.app.state.live.start()
        clock.advance(1)
        async with connected(other.app, http_socket.PATH) as socket:
            newer = Line(socket)
            assert (await newer.log_in(inside.door.credentials))["ok"]
            assert await inside.line.hear("kick") == {"reason": "elsewhere"}
            await newer.hear("state")
            await newer.say("ping")
            await newer.hear("pong")
        await other.app.state.live.stop()


async def test_a_process_whose_clock_is_behind_does_not_make_two_winners(
    inside: In, database: Database, cache: MemoryCache
) -> None:
    behind = ManualClock()
    behind.jump(-5_000)
    async with platform(database, behind, cache, inside.door.wechat) as other:
        other.app.state.doorkeeper.clock = behind
        await other.app.state.live.start()
        async with connected(other.app, http_socket.PATH) as socket:
            newer = Line(socket)
            await newer.say("login", inside.door.credentials)
            assert await newer.closed() == 4409
        await inside.line.say("ping")
        await inside.line.hear("pong")
        await other.app.state.live.stop()


async def test_a_token_that_ends_ends_its_connection_at_once(inside: In) -> None:
    door = inside.door
    other = await door.sign_in(device=TABLET)
    async with door.open() as socket:
        assert (await Line(socket).log_in({"token": other["token"], "device_id": TABLET}))["ok"]
        async with door.api.database.unit() as uow:
            await drivers.revoke_token(uow, door.driver_id, other["token_id"])
        assert await Line(socket).closed() == 4401
    await inside.line.say("ping")
    await inside.line.hear("pong")


async def test_rights_are_looked_at_again(inside: In, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = inside.door.api.app.state.doorkeeper
    (guest,) = keeper._guests
    await guest.check()
    assert not guest.close_code
    clock.advance(8 * 86_400_000)
    await guest.check()
    assert await inside.line.closed() == 4401


async def test_when_an_account_moves_the_connection_starts_over(inside: In) -> None:
    async with inside.door.api.database.unit() as uow:
        service_push.move_connections(uow, inside.door.driver_id)
    assert await inside.line.closed() == 1001


async def test_a_charge_is_followed_from_start_to_bill(
    door: Door, world: World, database: Database, cache: MemoryCache
) -> None:
    async with database.unit() as uow:
        issued = await drivers.issue_token(uow, world.driver_id)
    async with door.open() as socket:
        line = Line(socket)
        assert (await line.log_in({"token": issued.token}))["openid"] == ""
        assert (await line.hear("state"))["orders"] == {}
        order = await world.place()
        held = (await line.hear("patch"))["patch"]["wallet"]
        assert (held["held_fen"], held["available_fen"]) == (order.hold_fen, 10_000 - order.hold_fen)
        placed = (await line.hear("patch"))["patch"]["orders"][order.order_no]
        assert (placed["order_state"], placed["session_no"]) == ("placed", order.session_no)
        await line.say("watch", {"topics": [f"session:{order.session_no}"]})
        snapshot = await line.hear("snapshot")
        assert snapshot["topic"] == f"session:{order.session_no}"
        await world.say(answered(order.session_no))
        world.clock.advance(60_000)
        await world.say(sample(order.session_no, KWH))
        live = [await line.hear("patch") for _ in range(3)]
        assert any(each["patch"].get("energy_mwh") == KWH for each in live)
        await line.say("state")
        running = None
        while running is None:
            said = await socket.hear()
            if said["cmd"] == "state":
                running = said["msg"]["orders"][order.order_no]
        assert running["session"]["state"] == "charging" and running["charge_point_code"]
        await world.say(record(order.session_no, (0, 0, KWH, 0)))
        ended, left = JSON(), JSON()
        while ended.get("order_state") != "settled" or left.get("held_fen") != 0:
            said = await socket.hear()
            patch = said["msg"].get("patch", {})
            ended = patch.get("orders", {}).get(order.order_no, ended)
            left = patch.get("wallet", left)
        assert left["available_fen"] == 10_000 - ended["total_fen"] < 10_000
        boss = await door.api.staff()
        await boss.post(f"/orders/{order.order_no}/refunds", {"amount_fen": 10, "reason": "枪头松"}, 200)
        told: JSON = {}
        while told.get("kind") != "bill_corrected":
            told = (await socket.hear())["msg"]
        assert (told["order_no"], told["change_fen"], told["total_fen"]) == (
            order.order_no,
            -10,
            ended["total_fen"] - 10,
        )
        await line.say("state")
        while said["cmd"] != "state":
            said = await socket.hear()
        assert said["msg"]["orders"] == {}


async def test_who_does_not_read_has_to_go(inside: In, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chargecloud.infra.http.watcher.MAX_QUEUED", 1_000)
    inside.line.socket.reading.clear()
    for _ in range(20):
        inside.door.cache.broadcast(f"driver:{inside.door.driver_id}", b'{"text":"' + b"x" * 100 + b'"}')
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    inside.line.socket.reading.set()
    assert await inside.line.closed() == 1013
