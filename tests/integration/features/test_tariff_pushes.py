"""Getting versions to charge points: at log-in, by hand, by the clock, after a charge; and what became of it."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from chargecloud.device.commands import ApplyTariff
from chargecloud.device.events import CameOnline, CommandEnded, CommandOutcome, TariffReported
from chargecloud.features.stations import service as stations
from chargecloud.features.stations import service_assets
from chargecloud.features.stations import sql as stations_sql
from chargecloud.features.stations.messages import ConnectorChanged, ConnectorState
from chargecloud.features.stations.service_assets import NewChargePoint, NewStation
from chargecloud.features.tariffs import inbox, jobs, service, sql, views
from chargecloud.features.tariffs.messages import BandPrice, PushState
from chargecloud.features.tariffs.service import NewAssignment, NewVersion
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.sql.reach import EVERYWHERE
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import ChargeCloudError
from chargecloud.kernel.message import Envelope

FIRST, SECOND = "32010200000001", "32010200000002"
DAY_MS = 86_400_000
PRICE = BandPrice(80_000, 40_000)


@dataclass
class Site:
    """A station with two charge points, a tariff, and the pushes that left."""

    database: Database
    clock: ManualClock
    station_id: int = 0
    tariff_id: int = 0
    sent: list[ApplyTariff] = field(default_factory=list)

    async def furnish(self) -> None:
        async with self.database.unit() as uow:
            self.station_id = (await service_assets.create_station(uow, 1, NewStation(name="测试站"))).id
            for code in (FIRST, SECOND):
                new = NewChargePoint(
                    code=code, station_id=self.station_id, name=code, power_type="dc", connector_count=2
                )
                await service_assets.create_charge_point(uow, new, reach=EVERYWHERE)
            self.tariff_id = await service.create_tariff(uow, operator_id=1, name="电价")
            await self.write_version(uow)
            new_assignment = NewAssignment(station_id=self.station_id, tariff_id=self.tariff_id)
            await service.assign(uow, new_assignment)
        await jobs.push_begun(self.database)

    async def write_version(self, uow: UnitOfWork, effective_from_ms: int | None = None) -> str:
        new = NewVersion(
            tariff_id=self.tariff_id,
            bands=(PRICE, PRICE, PRICE, PRICE),
            half_hours=(2,) * 48,
            effective_from_ms=effective_from_ms,
        )
        return (await service.create_version(uow, new)).tariff_no

    async def collect(self, uow: UnitOfWork) -> None:
        self.sent.extend(e.body for e in uow.outgoing if isinstance(e.body, ApplyTariff))

    async def tell(self, *events: object) -> None:
        handlers = {subscription.body: subscription.handler for subscription in inbox.SUBSCRIPTIONS}
        for event in events:
            async with self.database.unit() as uow:
                if isinstance(event, CameOnline):
                    await stations.came_online(uow, event)
                if isinstance(event, CommandEnded):
                    await stations.command_ended(uow, event)
                await handlers[type(event)](uow, event, Envelope("k", event, uow.now_ms))  # type: ignore[arg-type, index]
                await self.collect(uow)

    async def online(self, code: str, epoch: int = 1) -> None:
        await self.tell(CameOnline(charge_point_code=code, gateway_id="g", epoch=epoch))

    async def connector(self, code: str, state: ConnectorState) -> None:
        async with self.database.unit() as uow:
            await stations_sql.set_connector(uow, code, 1, reported=state.value)

    async def ended(self, outcome: CommandOutcome, reason: str = "", nth: int = -1) -> None:
        command = self.sent[nth]
        await self.tell(
            CommandEnded(
                charge_point_code=command.charge_point_code,
                command_id=command.command_id,
                command="ApplyTariff",
                outcome=outcome,
                reason=reason,
            )
        )

    async def held(self) -> tuple[str, bool | None]:
        async with self.database.unit() as uow:
            at = await stations.charge_point(uow, FIRST)
        return at.tariff_no, at.tariff_matches

    async def states(self) -> dict[str, PushState]:
        async with self.database.read() as connection:
            rows = await views.pushes_page(connection, self.station_id, state=None, after_code=None, limit=10)
        return {row.charge_point_code: row.state for row in rows}

    async def push(self) -> None:
        async with self.database.unit() as uow:
            await service.push_station(uow, self.station_id, requested_by="staff:1")
            await self.collect(uow)


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    made = Site(database, clock)
    await made.furnish()
    return made


async def test_a_charge_point_that_comes_online_gets_its_tariff(site: Site) -> None:
    await site.online(FIRST)
    assert [(c.charge_point_code, c.tariff.tariff_no) for c in site.sent] == [(FIRST, "0001")]
    await site.ended(CommandOutcome.DONE)
    assert (await site.states())[FIRST] is PushState.DONE


async def test_it_gets_it_even_while_it_charges(site: Site) -> None:
    """Without a tariff the charge point may not charge the next car; the running charge keeps its own."""
    await site.connector(FIRST, ConnectorState.CHARGING)
    await site.online(FIRST)
    assert len(site.sent) == 1


async def test_a_charge_point_nobody_knows_gets_nothing(site: Site) -> None:
    await site.online("99999999999999")
    assert site.sent == []


async def test_a_push_by_hand_reaches_who_is_online_and_idle(site: Site) -> None:
    await site.online(FIRST)
    await site.push()
    assert [c.charge_point_code for c in site.sent] == [FIRST, FIRST]
    assert await site.states() == {FIRST: PushState.SENT, SECOND: PushState.OFFLINE}
    await site.ended(CommandOutcome.REFUSED, "busy")
    assert (await site.states())[FIRST] is PushState.REFUSED


async def test_the_end_of_an_older_push_does_not_speak_for_the_newer(site: Site) -> None:
    await site.online(FIRST)
    await site.push()
    await site.ended(CommandOutcome.UNANSWERED, nth=0)
    assert (await site.states())[FIRST] is PushState.SENT


async def test_a_push_that_was_taken_is_what_the_charge_point_holds(site: Site) -> None:
    """It says so by itself at its next log-in only."""
    reported = TariffReported(charge_point_code=FIRST, tariff_no="0099", matches=False)
    async with site.database.unit() as uow:
        await stations.see_tariff(uow, reported)
    await site.online(FIRST)
    await site.ended(CommandOutcome.REFUSED)
    assert await site.held() == ("0099", False)
    site.clock.advance(1_000)
    await site.push()
    await site.ended(CommandOutcome.DONE)
    assert await site.held() == ("0001", True)


async def test_an_older_push_that_was_taken_late_does_not_match(site: Site) -> None:
    await site.online(FIRST)
    site.clock.advance(1_000)
    async with site.database.unit() as uow:
        newer = await site.write_version(uow, site.clock.now_ms())
    await site.push()
    await site.ended(CommandOutcome.DONE, nth=0)
    assert await site.held() == ("0001", False)
    await site.ended(CommandOutcome.DONE)
    assert await site.held() == (newer, True)


async def test_who_charges_gets_it_afterwards_and_then_what_counts_by_then(site: Site) -> None:
    await site.online(FIRST)
    await site.connector(FIRST, ConnectorState.CHARGING)
    await site.push()
    assert (await site.states())[FIRST] is PushState.WAITING and len(site.sent) == 1
    async with site.database.unit() as uow:
        newest = await site.write_version(uow, uow.now_ms + 1)
    site.clock.advance(10)
    changed = ConnectorChanged(
        charge_point_code=FIRST, connector_no=1, state=ConnectorState.AVAILABLE, previous=ConnectorState.CHARGING
    )
    await site.tell(changed)
    assert len(site.sent) == 1, "still charging by the books: nothing may be sent"
    await site.connector(FIRST, ConnectorState.AVAILABLE)
    await site.tell(changed)
    assert site.sent[-1].tariff.tariff_no == newest == "0002"
    await site.tell(changed)
    assert len(site.sent) == 2


async def test_a_version_that_begins_is_pushed_once(site: Site) -> None:
    await site.online(FIRST)
    async with site.database.unit() as uow:
        await site.write_version(uow, uow.now_ms + DAY_MS)
    await jobs.push_begun(site.database)
    assert await asked(site) == ["0001"]
    site.clock.advance(DAY_MS)
    await jobs.push_begun(site.database)
    await jobs.push_begun(site.database)
    assert await asked(site) == ["0001", "0002"]


async def test_an_assignment_that_begins_is_pushed(site: Site) -> None:
    await site.online(FIRST)
    async with site.database.unit() as uow:
        other = await service.create_tariff(uow, operator_id=1, name="另一个")
        site.tariff_id = other
        await site.write_version(uow)
        await service.assign(
            uow,
            NewAssignment(station_id=site.station_id, tariff_id=other, effective_from_ms=uow.now_ms + DAY_MS),
        )
    await jobs.push_begun(site.database)
    site.clock.advance(DAY_MS)
    await jobs.push_begun(site.database)
    assert await asked(site) == ["0001", "0002"]


async def asked(site: Site) -> list[str]:
    """Wire numbers of the pushes the first charge point was sent, by the command log."""
    table = stations_sql.device_commands
    async with site.database.read() as connection:
        rows = await connection.execute(select(table.c.body).order_by(table.c.at_ms))
        return [str(row.body).split('"tariff_no":"')[1][:4] for row in rows]


async def test_silence_is_tried_again_and_offline_is_not(site: Site) -> None:
    await site.online(FIRST)
    await site.ended(CommandOutcome.UNANSWERED)
    await jobs.retry(site.database)
    assert len(await asked(site)) == 1
    site.clock.advance(301_000)
    await jobs.retry(site.database)
    assert len(await asked(site)) == 2
    async with site.database.unit() as uow:
        await stations_sql.set_charge_point(uow, FIRST, online=False)
    site.clock.advance(301_000)
    await jobs.retry(site.database)
    assert len(await asked(site)) == 2
    assert (await site.states())[FIRST] is PushState.OFFLINE


async def test_a_station_without_a_tariff_is_told_so(site: Site) -> None:
    async with site.database.unit() as uow:
        bare = await service_assets.create_station(uow, 1, NewStation(name="空站"))
    with pytest.raises(ChargeCloudError) as refused:
        async with site.database.unit() as uow:
            await service.push_station(uow, bare.id, requested_by="staff:1")
    assert refused.value.code == "no_tariff"


async def test_a_wire_number_that_comes_round_leaves_the_expired_version(site: Site) -> None:
    """Numbers go round; an expired version gives its number up, an active one does not."""
    async with site.database.unit() as uow:
        for days in range(1, 4):
            await site.write_version(uow, uow.now_ms + days * DAY_MS)
    site.clock.advance(2 * DAY_MS)
    async with site.database.unit() as uow:
        newest = sql.versions.c.tariff_no == "0004"
        renumbered = sql.versions.update().where(newest).values(tariff_no="9999", live_no="9999")
        await uow.connection.execute(renumbered)
        assert await site.write_version(uow, uow.now_ms + 5 * DAY_MS) == "0001"
        assert await site.write_version(uow, uow.now_ms + 6 * DAY_MS) == "0002"
        assert await site.write_version(uow, uow.now_ms + 7 * DAY_MS) == "0004"
        live = select(sql.versions.c.version_no, sql.versions.c.live_no).order_by(sql.versions.c.version_no)
        rows = (await uow.connection.execute(live)).all()
    assert [row.live_no for row in rows] == [None, None, "0003", "9999", "0001", "0002", "0004"]
