"""What stations and connectors add up to, for statistics."""

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.features.stations.messages import ConnectorState
from chargecloud.features.stations.sql import charge_points, connectors, stations


async def connector_counts(connection: AsyncConnection, operator_id: int) -> dict[ConnectorState, int]:
    """How many connectors of charge points that are not turned away are in each state."""
    statement = (
        select(charge_points.c.online, connectors.c.reported, func.count())
        .join(charge_points, charge_points.c.code == connectors.c.charge_point_code)
        .where(charge_points.c.operator_id == operator_id, charge_points.c.enabled.is_(True))
        .group_by(charge_points.c.online, connectors.c.reported)
    )
    counts: Counter[ConnectorState] = Counter()
    for online, reported, count in await connection.execute(statement):
        counts[ConnectorState(reported) if online else ConnectorState.OFFLINE] += count
    return {state: counts[state] for state in ConnectorState}


async def station_names(connection: AsyncConnection, operator_id: int) -> dict[int, str]:
    """The names of an operator's stations by id."""
    statement = select(stations.c.id, stations.c.name).where(stations.c.operator_id == operator_id)
    return {row.id: row.name for row in await connection.execute(statement)}
