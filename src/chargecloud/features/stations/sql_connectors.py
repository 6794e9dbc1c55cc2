"""Reads that find a connector only when something new is said of it, so that nothing is written for the rest."""

from sqlalchemy import bindparam, or_

from chargecloud.features.stations.messages import Connector, ConnectorState
from chargecloud.features.stations.sql import connector_of, connectors, select_connectors
from chargecloud.infra.sql.uow import UnitOfWork

SAID = ("reported", "plugged", "holstered", "fault_bits", "session_no")
"""What a sample says of a connector."""

_THIS = select_connectors().where(
    connectors.c.charge_point_code == bindparam("this_code"), connectors.c.connector_no == bindparam("this_number")
)
_DIFFERING = _THIS.where(
    or_(*(connectors.c[name].is_distinct_from(bindparam(name, type_=connectors.c[name].type)) for name in SAID))
)
_FAULTED = _THIS.where(connectors.c.reported == ConnectorState.FAULTED.value)
_NOT_FAULTED = _THIS.where(connectors.c.reported != ConnectorState.FAULTED.value)


async def find_differing(
    uow: UnitOfWork, charge_point_code: str, connector_no: int, said: dict[str, object]
) -> Connector | None:
    """The connector, if anything of `SAID` is something else in the database."""
    this = {"this_code": charge_point_code, "this_number": connector_no}
    row = (await uow.connection.execute(_DIFFERING, said | this)).first()
    return connector_of(row) if row else None


async def find_fault_differing(
    uow: UnitOfWork, charge_point_code: str, connector_no: int, faulted: bool
) -> Connector | None:
    """The connector, if its state says otherwise than this heartbeat about a fault."""
    this = {"this_code": charge_point_code, "this_number": connector_no}
    row = (await uow.connection.execute(_NOT_FAULTED if faulted else _FAULTED, this)).first()
    return connector_of(row) if row else None
