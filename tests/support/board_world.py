"""A DNY board and the whole business around it: bytes in, bytes out, orders over the API, on a manual clock.

The board's connection is the real protocol; what a gateway does between it and the bus is done here by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from chargecloud.device.commands import AnswerBoot, DeviceCommand
from chargecloud.device.events import Booted, CameOnline
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import TopUp
from chargecloud.main import features
from chargecloud.protocols.dny.frames import commands as down_frames
from chargecloud.protocols.dny.plugin import Plugin
from chargecloud.protocols.wire.schema import Frame
from chargecloud.testing.harness import Harness
from tests.support import dny
from tests.support.api import Api, Caller
from tests.support.dny_harness import connected
from tests.support.world import World

CAPABILITIES = tuple(sorted(capability.value for capability in Plugin.capabilities))
IDLE, CHARGING, PLUGGED, FULL, FLOATING = 0, 1, 2, 3, 5
BY_HOUR: dict[str, object] = {"basis": "time", "tiers": [{"fen_per_hour": 60}]}
TIERS = [
    {"max_power_w": 200, "fen_per_hour": 30},
    {"max_power_w": 400, "fen_per_hour": 60},
    {"fen_per_hour": 120},
]
BY_ENERGY: dict[str, object] = {
    "basis": "energy",
    "energy_yuan_per_kwh": "0.60000",
    "service_yuan_per_kwh": "0.40000",
}
PER_USE: dict[str, object] = {"basis": "per_use", "per_use_fen": 150}


@dataclass
class BoardWorld(World):
    """One board with two ports, a rider with money, staff who set prices."""

    api: Api = field(kw_only=True)
    harness: Harness = field(default_factory=connected)
    staff: Caller = field(init=False)
    rider: Caller = field(init=False)
    deaf: bool = False
    """The board does not answer starts."""
    result: int = 0
    chosen: int = 0
    states: bytearray = field(default_factory=lambda: bytearray([PLUGGED, PLUGGED]))
    """Of the ports, as heartbeats tell them every three minutes."""
    heard: list[Frame] = field(default_factory=list)
    sales: int = 0
    capabilities: tuple[str, ...] = CAPABILITIES
    """What the gateway says that the board can do."""
    _waited_s: int = 0
    _given: int = 0
    _places: int = 0

    async def build(self, plan: dict[str, object], *, cash_fen: int = 2_000) -> None:
        """Everything, with the board online and its ports plugged in."""
        self.listen(features.SUBSCRIPTIONS)
        self.staff, self.rider = await self.api.staff(), await self.api.driver()
        self.driver_id = self.rider.id
        station = await self.staff.post("/stations", {"name": "两轮站"})
        self.station_id = station["id"]
        board = {"code": dny.CODE, "station_id": self.station_id, "name": "1 号板", "power_type": "ac",
                 "connector_count": 2, "rated_power_w": 2000}  # fmt: skip
        await self.staff.post("/charge-points", board)
        await self.price(plan)
        if cash_fen:
            async with self.database.unit() as uow:
                top_up = TopUp(driver_id=self.rider.id, transfer_id="t", amount_fen=cash_fen, source="counter")
                await wallet.top_up(uow, top_up)
        await self.pass_time(1)
        await self.board(dny.ICCID + dny.register(message_id=7))
        await self.board(dny.heartbeat(message_id=8, states=bytes([PLUGGED, PLUGGED])))

    async def price(self, plan: dict[str, object]) -> int:
        """The station gets this plan now."""
        made = await self.staff.post("/two-wheel-tariffs", {"name": f"两轮 {self.clock.now_ms()}"})
        tariff_id = int(made["tariff"]["id"])
        await self.staff.post(f"/two-wheel-tariffs/{tariff_id}/versions", {"plan": plan})
        await self.staff.post(f"/stations/{self.station_id}/tariffs", {"tariff_id": tariff_id})
        return tariff_id

    async def board(self, data: bytes) -> None:
        """The board sends bytes; all that follows happens."""
        for event in self.harness.receive(data):
            await self.say(
                msgspec.structs.replace(event, capabilities=self.capabilities) if isinstance(event, Booted) else event
            )
        await self.carry()

    async def carry(self) -> None:
        """Commands go to the board, its answers come back, until nothing moves any more."""
        await self.pump()
        while self._given < len(self.commands):
            command = self.commands[self._given]
            self._given += 1
            await self.say(*self.harness.submit(command))
            if isinstance(command, AnswerBoot) and command.accepted:
                online = CameOnline(charge_point_code=command.charge_point_code, gateway_id="g1", epoch=1)
                await self.say(online)
            await self._answer()
            await self.pump()
        await self._answer()

    async def _answer(self) -> None:
        """What the board was sent is kept, and starts are answered."""
        sent = self.harness.take_sent()
        for raw, message_id in zip(sent, dny.message_ids(sent), strict=True):
            frame = dny.down(raw)
            self.heard.append(frame)
            if isinstance(frame, down_frames.ChargeControl) and not self.deaf:
                port = self.chosen if frame.port_no == 0xFF else frame.port_no
                if not self.result:
                    self.states[port] = CHARGING if frame.action else PLUGGED
                reply = dny.control_reply(
                    frame.order_no.hex(), message_id=message_id, result=self.result, port=port, ports=3
                )
                await self.say(*self.harness.receive(reply))

    async def pass_time(self, seconds: int) -> None:
        """Let time pass for the board's connection and the business; a heartbeat every three minutes."""
        for _ in range(seconds // 60):
            await self._wait(60)
        await self._wait(seconds % 60)

    async def _wait(self, seconds: int) -> None:
        self.clock.advance(seconds * 1000)
        await self.say(*self.harness.pass_time(seconds))
        self._waited_s += seconds
        if self._waited_s >= 180:
            self._waited_s = 0
            await self.board(dny.heartbeat(states=bytes(self.states)))
        await self.sweep()
        await self.carry()

    async def start(self, status: int = 202, **wish: Any) -> Any:
        """The rider places an order over the API, and the board hears of it."""
        self._places += 1
        if self._places % 6 == 0:
            await self.pass_time(60)
        body = {"charge_point_code": dny.CODE, "connector_no": 1, **wish}
        made = await self.rider.post("/orders", body, status, **{"Idempotency-Key": f"wish-{self._places:08d}"})
        await self.carry()
        await self.pass_time(2)
        return made["orders"][0] if status == 202 else made

    async def report(self, order: dict[str, Any], **changes: Any) -> None:
        """0x06 of an order."""
        await self.board(dny.progress(order["session_no"], **changes))

    async def settle(self, order: dict[str, Any], **changes: Any) -> None:
        """0x03 of an order."""
        self.states[int(str(changes.get("port_no", 0)))] = PLUGGED
        await self.board(dny.settlement(order=bytes.fromhex(order["session_no"]), **{"timestamp": 0} | changes))

    async def detail(self, order: dict[str, Any]) -> Any:
        return await self.rider.get(f"/orders/{order['order_no']}")

    async def money(self) -> tuple[int, int]:
        """Available and held, in fen."""
        balance = await self.balance()
        return balance.available_fen, balance.held_fen

    def controls(self) -> list[down_frames.ChargeControl]:
        """0x82 the board was sent."""
        return [frame for frame in self.heard if isinstance(frame, down_frames.ChargeControl)]

    def last(self, kind: type[DeviceCommand]) -> DeviceCommand:
        return self.asked(kind)[-1]
