"""What stations and connectors add up to, for statistics."""

from collections import Counter
from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.stations.messages import ConnectorState
from chargecloud.features.stations.sql import charge_points, connectors, stations
from chargecloud.infra.sql.reach import Reach


async def connector_counts(connection: AsyncConnection, reach: Reach) -> dict[ConnectorState, int]:
    """How many connectors of charge points that are not turned away are in each state; retired ones in none."""
    statement = (
        select(charge_points.c.online, connectors.c.enabled, connectors.c.reported, func.count())
        .join(charge_points, charge_points.c.code == connectors.c.charge_point_code)
        .where(
            *reach.within(charge_points.c.operator_id, charge_points.c.station_id),
            charge_points.c.enabled.is_(True),
            connectors.c.retired.is_(False),
        )
        .group_by(charge_points.c.online, connectors.c.enabled, connectors.c.reported)
    )
    counts: Counter[ConnectorState] = Counter()
    for online, enabled, reported, count in await connection.execute(statement):
        state = ConnectorState(reported)
        if not enabled and state is not ConnectorState.CHARGING:
            state = ConnectorState.DISABLED
        elif not online:
            state = ConnectorState.OFFLINE
        counts[state] += count
    return {state: counts[state] for state in ConnectorState}


async def own_stations(connection: AsyncConnection, operator_id: int, station_ids: Collection[int]) -> set[int]:
    """Which of these are an operator's stations."""
    statement = select(stations.c.id).where(stations.c.operator_id == operator_id, stations.c.id.in_(station_ids))
    return set((await connection.execute(statement)).scalars())


async def station_names(connection: AsyncConnection, reach: Reach) -> dict[int, str]:
    """The names of the stations within reach by id."""
    own = reach.within(stations.c.operator_id, stations.c.id)
    statement = select(stations.c.id, stations.c.name).where(*own)
    return {row.id: row.name for row in await connection.execute(statement)}
