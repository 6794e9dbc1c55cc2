"""Statements that look up many stations and charge points at once."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.stations.sql import charge_points, stations
from chargecloud.infra.sql.reach import Reach

AT_ONCE = 500


async def known_codes(connection: AsyncConnection, codes: Sequence[str]) -> set[str]:
    """Which of these codes are entered, by whomever."""
    found: set[str] = set()
    for start in range(0, len(codes), AT_ONCE):
        part = select(charge_points.c.code).where(charge_points.c.code.in_(codes[start : start + AT_ONCE]))
        found.update((await connection.execute(part)).scalars())
    return found


async def station_ids(connection: AsyncConnection, reach: Reach, names: Sequence[str]) -> dict[str, int]:
    """The stations of these names within reach; the oldest where names repeat."""
    own = reach.within(stations.c.operator_id, stations.c.id)
    found: dict[str, int] = {}
    wanted = list(dict.fromkeys(names))
    for start in range(0, len(wanted), AT_ONCE):
        part = (
            select(stations.c.name, stations.c.id)
            .where(stations.c.name.in_(wanted[start : start + AT_ONCE]), *own)
            .order_by(stations.c.id.desc())
        )
        found.update({str(row[0]): int(row[1]) for row in await connection.execute(part)})
    return found
