"""Four e-bikes from plug to refund through the public API: by time, power tier, energy, until full; in fast time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from chargecloud.kernel.energy import kwh_text
from chargecloud.kernel.ids import new_id
from chargecloud.kernel.money import yuan_text
from chargecloud.main.demo_boards import GARAGE, SHED, DemoBoards
from chargecloud.main.demo_once import DemoFailed, Json, Tell, call, within
from chargecloud.main.demo_seed import DEMO_PASSWORD, DEMO_USERNAME
from chargecloud.sim.actor import Actor
from chargecloud.sim.dny.ebike import Charger, healthy
from chargecloud.sim.dny.modem import VirtualModem

FASTER = 30
"""The whole demonstration, platform and boards, lives on a clock that runs so many times faster."""
READY_WITHIN_S, OVER_WITHIN_S = 60, 180
OVER = {"settled", "disputed", "cancelled_no_energy", "failed_no_energy", "closed_by_operator"}
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Ride:
    """One e-bike, what its rider wants, and when they come back early."""

    title: str
    station: DemoBoards
    board: int
    connector_no: int
    power_w: float
    missing_wh: float
    limit: Json = field(default_factory=dict)
    stops_after_s: int = 0

    @property
    def code(self) -> str:
        """Of the board."""
        return self.station.modem.boards[self.board].code

    def charger(self) -> Charger:
        """What is plugged in."""
        return Charger(healthy(self.power_w, self.missing_wh, tau_s=200.0))


RIDES = (
    Ride(title="按时间 by time, stopped early", station=SHED, board=0, connector_no=1, power_w=120, missing_wh=400,
         limit={"kind": "minutes", "value": 60}, stops_after_s=900),
    Ride(title="功率分档 by power tier, for 0.50 yuan", station=SHED, board=0, connector_no=4, power_w=480,
         missing_wh=900, limit={"kind": "money", "value": 50}),
    Ride(title="按电量 by energy", station=GARAGE, board=0, connector_no=2, power_w=350, missing_wh=900,
         limit={"kind": "energy", "value": 100_000}),
    Ride(title="充满自停 until full", station=GARAGE, board=1, connector_no=7, power_w=180, missing_wh=20,
         limit={"kind": "none"}),
)  # fmt: skip
Modems = Sequence[Actor[VirtualModem]]


def plug_in(modems: Modems, now: float) -> None:
    """Every ride's e-bike hangs at its port."""
    for ride in RIDES:
        modem = next(actor.point for actor in modems if ride.code in actor.point.codes)
        modem.board_of(ride.code).plug(ride.connector_no, ride.charger(), now)


async def ebikes_once(base: str, tell: Tell, modems: Modems) -> None:
    """Start all rides, watch, stop who comes back early, show the bills; DemoFailed says where it got stuck."""
    async with httpx.AsyncClient(base_url=f"{base}/api/v1", timeout=10) as client:
        tell(f"电动车 e-bikes  {len(RIDES)} 辆；时钟快 {FASTER} 倍 a clock that runs {FASTER} times faster")
        await _until_plugged(client)
        rides = await asyncio.gather(*(_ride(client, ride, tell) for ride in RIDES))
    for ride, (detail, paid_fen) in zip(RIDES, rides, strict=True):
        flowed = flowed_mwh(modems, detail)
        show(ride, detail, flowed, tell)
        prove(ride, detail, flowed, paid_fen)
    paid = sum(paid_fen for _, paid_fen in rides)
    tell(f"共付 paid  {yuan_text(paid)} 元，其余已退 the rest was given back")


async def _until_plugged(client: httpx.AsyncClient) -> None:
    """Until the platform has seen every e-bike at its port."""
    credentials = {"username": DEMO_USERNAME, "password": DEMO_PASSWORD}
    session = await call(client, "POST", "/staff/sign-in", json=credentials)
    headers = {"Authorization": f"Bearer {session['token']}"}
    client.cookies.clear()

    async def seen(ride: Ride) -> bool:
        point = await call(client, "GET", f"/charge-points/{ride.code}", headers=headers)
        return bool(point["connectors"][ride.connector_no - 1]["state"] == "occupied")

    for ride in RIDES:
        await _until(partial(seen, ride), READY_WITHIN_S, f"{ride.code} reported no plugged e-bike")


