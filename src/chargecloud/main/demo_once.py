"""One charge from plug to bill through the public API, as a newcomer would do it; told in the terminal."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import connect

from chargecloud.kernel.energy import kwh_text
from chargecloud.kernel.errors import ChargeCloudError, Unavailable
from chargecloud.kernel.ids import new_id
from chargecloud.kernel.money import yuan_text
from chargecloud.main.demo_seed import DEMO_PASSWORD, DEMO_USERNAME

PLUGGED_WITHIN_S = 90
CHARGED_WITHIN_S = 150
SETTLED_WITHIN_S = 90
ENOUGH_SAMPLES = 2
OVER = {"settled", "disputed", "cancelled_no_energy", "failed_no_energy", "closed_by_operator"}
BANDS = {"sharp": "尖", "peak": "峰", "flat": "平", "valley": "谷"}

Json = dict[str, Any]
Tell = Callable[[str], None]


class DemoFailed(ChargeCloudError):
    """The charge did not come to its bill."""


async def charge_once(base: str, tell: Tell) -> None:
    """Start on a plugged connector, watch, stop, show the bill; DemoFailed says where it got stuck."""
    async with httpx.AsyncClient(base_url=f"{base}/api/v1", timeout=10) as client:
        visitor = await call(client, "POST", "/demo/visitors")
        headers = {"Authorization": f"Bearer {visitor['token']}"}
        wallet = await call(client, "GET", "/wallet", headers=headers)
        tell(f"车主 driver  {visitor['name']}，余额 balance {yuan_text(wallet['available_fen'])} 元")
        point, connector = await _plugged(client)
        tell(
            f"充电桩 charge point  {point['name']}（{point['code']}），{connector['connector_no']} 号枪已插 plugged in"
        )
        body = {"charge_point_code": point["code"], "connector_no": connector["connector_no"]}
        placed = await call(client, "POST", "/orders", json=body, headers=headers | {"Idempotency-Key": new_id()})
        order = placed["orders"][0]
        tell(f"订单 order  {order['order_no']}，冻结 held {yuan_text(order['hold_fen'])} 元，启动中 starting …")
        async with _watching(base, visitor["token"], order["session_no"]) as changes:
            await _until_charged(changes, tell)
            await call(client, "POST", f"/orders/{order['order_no']}/stop", headers=headers)
            tell("停止 stopping …")
            await _until_over(changes)
        detail = await call(client, "GET", f"/orders/{order['order_no']}", headers=headers)
        after = await call(client, "GET", "/wallet", headers=headers)
        _show_bill(detail, tell)
        _prove(detail, wallet["available_fen"] - after["available_fen"])
        tell(f"余额 balance  {yuan_text(after['available_fen'])} 元，其余已解冻 the rest was given back")


async def call(client: httpx.AsyncClient, method: str, path: str, **more: Any) -> Json:
    """One request; DemoFailed says what was refused."""
    answer = await client.request(method, path, **more)
    content: Json = answer.json() if answer.content else {}
    if answer.is_error:
        raise DemoFailed(f"{method} {path}: {answer.status_code} {content.get('detail', answer.text)}", "demo_failed")
    return content


async def _plugged(client: httpx.AsyncClient) -> tuple[Json, Json]:
    """The first connector of the first station in which a car hangs; it takes a moment until all have connected."""
    credentials = {"username": DEMO_USERNAME, "password": DEMO_PASSWORD}
    session = await call(client, "POST", "/staff/sign-in", json=credentials)
    headers = {"Authorization": f"Bearer {session['token']}"}
    client.cookies.clear()
    station = (await call(client, "GET", "/stations", headers=headers))["items"][0]
    listed = await call(client, "GET", f"/charge-points?station_id={station['id']}", headers=headers)
    async with within(PLUGGED_WITHIN_S, "no charge point reported a plugged connector"):
        while True:
            for listing in listed["items"]:
                point = await call(client, "GET", f"/charge-points/{listing['code']}", headers=headers)
                for connector in point["connectors"]:
                    if connector["state"] == "occupied":
                        return point, connector
            await asyncio.sleep(1)


@asynccontextmanager
async def _watching(base: str, token: str, session_no: str) -> AsyncIterator[AsyncIterator[Json]]:
    """The session's state after each change, as the live topic tells it."""
    url = f"{base.replace('http', 'ws', 1)}/api/v1/live"
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}, compression=None) as socket:
        await socket.send(json.dumps({"op": "subscribe", "topic": f"session:{session_no}"}))

        async def changes() -> AsyncIterator[Json]:
            state: Json = {}
            async for text in socket:
                message = json.loads(text)
                if "error" in message:
                    raise DemoFailed(f"live topic: {message['error']}", "demo_failed")
                state = state | message.get("snapshot", {}) | message.get("patch", {})
                yield state

        yield changes()


async def _until_charged(changes: AsyncIterator[Json], tell: Tell) -> None:
    """Follow until enough live values have come."""
    shown: set[int] = set()
    async with within(CHARGED_WITHIN_S, "the charge did not start"):
        async for state in changes:
            if state.get("state") in {"rejected", "failed"}:
                raise DemoFailed(f"the charge point did not start: {state.get('refusal') or state}", "demo_failed")
            if state.get("state") == "charging" and state["energy_mwh"] not in shown:
                shown.add(state["energy_mwh"])
                tell(
                    f"  充电中 charging  {kwh_text(state['energy_mwh'])} kWh  {state['power_w']} W  "
                    f"SOC {state['soc_pct']} %  {state['amount_yuan']} 元"
                )
            if len(shown - {0}) >= ENOUGH_SAMPLES:
                return


async def _until_over(changes: AsyncIterator[Json]) -> None:
    async with within(SETTLED_WITHIN_S, "the order was not settled"):
        async for state in changes:
            if state.get("order_state") in OVER:
                return


@asynccontextmanager
async def within(seconds: int, otherwise: str) -> AsyncIterator[None]:
    """Not longer than this; Unavailable says what did not happen."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Unavailable(f"{otherwise} within {seconds} s", "demo_stuck") from None


def _show_bill(detail: Json, tell: Tell) -> None:
    tell("账单 bill")
    for line in detail["bill"]:
        tell(
            f"  {BANDS[line['band']]}  {kwh_text(line['energy_mwh'])} kWh  "
            f"电费 energy {line['energy_fee_yuan']}  服务费 service {line['service_fee_yuan']}"
        )
    tell(f"  合计 total  {kwh_text(detail['energy_mwh'])} kWh  {yuan_text(detail['total_fen'])} 元")
    compared = detail["settlement"]["comparison"] if detail["settlement"] else {}
    if compared:
        recorded, ours = compared["recorded_amount_yuan"], compared["our_amount_yuan"]
        tell(f"  充电桩自己的账单 the charge point's own bill  {recorded} 元，平台 ours {ours} 元")


def _prove(detail: Json, paid_fen: int) -> None:
    """Settled, for some energy, and the wallet went down by exactly the bill."""
    if detail["state"] != "settled" or detail["energy_mwh"] <= 0 or paid_fen != detail["total_fen"]:
        facts = {key: detail[key] for key in ("state", "flags", "energy_mwh", "total_fen")}
        raise DemoFailed(
            f"the order did not settle as it should: {facts}, the wallet paid {paid_fen} fen", "demo_failed"
        )
