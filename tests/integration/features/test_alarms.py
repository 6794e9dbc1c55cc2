"""Alarms from their causes to their ends, over the inbox and over HTTP."""

from dataclasses import dataclass

import pytest

from chargecloud.device.events import (
    ClockReported,
    CommandEnded,
    CommandOutcome,
    LoginContested,
    TariffReported,
    WireFaulted,
)
from chargecloud.features.alarms import http, inbox, jobs
from chargecloud.features.alarms.messages import AlarmClosed, AlarmRaised
from chargecloud.features.operators.messages import Role
from chargecloud.features.orders.messages import OrderDisputed, OrderResolved
from chargecloud.features.stations import service_assets
from chargecloud.features.stations import sql as stations_sql
from chargecloud.features.stations.messages import ConnectorChanged, ConnectorFaultsChanged, ConnectorState
from chargecloud.features.stations.service_assets import NewChargePoint, NewStation
from chargecloud.infra.http.auth import Principal
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.kernel.message import Envelope, Message
from tests.support.api import Api, Caller

CODE = "32010200000001"
HOUR_MS = 3_600_000
CONTESTED = LoginContested(charge_point_code=CODE, source="203.0.113.5", outcome="rejected")


@dataclass
class Site:
    """A charge point and what is told of it."""

    api: Api

    async def tell(self, *events: Message) -> list[Message]:
        """Handle events as the inbox would; give the events that follow."""
        handlers = {subscription.body: subscription.handler for subscription in inbox.SUBSCRIPTIONS}
        followed: list[Message] = []
        for event in events:
            async with self.api.database.unit() as uow:
                await handlers[type(event)](uow, event, Envelope(CODE, event, uow.now_ms))
                followed.extend(envelope.body for envelope in uow.outgoing)
        return followed

    async def connector(self, state: ConnectorState, fault_bits: int) -> None:
        async with self.api.database.unit() as uow:
            await stations_sql.set_connector(uow, CODE, 1, reported=state.value, fault_bits=fault_bits)

    async def faults(self, bits: int) -> list[Message]:
        return await self.tell(ConnectorFaultsChanged(charge_point_code=CODE, connector_no=1, fault_bits=bits))


@pytest.fixture
async def site(api: Api) -> Site:
    async with api.database.unit() as uow:
        station = await service_assets.create_station(uow, 1, NewStation(name="测试站"))
        new = NewChargePoint(code=CODE, station_id=station.id, name="", power_type="dc", connector_count=2)
        await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
    return Site(api)


@pytest.fixture
async def staff(api: Api) -> Caller:
    return await api.staff()


async def test_one_alarm_is_open_for_each_cause_and_counts(site: Site, staff: Caller) -> None:
    first = await site.tell(CONTESTED)
    again = await site.tell(CONTESTED, CONTESTED)
    assert [type(event) for event in first] == [AlarmRaised] and again == []
    items = (await staff.get("/alarms"))["items"]
    assert len(items) == 1
    alarm = items[0]
    assert (alarm["kind"], alarm["level"], alarm["state"], alarm["times"]) == ("login_contested", "critical", "open", 3)
    assert alarm["facts"] == {"source": "203.0.113.5", "outcome": "rejected"}
    assert alarm["title"] and alarm["advice"]


async def test_a_tariff_that_was_taken_ends_the_alarm_about_the_wrong_one(site: Site, staff: Caller) -> None:
    await site.tell(TariffReported(charge_point_code=CODE, tariff_no="0001", matches=False))
    for command, outcome, left in (
        ("ApplyTariff", CommandOutcome.REFUSED, 1),
        ("SyncClock", CommandOutcome.DONE, 1),
        ("ApplyTariff", CommandOutcome.DONE, 0),
    ):
        await site.tell(CommandEnded(charge_point_code=CODE, command_id="c", command=command, outcome=outcome))
        assert len((await staff.get("/alarms", state="open"))["items"]) == left


