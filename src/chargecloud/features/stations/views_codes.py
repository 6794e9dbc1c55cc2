"""Connectors by what was scanned or typed."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.stations.messages import ChargePoint, Connector
from chargecloud.features.stations.model_codes import Named, OtherForm, read_code
from chargecloud.features.stations.sql import connector_of, connectors, select_connectors, stations
from chargecloud.infra.sql.reach import EVERYWHERE, Reach
from chargecloud.kernel.errors import NotFound


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a text led to: a charge point, and the connectors it may mean."""

    named: Named
    charge_point: ChargePoint
    connectors: list[Connector]

    @property
    def connector_no(self) -> int | None:
        """The one that is meant; 0 leaves it to the charge point, None asks the driver."""
        if self.named.connector_no == 0:
            return 0
        return self.connectors[0].connector_no if len(self.connectors) == 1 else None


class StationPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a charge point stands, as drivers are told."""

    station_id: int
    name: str
    address: str
    phone: str


async def by_text(
    connection: AsyncConnection, text: str, others: Sequence[tuple[str, int]] = (), *, reach: Reach = EVERYWHERE
) -> Found:
    """What a text names; NotFound when nothing bears that name (within reach), or its screen's alias is another."""
    named = read_code(text, [OtherForm(*each) for each in others])
    statement = select_connectors().order_by(connectors.c.connector_no)
    if named.sticker:
        statement = statement.where(connectors.c.qr_code == named.sticker)
    else:
        statement = statement.where(connectors.c.charge_point_code == named.charge_point_code)
        if named.connector_no:
            statement = statement.where(connectors.c.connector_no == named.connector_no)
    found = [connector_of(row) for row in await connection.execute(statement)]
    found = [each for each in found if reach.covers(each.charge_point.operator_id, each.charge_point.station_id)]
    if not found or named.screen not in ("", found[0].charge_point.screen_alias):
        raise NotFound("二维码没有对应的充电枪", "qr_code_unknown", text=text[:200])
    return Found(named=named, charge_point=found[0].charge_point, connectors=found)


async def place_of(connection: AsyncConnection, station_id: int) -> StationPlace:
    """The station of a charge point."""
    c = stations.c
    row = (await connection.execute(select(c.id, c.name, c.address, c.phone).where(c.id == station_id))).one()
    return StationPlace(station_id=row.id, name=row.name, address=row.address, phone=row.phone)
