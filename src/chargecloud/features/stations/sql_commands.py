"""The log of what charge points were asked, and how it ended."""

from sqlalchemy import bindparam, delete, insert, select, update

from chargecloud.device.commands import DeviceCommand
from chargecloud.device.events import CommandEnded, CommandOutcome
from chargecloud.features.stations.sql import device_commands
from chargecloud.infra.sql.uow import UnitOfWork

_ADD = insert(device_commands)
_CLOSE = update(device_commands).where(
    device_commands.c.command_id == bindparam("this_id"),
    device_commands.c.charge_point_code == bindparam("this_code"),
    device_commands.c.outcome == "",
)


async def add(uow: UnitOfWork, command: DeviceCommand, *, body: str, requested_by: str) -> None:
    """Note that a command was given out."""
    values = {
        "command_id": command.command_id,
        "charge_point_code": command.charge_point_code,
        "kind": type(command).__name__,
        "body": body,
        "requested_by": requested_by[:100],
        "at_ms": uow.now_ms,
        "expires_at_ms": command.expires_at_ms,
        "outcome": "",
        "reason": "",
        "detail": "",
        "ended_at_ms": None,
    }
    await uow.connection.execute(_ADD, values)


async def close(uow: UnitOfWork, event: CommandEnded) -> bool:
    """Note how a command ended; the first word counts. False when it is not in the log or had ended."""
    values = {
        "outcome": event.outcome.value,
        "reason": event.reason[:200],
        "detail": event.detail[:16_000],
        "ended_at_ms": uow.now_ms,
    }
    this = {"this_id": event.command_id, "this_code": event.charge_point_code}
    return (await uow.connection.execute(_CLOSE, values | this)).rowcount == 1


async def newest(uow: UnitOfWork, charge_point_code: str, kind: str) -> str | None:
    """The last command of a kind a charge point was given."""
    c = device_commands.c
    wanted = select(c.command_id).where(c.charge_point_code == charge_point_code, c.kind == kind)
    found = await uow.connection.execute(wanted.order_by(c.at_ms.desc(), c.command_id.desc()).limit(1))
    return found.scalar()


async def close_lost(uow: UnitOfWork, *, expired_before_ms: int) -> int:
    """Commands whose end can no longer come (a gateway died with them) count as unanswered; how many."""
    statement = (
        update(device_commands)
        .where(device_commands.c.outcome == "", device_commands.c.expires_at_ms < expired_before_ms)
        .values(outcome=CommandOutcome.UNANSWERED.value, reason="lost", ended_at_ms=uow.now_ms)
    )
    return (await uow.connection.execute(statement)).rowcount


async def prune(uow: UnitOfWork, *, before_ms: int, limit: int) -> int:
    """Forget the oldest lines of the log; how many went."""
    old = (
        select(device_commands.c.command_id)
        .where(device_commands.c.at_ms < before_ms)
        .order_by(device_commands.c.at_ms)
        .limit(limit)
    )
    found = list((await uow.connection.execute(old)).scalars())
    if found:
        await uow.connection.execute(delete(device_commands).where(device_commands.c.command_id.in_(found)))
    return len(found)