async def test_a_charge_point_without_any_tariff_yet_is_no_alarm(site: Site, staff: Caller) -> None:
    await site.tell(TariffReported(charge_point_code=CODE, tariff_no="0000", matches=False))
    assert (await staff.get("/alarms"))["items"] == []


async def test_a_charge_point_nobody_knows_raises_nothing(site: Site, staff: Caller) -> None:
    await site.tell(LoginContested(charge_point_code="99999999999999", source="", outcome="rejected"))
    assert (await staff.get("/alarms"))["items"] == []


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            TariffReported(charge_point_code=CODE, tariff_no="0001", matches=False),
            TariffReported(charge_point_code=CODE, tariff_no="0002", matches=True),
        ),
        (ClockReported(charge_point_code=CODE, skew_ms=-130_000), ClockReported(charge_point_code=CODE, skew_ms=500)),
        (
            OrderDisputed(order_no="o1", session_no="s1", charge_point_code=CODE, reasons=("amount",)),
            OrderResolved(order_no="o1", session_no="s1", charge_point_code=CODE),
        ),
    ],
)
async def test_the_end_of_the_cause_is_the_end_of_the_alarm(
    site: Site, staff: Caller, bad: Message, good: Message
) -> None:
    await site.tell(good)
    assert (await staff.get("/alarms"))["items"] == []
    await site.tell(bad)
    closed = await site.tell(good, good)
    assert [type(event) for event in closed] == [AlarmClosed]
    alarm = (await staff.get("/alarms"))["items"][0]
    assert (alarm["state"], alarm["closed_by"]) == ("closed", "system")
    raised = await site.tell(bad)
    assert [type(event) for event in raised] == [AlarmRaised]
    assert len((await staff.get("/alarms"))["items"]) == 2


async def test_two_disputed_orders_are_two_alarms(site: Site, staff: Caller) -> None:
    for number in ("o1", "o2"):
        await site.tell(OrderDisputed(order_no=number, session_no="s", charge_point_code=CODE, reasons=("amount",)))
    await site.tell(OrderResolved(order_no="o1", session_no="s", charge_point_code=CODE))
    states = {alarm["subject"]: alarm["state"] for alarm in (await staff.get("/alarms"))["items"]}
    assert states == {"o1": "closed", "o2": "open"}


async def test_a_connector_is_faulted_by_its_bits_or_by_its_word(site: Site, staff: Caller) -> None:
    await site.connector(ConnectorState.CHARGING, 4)
    await site.faults(4)
    alarm = (await staff.get("/alarms"))["items"][0]
    assert (alarm["kind"], alarm["connector_no"], alarm["facts"]["fault_bits"]) == ("connector_faulted", 1, 4)
    await site.connector(ConnectorState.FAULTED, 0)
    await site.faults(0)
    assert (await staff.get("/alarms", state="open"))["items"], "its own word still says faulted"
    await site.connector(ConnectorState.AVAILABLE, 0)
    mended = ConnectorChanged(
        charge_point_code=CODE, connector_no=1, state=ConnectorState.AVAILABLE, previous=ConnectorState.FAULTED
    )
    await site.tell(mended)
    assert (await staff.get("/alarms", state="open"))["items"] == []
    plain = ConnectorChanged(
        charge_point_code=CODE, connector_no=1, state=ConnectorState.OCCUPIED, previous=ConnectorState.AVAILABLE
    )
    assert await site.tell(plain) == []


async def test_what_goes_quiet_closes_by_itself(site: Site, api: Api) -> None:
    await site.tell(WireFaulted(charge_point_code=CODE, counts={"crc": 3}), CONTESTED)
    api.clock.advance(HOUR_MS + 1)
    await jobs.tidy(api.database)
    staff = await api.staff()
    states = {alarm["kind"]: alarm["state"] for alarm in (await staff.get("/alarms"))["items"]}
    assert states == {"wire_faulted": "closed", "login_contested": "open"}
    api.clock.advance(24 * HOUR_MS)
    await jobs.tidy(api.database)
    staff = await api.staff()
    assert (await staff.get("/alarms", state="open"))["items"] == []
    api.clock.advance(366 * 24 * HOUR_MS)
    await jobs.tidy(api.database)
    assert (await (await api.staff()).get("/alarms"))["items"] == []


