"""Reads that find a connector only when something new is said of it, so that nothing is written for the rest."""

from sqlalchemy import ColumnElement, and_, or_

from chargecloud.features.stations.messages import Connector, ConnectorState
from chargecloud.features.stations.sql import connector_of, connectors, select_connectors
from chargecloud.infra.sql.uow import UnitOfWork


async def find_differing(
    uow: UnitOfWork, charge_point_code: str, connector_no: int, values: dict[str, object]
) -> Connector | None:
    """The connector, if any of these columns holds something else."""
    differs = or_(*(connectors.c[name].is_distinct_from(value) for name, value in values.items()))
    return await _find(uow, charge_point_code, connector_no, differs)


async def find_fault_differing(
    uow: UnitOfWork, charge_point_code: str, connector_no: int, faulted: bool
) -> Connector | None:
    """The connector, if its state says otherwise than this heartbeat about a fault."""
    stored = connectors.c.reported == ConnectorState.FAULTED.value
    return await _find(uow, charge_point_code, connector_no, ~stored if faulted else stored)


async def _find(
    uow: UnitOfWork, charge_point_code: str, connector_no: int, condition: ColumnElement[bool]
) -> Connector | None:
    statement = select_connectors().where(
        and_(connectors.c.charge_point_code == charge_point_code, connectors.c.connector_no == connector_no, condition)
    )
    row = (await uow.connection.execute(statement)).first()
    return connector_of(row) if row else None