async def _until(done: Callable[[], Awaitable[bool]], seconds: int, otherwise: str) -> None:
    async with within(seconds, otherwise):
        while True:
            if await done():
                return
            await asyncio.sleep(LOOK_EVERY_S)


async def _ride(client: httpx.AsyncClient, ride: Ride, tell: Tell) -> tuple[Json, int]:
    """The order when all is over, and by how much the rider's wallet went down."""
    visitor = await call(client, "POST", "/demo/visitors")
    headers = {"Authorization": f"Bearer {visitor['token']}"}
    before = await call(client, "GET", "/wallet", headers=headers)
    body = {"charge_point_code": ride.code, "connector_no": ride.connector_no, "limit": ride.limit}
    placed = await call(client, "POST", "/orders", json=body, headers=headers | {"Idempotency-Key": new_id()})
    order: Json = placed["orders"][0]
    path = f"/orders/{order['order_no']}"
    tell(f"  {ride.title}：预付 prepaid {yuan_text(order['hold_fen'])} 元，订单 order {order['order_no']}")
    detail: Json = order

    async def in_state(wanted: set[str]) -> bool:
        nonlocal detail
        detail = await call(client, "GET", path, headers=headers)
        return detail["state"] in wanted | OVER

    if ride.stops_after_s:
        await _until(lambda: in_state({"charging"}), OVER_WITHIN_S, f"{ride.title}: it did not begin")
        await asyncio.sleep(ride.stops_after_s / FASTER)
        await call(client, "POST", f"{path}/stop", headers=headers)
    await _until(lambda: in_state(set()), OVER_WITHIN_S, f"{ride.title}: it was not settled")
    after = await call(client, "GET", "/wallet", headers=headers)
    return detail, before["available_fen"] - after["available_fen"]


def flowed_mwh(modems: Modems, detail: Json) -> int:
    """What really went through the port, as the simulation knows it."""
    sessions = [session for actor in modems for session in actor.point.truth.sessions]
    return sum(one.energy_mwh for one in sessions if one.session_no == detail["session_no"].upper())


def show(ride: Ride, detail: Json, flowed: int, tell: Tell) -> None:
    """The bill, line by line."""
    tell(f"账单 bill  {ride.title}  {ride.power_w:.0f} W")
    for line in detail["usage_bill"]:
        tell(f"  {_line_text(line)}")
    tell(
        f"  预付 prepaid {yuan_text(detail['hold_fen'])}  费用 cost {yuan_text(detail['total_fen'])}  "
        f"退回 refund {yuan_text(detail['refund_fen'] or 0)} 元；{kwh_text(detail['energy_mwh'])} kWh"
        f"（实际 really {kwh_text(flowed)}）"
    )


def _line_text(line: dict[str, Any]) -> str:
    fees = f"电费 energy {line['energy_fee_yuan']}  服务费 service {line['service_fee_yuan']}"
    if line["fen_per_hour"] is not None:
        power = f"≤{line['max_power_w']} W" if line["max_power_w"] else "最高档 highest tier"
        return f"{line['kind']}  {line['duration_s']} s  {power}  {yuan_text(line['fen_per_hour'])} 元/h  {fees}"
    return f"{line['kind']}  {kwh_text(line['energy_mwh'])} kWh  {fees}"


def prove(ride: Ride, detail: Json, flowed: int, paid_fen: int) -> None:
    """Settled; prepaid is cost and refund, the cost was paid; billed is what flowed, but for the meter's last step."""
    sound = (
        detail["state"] == "settled"
        and paid_fen == detail["total_fen"] > 0
        and detail["hold_fen"] == detail["total_fen"] + (detail["refund_fen"] or 0)
        and 0 <= flowed - detail["energy_mwh"] < 10_000
    )
    if not sound:
        facts = {key: detail[key] for key in ("state", "flags", "hold_fen", "total_fen", "refund_fen", "energy_mwh")}
        raise DemoFailed(f"{ride.title}: it did not settle as it should: {facts}, {flowed} mWh flowed", "demo_failed")
