"""A small world for the business: two charge points, a tariff, a driver; events in, commands out, on a manual clock.

Everything runs through the real inbox and outbox, without bus, gateway or sockets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chargecloud.device.commands import DeviceCommand
from chargecloud.device.events import (
    BandRecord,
    Booted,
    CameOnline,
    ConnectorStatus,
    DeviceEvent,
    MeterSampled,
    PowerType,
    RecordUploaded,
    StartAnswered,
    StartMethod,
    StartRefusal,
    StopClass,
)
from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers.service import NewDriver
from chargecloud.features.orders import inbox as orders_inbox
from chargecloud.features.orders import service as orders
from chargecloud.features.orders import sql as orders_sql
from chargecloud.features.orders.messages import Order
from chargecloud.features.orders.service import PlaceOrder
from chargecloud.features.sessions import inbox as sessions_inbox
from chargecloud.features.sessions import jobs as sessions_jobs
from chargecloud.features.sessions import service as sessions
from chargecloud.features.sessions.messages import ChargingSession, Limit
from chargecloud.features.stations import inbox as stations_inbox
from chargecloud.features.stations import service_assets
from chargecloud.features.stations.service_assets import NewChargePoint, NewStation
from chargecloud.features.tariffs import service as tariffs
from chargecloud.features.tariffs.messages import BandPrice
from chargecloud.features.tariffs.service import NewAssignment, NewVersion
from chargecloud.features.wallet import service as wallet
from chargecloud.features.wallet.messages import Balance, TopUp
from chargecloud.infra.inbox import Inbox, Subscription
from chargecloud.infra.kinds import Kinds
from chargecloud.infra.sql import outbox
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.message import Envelope, Message

CODE = "32010200000001"
OTHER_CODE = "32010200000002"
RATED_W = 120_000
MINUTE_MS = 60_000
KWH = 1_000_000
BANDS = (
    BandPrice(120_000, 40_000),
    BandPrice(100_000, 40_000),
    BandPrice(70_000, 40_000),
    BandPrice(40_000, 40_000),
)
HALF_HOURS = tuple([3] * 16 + [2] * 12 + [1] * 8 + [0] * 4 + [1] * 8)
"""Valley until 8, flat until 14, peak until 18, sharp until 20, peak until 24."""
SUBSCRIPTIONS: tuple[Subscription, ...] = (
    *stations_inbox.SUBSCRIPTIONS,
    *sessions_inbox.SUBSCRIPTIONS,
    *orders_inbox.SUBSCRIPTIONS,
)
UNLIMITED = Limit()
C = TypeVar("C", bound=DeviceCommand)


class _Groups:
    """Stands where the bus does: keeps the handlers instead of calling them by itself."""

    def __init__(self) -> None:
        self.handlers: list[tuple[tuple[type, ...], Callable[..., Any]]] = []

    def subscribe(self, _group: str, handler: Any, *, bodies: Sequence[type], linger_ms: int = 0) -> None:
        self.handlers.append((tuple(bodies), handler))


@dataclass
class World:
    """The business under test."""

    database: Database
    clock: ManualClock
    station_id: int = 0
    driver_id: int = 0
    commands: list[DeviceCommand] = field(default_factory=list)
    told: list[Message] = field(default_factory=list)
    _groups: _Groups = field(default_factory=_Groups)
    _kinds: Kinds = field(default_factory=Kinds)
    _keys: int = 0

    async def furnish(self, *, cash_fen: int = 10_000) -> None:
        """Station, charge points, tariff, driver with money; the charge points are online."""
        self.listen(SUBSCRIPTIONS)
        async with self.database.unit() as uow:
            station = await service_assets.create_station(uow, 1, NewStation(name="测试站"))
            self.station_id = station.id
            for code in (CODE, OTHER_CODE):
                new = NewChargePoint(
                    code=code, station_id=station.id, name=code, power_type="dc", connector_count=2,
                    rated_power_w=RATED_W,
                )  # fmt: skip
                await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
            tariff_id = await tariffs.create_tariff(uow, operator_id=1, name="四段电价")
            version = NewVersion(tariff_id=tariff_id, bands=BANDS, half_hours=HALF_HOURS, effective_from_ms=0)
            await tariffs.create_version(uow, version)
            await tariffs.assign(uow, NewAssignment(station_id=station.id, tariff_id=tariff_id, effective_from_ms=0))
        self.driver_id = await self.driver(cash_fen)
        await self.come_online()
        self.clock.advance(10 * MINUTE_MS)

    def listen(self, subscriptions: Sequence[Subscription]) -> None:
        """What is said goes to these."""
        Inbox(self.database, subscriptions).subscribe(self._groups)  # type: ignore[arg-type]

    async def driver(self, cash_fen: int) -> int:
        """Another driver with so much money."""
        async with self.database.unit() as uow:
            made = await drivers.create_driver(uow, NewDriver(name="韩梅梅", operator_id=1))
            if cash_fen:
                self._keys += 1
                top_up = TopUp(
                    driver_id=made.driver_id, transfer_id=f"start-{self._keys}", amount_fen=cash_fen, source="counter"
                )
                await wallet.top_up(uow, top_up)
        await self.pump()
        return made.driver_id

    async def come_online(self, epoch: int = 1) -> None:
        """Both charge points introduce themselves and are admitted."""
        for code in (CODE, OTHER_CODE):
            await self.say(booted(code))
            await self.say(CameOnline(charge_point_code=code, gateway_id="g1", epoch=epoch))
        self.commands.clear()

    async def say(self, *events: DeviceEvent) -> None:
        """A charge point says something; everything that follows from it happens before this returns."""
        for event in events:
            await self.handle([Envelope(event.charge_point_code, event, self.clock.now_ms())])
            await self.pump()

    async def handle(self, batch: Sequence[Envelope]) -> None:
        """One batch for every group that wants it."""
        for bodies, handler in self._groups.handlers:
            wanted = [envelope for envelope in batch if isinstance(envelope.body, bodies)]
            if wanted:
                await handler(wanted)

    async def pump(self) -> None:
        """Take the outbox round until it is empty: commands are kept, events are handled."""
        while True:
            async with self.database.read() as connection:
                rows = await outbox.oldest(connection, after=0, most=100)
            if not rows:
                return
            for row in rows:
                envelope = outbox.envelope_of(row, self._kinds)
                if isinstance(envelope.body, DeviceCommand):
                    self.commands.append(envelope.body)
                else:
                    self.told.append(envelope.body)
                    await self.handle([envelope])
            async with self.database.unit() as uow:
                await outbox.remove(uow.connection, [row.id for row in rows])

    async def pump_at_once(self) -> None:
        """The same, with everything that waits handled in one batch, as a bus does it under load."""
        while True:
            async with self.database.read() as connection:
                rows = await outbox.oldest(connection, after=0, most=1000)
            if not rows:
                return
            envelopes = [outbox.envelope_of(row, self._kinds) for row in rows]
            self.commands += [each.body for each in envelopes if isinstance(each.body, DeviceCommand)]
            told = [each for each in envelopes if not isinstance(each.body, DeviceCommand)]
            self.told += [each.body for each in told]
            await self.handle(told)
            async with self.database.unit() as uow:
                await outbox.remove(uow.connection, [row.id for row in rows])

    def asked(self, kind: type[C]) -> list[C]:
        """Commands of a kind that were given out so far."""
        return [command for command in self.commands if isinstance(command, kind)]

    async def place(
        self, *, connector_no: int = 1, key: str = "", limit: Limit = UNLIMITED, driver_id: int = 0
    ) -> Order:
        """A driver starts a charge."""
        self._keys += 1
        command = PlaceOrder(
            driver_id=driver_id or self.driver_id,
            idempotency_key=key or f"key-{self._keys}",
            charge_point_code=CODE,
            connector_no=connector_no,
            limit=limit,
        )
        async with self.database.unit() as uow:
            placed = await orders.place(uow, command)
        await self.pump()
        return placed[0]

    async def sweep(self) -> None:
        """The sweep runs once."""
        await sessions_jobs.sweep(self.database)
        await self.pump()

    async def order(self, order_no: str) -> Order:
        async with self.database.unit() as uow:
            return await orders.order(uow, order_no)

    async def order_of(self, session_no: str) -> Order | None:
        async with self.database.unit() as uow:
            return await orders_sql.find_by_session(uow, session_no)

    async def session(self, session_no: str) -> ChargingSession:
        async with self.database.unit() as uow:
            return await sessions.session(uow, session_no)

    async def balance(self, driver_id: int = 0) -> Balance:
        async with self.database.unit() as uow:
            return await wallet.balance(uow, driver_id or self.driver_id)

    async def proven(self) -> None:
        """The ledger proves itself."""
        async with self.database.read() as connection:
            report = await wallet.audit(connection)
        assert report.ok, report.problems


def booted(code: str = CODE, **changes: Any) -> Booted:
    values: dict[str, Any] = {
        "charge_point_code": code,
        "protocol": "ykc16",
        "power_type": PowerType.DC,
        "connector_count": 2,
        "protocol_version": "1.6",
        "firmware_version": "v4.1.50",
        "network_type": 1,
        "sim_iccid": "01010101010101010101",
        "carrier_no": 4,
        "link_id": f"g1/{code}",
        "source": "127.0.0.1",
    }
    return Booted(**values | changes)


def sample(session_no: str = "", energy_mwh: int = 0, **changes: Any) -> MeterSampled:
    """Charging when it has a session number, idle and plugged in otherwise."""
    charging = bool(session_no)
    values: dict[str, Any] = {
        "charge_point_code": CODE,
        "connector_no": 1,
        "session_no": session_no,
        "status": ConnectorStatus.CHARGING if charging else ConnectorStatus.AVAILABLE,
        "status_raw": 3 if charging else 2,
        "plugged": True,
        "holstered": False,
        "voltage_mv": 400_000 if charging else 0,
        "current_ma": 100_000 if charging else 0,
        "cable_temp_c": 30,
        "soc_pct": 40 if charging else 0,
        "battery_temp_c": 30,
        "charged_s": 60 if charging else 0,
        "remaining_s": 600 if charging else 0,
        "energy_mwh": energy_mwh,
        "billed_energy_mwh": energy_mwh,
        "amount_hao": 0,
        "fault_bits": 0,
    }
    return MeterSampled(**values | changes)


def answered(session_no: str, refusal: StartRefusal = StartRefusal.NONE, **changes: Any) -> StartAnswered:
    values: dict[str, Any] = {
        "charge_point_code": CODE,
        "command_id": f"start:{session_no}",
        "connector_no": 1,
        "session_no": session_no,
        "accepted": refusal is StartRefusal.NONE,
        "refusal": refusal,
        "refusal_raw": 0,
    }
    return StartAnswered(**values | changes)


def record(session_no: str, bands_mwh: Sequence[int] = (0, 0, 0, 0), **changes: Any) -> RecordUploaded:
    """A record as a charge point with our tariff and a good clock would make it."""
    bands = [
        BandRecord(
            rate_si_per_kwh=price.energy_si_per_kwh + price.service_si_per_kwh,
            energy_mwh=energy_mwh,
            billed_energy_mwh=energy_mwh,
            amount_hao=energy_mwh * (price.energy_si_per_kwh + price.service_si_per_kwh) // 10_000_000,
        )
        for energy_mwh, price in zip(bands_mwh, BANDS, strict=True)
    ]
    total = sum(bands_mwh)
    values: dict[str, Any] = {
        "charge_point_code": CODE,
        "connector_no": 1,
        "session_no": session_no,
        "started_at_ms": 1_767_225_600_000,
        "ended_at_ms": 1_767_225_600_000 + 30 * MINUTE_MS,
        "bands": tuple(bands),
        "meter_start_mwh": 5_000 * KWH,
        "meter_end_mwh": 5_000 * KWH + total,
        "energy_mwh": total,
        "billed_energy_mwh": total,
        "amount_hao": sum(band.amount_hao for band in bands),
        "vin": "",
        "method": StartMethod.APP,
        "method_raw": 1,
        "closed_at_ms": 1_767_225_600_000 + 30 * MINUTE_MS,
        "stop_class": StopClass.COMPLETED,
        "stop_reason": "ended_app_remote_stop",
        "stop_raw": 0x40,
        "card_id": "0" * 16,
    }
    values |= changes
    raw = values.pop("raw", None) or repr(sorted(values.items(), key=lambda item: item[0])).encode()
    return RecordUploaded(**values, raw=raw)
