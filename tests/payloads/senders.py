"""Sends payloads into a running platform by the ways strangers have: wires of charge points, requests, a socket."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.ykc16 import frames as ykc_frames
from tests.integration.features.test_authorisation import MYSELF, NAMED
from tests.payloads.bodies import PayloadBodies
from tests.payloads.texts import LONG, TEXTS, fitting
from tests.payloads.wire import dny_uplinks, payload_frames, ykc_uplinks
from tests.support import dny, ykc
from tests.support.openapi import Operation, operations

FIRST_POINT, BOARD_ID = 77_000_001, 0x04770001
PACE_S = 0.004
"""Between frames: fast enough for a test, slow enough for a gateway that throttles."""
ENDING = {"signOutDriver", "revokeMyToken", "revokeDriverToken", "removeMyVehicle"}
"""What would end the session that the rest is sent with."""
OPEN = {"signIn", "signInDriver", "takePaymentNotice"}
"""Open to everybody."""


@dataclass
class Target:
    """A platform, and a member of staff who may enter charge points and drivers."""

    base: str
    ykc_port: int
    dny_port: int
    token: str
    sent: Counter[str] = field(default_factory=Counter)

    def client(self, token: str = "") -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=f"{self.base}/api/v1", headers=headers, timeout=30)


def point_code(number: int) -> str:
    return f"329900{FIRST_POINT + number:08d}"


async def send_everything(target: Target) -> dict[str, Any]:
    """What was made, and how much was sent."""
    login_texts = list(fitting(8))
    async with target.client(target.token) as staff:
        station = await _made(staff, "/stations", {"name": "载荷站"})
        codes = [point_code(number) for number in range(len(login_texts))]
        boards = [f"{BOARD_ID + number:08X}" for number in range(2)]
        for code in codes:
            await _made(staff, "/charge-points", _point(code, station["id"], "dc"))
        for board in boards:
            await _made(staff, "/charge-points", _point(board, station["id"], "ac"))
        drivers = await _drivers(staff, len(TEXTS))
        document = (await staff.get("/openapi.json")).json()
    await _charge_points(target, codes, login_texts)
    await _boards(target)
    await _requests(target, document, [token for _, token in drivers], codes[0])
    await _sign_ins(target)
    await _socket(target, drivers[0][1])
    return {
        "station": station["id"],
        "codes": codes,
        "boards": boards,
        "drivers": [driver_id for driver_id, _ in drivers],
        "sent": dict(target.sent),
    }


def _point(code: str, station: int, power: str) -> dict[str, object]:
    return {"code": code, "station_id": station, "name": "载荷", "power_type": power, "connector_count": 2}


async def _made(staff: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await staff.post(path, json=body)
    if answer.status_code != 201:
        raise AssertionError(f"{path}: {answer.status_code} {answer.text}")
    made: dict[str, Any] = answer.json()
    return made


async def _drivers(staff: httpx.AsyncClient, count: int) -> list[tuple[int, str]]:
    """One for each payload, since what a driver may enter in a day is limited."""
    found = []
    for number in range(count):
        driver = await _made(staff, "/drivers", {"name": f"载荷{number}"})
        token = await _made(staff, f"/drivers/{driver['id']}/tokens", {"label": "payload"})
        found.append((driver["id"], token["token"]))
    return found


# ---- charge points ---------------------------------------------------------------------------------------------------


async def _charge_points(target: Target, codes: list[str], login_texts: list[bytes]) -> None:
    """Each logs in with another payload; the first says all frames there are."""
    async with contextlib.AsyncExitStack() as open_links:
        links = []
        for code, text in zip(codes, login_texts, strict=True):
            reader, writer = await asyncio.open_connection("127.0.0.1", target.ykc_port)
            open_links.callback(writer.close)
            writer.write(ykc.login(code, firmware=text))
            await _answered(reader)
            links.append(writer)
            target.sent["0x01"] += 1
        named = {"pile_code": codes[0], "gun_no": "01", "trade_no": f"{codes[0]}01260101120000{1:04d}"}
        kinds = [kind for kind in ykc_uplinks() if kind is not ykc_frames.LoginRequest]
        await _say(target, links[0], (ykc.up(frame) for frame in _all(target, kinds, named)))
        await asyncio.sleep(1)


async def _answered(reader: asyncio.StreamReader) -> None:
    """A login that is not answered is no login, and then nothing that follows would be read."""
    async with asyncio.timeout(20):
        await reader.readexactly(8)


def _all(target: Target, kinds: Iterable[type[Frame]], named: dict[str, object]) -> Iterator[Frame]:
    for kind in kinds:
        for frame, _ in payload_frames(kind, named):
            target.sent[f"0x{kind.code:02X}"] += 1
            yield frame


async def _say(target: Target, writer: asyncio.StreamWriter, frames: Iterable[bytes]) -> None:
    for raw in frames:
        writer.write(raw)
        await writer.drain()
        await asyncio.sleep(PACE_S)


async def _boards(target: Target) -> None:
    """A board behind a modem whose SIM says what it likes, before and after it was let in."""
    for text in fitting(20):
        _, writer = await asyncio.open_connection("127.0.0.1", target.dny_port)
        writer.write(text.ljust(20, b"0") + dny.register(physical_id=BOARD_ID + 1))
        target.sent["DNY ICCID"] += 1
        await asyncio.sleep(PACE_S)
        writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", target.dny_port)
    writer.write(dny.ICCID + dny.register(physical_id=BOARD_ID))
    await _answered(reader)
    kinds = dny_uplinks()
    await _say(target, writer, (dny.up(frame, physical_id=BOARD_ID) for frame in _all(target, kinds, {})))
    await asyncio.sleep(1)
    writer.close()


# ---- people ----------------------------------------------------------------------------------------------------------


def drivers_may_write(operation: Operation) -> bool:
    """Whether a driver, or nobody at all, may send this, by the document alone."""
    return operation.method != "get" and not operation.permission and operation.id not in MYSELF | ENDING


async def _requests(target: Target, document: dict[str, Any], tokens: list[str], code: str) -> None:
    """Every text of every body that a driver may send, each payload from a driver of its own."""
    for number, (text, token) in enumerate(zip(TEXTS, tokens, strict=True)):
        own = {"charge_point_code": code, "connector_no": 1, "vin": f"LSVAX60E0K2{number:06d}"}
        bodies = PayloadBodies(document, NAMED | own)
        async with target.client(token) as driver:
            for operation in filter(drivers_may_write, operations(document)):
                for place in bodies.places(operation):
                    body = bodies.with_text(operation, place, text)
                    await _post(target, driver, operation, body)


async def _post(target: Target, client: httpx.AsyncClient, operation: Operation, body: Any) -> None:
    path = operation.path
    for name in operation.parameters:
        path = path.replace(f"{{{name}}}", "1")
    target.sent[operation.id] += 1
    headers = {"Idempotency-Key": f"payload-{target.sent.total():08d}"}
    answer = await client.request(operation.method.upper(), path, json=body, headers=headers)
    if answer.status_code >= 500 and answer.status_code != 503:
        raise AssertionError(f"{operation.id}: {answer.status_code} for {body}: {answer.text}")
    target.sent["accepted" if answer.is_success else "refused"] += 1


async def _sign_ins(target: Target) -> None:
    """Names nobody has and browsers nobody built, which staff see in the lists of sign-ins and sessions."""
    async with target.client() as nobody:
        for text in TEXTS:
            printable = "".join(each for each in text if " " <= each <= "~")
            answer = await nobody.post(
                "/staff/sign-in",
                json={"username": text, "password": "payload password"},
                headers={"User-Agent": printable.strip() or "payload"},
            )
            assert answer.status_code in (401, 422, 429), answer.text
            target.sent["signIn, User-Agent"] += 1


async def _socket(target: Target, token: str) -> None:
    """Each word of each message of the drivers' socket, before and after the login."""
    url = f"{target.base.replace('http', 'ws', 1)}/websocket"
    login = {"cmd": "login", "src": "wx", "msg": {"token": token, "device_id": "payload-device"}}
    async with connect(url) as socket:
        await socket.send(json.dumps(login))
        await socket.recv()
        for text in LONG:
            for message in _messages(text):
                with contextlib.suppress(WebSocketException):
                    await socket.send(json.dumps(message))
                target.sent["socket"] += 1
                await asyncio.sleep(0.12)
    for name in ("token", "code", "appid", "device_id"):
        async with connect(url) as socket:
            await socket.send(json.dumps({"cmd": "login", "src": "wx", "msg": {name: LONG[0]}}))
            with contextlib.suppress(WebSocketException, TimeoutError):
                await asyncio.wait_for(socket.recv(), 5)
            target.sent["socket"] += 1


def _messages(text: str) -> Iterator[dict[str, object]]:
    yield {"cmd": text}
    yield {"cmd": "ping", "src": text, "dst": text, "msg": {text: text}}
    yield {"cmd": "watch", "msg": {"topics": [text]}}
    yield {"cmd": "ping", "uid": text}
