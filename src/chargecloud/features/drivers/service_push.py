"""What is told to a driver's phone while it is connected; the transaction that says so has to be committed first.

Whoever is away misses it and finds the state at the next login (docs/drivers-socket.md).
"""

from collections.abc import Iterable, Mapping

from chargecloud.features.drivers import sql_messages
from chargecloud.infra.sql.uow import UnitOfWork
from chargecloud.kernel.clock import local_time, rfc3339


def topic(driver_id: int) -> str:
    """The live topic of a driver."""
    return f"driver:{driver_id}"


def door(driver_id: int) -> str:
    """The topic on which connections of a driver are told to end; nobody can ask for it."""
    return f"door:{driver_id}"


def push(uow: UnitOfWork, driver_id: int, cmd: str, msg: Mapping[str, object]) -> None:
    """Send a command to every connection of a driver."""
    uow.live(topic(driver_id), {"cmd": cmd, "msg": msg})


def patch_state(uow: UnitOfWork, driver_id: int, changes: Mapping[str, object]) -> None:
    """Change the state that a driver was sent at login (JSON merge patch)."""
    uow.live(topic(driver_id), changes)


def notice(uow: UnitOfWork, driver_id: int, kind: str, facts: Mapping[str, object]) -> None:
    """Tell a driver something a person wants to know at once, such as the end of a charge.

    Where a template is configured for it, it is sent as a message of the channel as well: the app may be closed.
    """
    if kind in uow.options.message_kinds:
        sql_messages.add(uow, driver_id, kind, {"at": wall_time(uow.now_ms), **facts})
    push(uow, driver_id, "notice", {"kind": kind, "at": rfc3339(uow.now_ms), **facts})


def end_connections(uow: UnitOfWork, driver_id: int, token_ids: Iterable[int]) -> None:
    """Close what was opened with tokens that ended."""
    ended = list(token_ids)
    if ended:
        uow.live(door(driver_id), {"ended": ended})


def move_connections(uow: UnitOfWork, driver_id: int) -> None:
    """Have every connection of a driver opened anew: whose it is has changed."""
    uow.live(door(driver_id), {"moved": True})


def wall_time(at_ms: int) -> str:
    """A moment as a message shows it: 2026-01-01 08:00."""
    return f"{local_time(at_ms):%Y-%m-%d %H:%M}"