async def test_people_acknowledge_and_close(site: Site, staff: Caller) -> None:
    await site.tell(CONTESTED)
    alarm_id = (await staff.get("/alarms"))["items"][0]["id"]
    seen = await staff.post(f"/alarms/{alarm_id}/acknowledgement", {"note": "已联系现场"}, 200)
    assert (seen["state"], seen["acknowledged_by"], seen["note"]) == ("acknowledged", f"staff:{staff.id}", "已联系现场")
    again = await staff.post(f"/alarms/{alarm_id}/acknowledgement", {}, 422)
    assert again["code"] == "alarm_not_open"
    await site.tell(CONTESTED)
    assert (await staff.get(f"/alarms/{alarm_id}"))["times"] == 2
    closed = await staff.post(f"/alarms/{alarm_id}/closure", {"note": "换了模块"}, 200)
    assert closed["state"] == "closed"
    assert (await staff.post(f"/alarms/{alarm_id}/closure", {}, 422))["code"] == "alarm_closed"
    await site.tell(CONTESTED)
    assert len((await staff.get("/alarms", state="open"))["items"]) == 1
    actions = [entry["action"] for entry in (await staff.get("/audit-log", object=f"alarm:{alarm_id}"))["items"]]
    assert actions == ["alarm.close", "alarm.acknowledge"]


async def test_alarms_are_filtered_and_paged(site: Site, staff: Caller) -> None:
    await site.tell(CONTESTED, WireFaulted(charge_point_code=CODE, counts={}))
    await site.tell(ClockReported(charge_point_code=CODE, skew_ms=999_999))
    assert len((await staff.get("/alarms", kind="clock_skew", level="warning"))["items"]) == 1
    assert len((await staff.get("/alarms", charge_point_code=CODE, station_id=1))["items"]) == 3
    assert (await staff.get("/alarms", station_id=2))["items"] == []
    first = await staff.get("/alarms", limit=2)
    rest = await staff.get("/alarms", limit=2, before=first["next"])
    assert len(first["items"]) == 2 and len(rest["items"]) == 1 and rest["next"] is None
    assert (await staff.get("/alarms", 422, kind="nothing"))["code"] == "invalid_request"


async def test_alarms_belong_to_an_operator(site: Site, api: Api) -> None:
    await site.tell(CONTESTED)
    theirs = await api.staff(operator="别家")
    assert (await theirs.get("/alarms"))["items"] == []
    assert (await theirs.get("/alarms/1", 404))["code"] == "alarm_unknown"
    for act in ("acknowledgement", "closure"):
        await theirs.post(f"/alarms/1/{act}", {}, 404)
        await (await api.staff(Role.AUDITOR)).post(f"/alarms/1/{act}", {}, 403)
    await (await api.driver()).get("/alarms", 403)


async def test_watchers_get_what_is_open(site: Site, database: Database) -> None:
    await site.tell(CONTESTED, WireFaulted(charge_point_code=CODE, counts={}))
    take = http.LIVE_TOPICS[0].snapshot
    ours = Principal("staff", 1, "x", 1, frozenset({"alarms.read"}))
    async with database.read() as connection:
        snapshot = await take(connection, ours, "1")
        assert snapshot and snapshot["counts"] == {"critical": 1, "notice": 1}
        for who, which in (
            (ours, "2"),
            (ours, "nonsense"),
            (ours, ""),
            (Principal("staff", 1, "x", 1, frozenset()), "1"),
            (Principal("driver", 1, "x", 1), "1"),
        ):
            assert await take(connection, who, which) is None
