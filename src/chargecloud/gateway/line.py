"""What a line of several charge points says: each event goes to whom it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING, cast

from chargecloud.device.commands import AnswerBoot
from chargecloud.device.contract import LineConnection
from chargecloud.device.events import Booted, CommandEnded, CommandOutcome, DeviceEvent, FellSilent
from chargecloud.device.unitlog import UnitLog
from chargecloud.gateway.berth import Berth
from chargecloud.gateway.link import Link, LinkState

if TYPE_CHECKING:
    from chargecloud.gateway.switchboard import Switchboard


def spread(
    board: Switchboard, link: Link, events: Sequence[DeviceEvent], now: float, wall_ms: int, *, heard: bool
) -> Sequence[DeviceEvent]:
    """Hand the events of a line's other charge points to their berths; gives back those of its first.

    `heard` is false for what time or a command brought: that is no sign of life.
    """
    own: list[DeviceEvent] = []
    for event in events:
        if event.charge_point_code == link.code:
            own.append(event)
            continue
        if isinstance(event, CommandEnded) and not event.command_id:
            continue  # the gateway's own question
        berth = _berth_of(board, link, event)
        if berth is not None and berth.state is LinkState.ONLINE:
            _online(board, berth, event, wall_ms, heard=heard)
        elif isinstance(event, CommandEnded):
            board.publish(event.charge_point_code, (event,), wall_ms)
        elif berth is not None:
            board.door.heard(berth, (event,), now, wall_ms)
        else:
            board.counts["unadmitted_events"] += 1
    return own


def by_charge_point(link: Link, frames: UnitLog) -> Iterable[tuple[str, UnitLog]]:
    """Frames of a line by whose they are; the line's own, and those of strangers, under the empty code."""
    connection = cast(LineConnection, link.connection)
    berths = link.berths if link.berths is not None else {}
    shares: dict[str, UnitLog] = {}
    items = iter(frames)
    for stamp, raw in zip(items, items, strict=True):
        code = connection.charge_point_of(raw) if isinstance(raw, bytes) else ""
        shares.setdefault(code if code in berths else "", []).extend((stamp, raw))
    return shares.items()


def _berth_of(board: Switchboard, link: Link, event: DeviceEvent) -> Link | None:
    """The berth of whom an event is about; an introduction gets a new one."""
    berths = link.berths if link.berths is not None else {}
    berth = berths.get(event.charge_point_code)
    if berth is not None and berth.state is LinkState.ONLINE and type(event) is Booted:
        berth.drop("introduced_again")
        berth = None
    if berth is None and type(event) is Booted:
        berth = berths[event.charge_point_code] = Berth(link, event.charge_point_code)
        board.enter_berth(berth)
    return berth


def _online(board: Switchboard, berth: Link, event: DeviceEvent, wall_ms: int, *, heard: bool) -> None:
    board.take(berth, (event,), wall_ms)
    if heard and berth.gate != inf:
        board.door.sign_of_life(berth, (event,))
    if type(event) is FellSilent:
        berth.drop("silent")
    elif _came_too_late(event):
        berth.drop("not_waiting")


def _came_too_late(event: DeviceEvent) -> bool:
    """The platform's yes found the connection tired of waiting: the charge point will introduce itself again."""
    return (
        isinstance(event, CommandEnded)
        and event.command == AnswerBoot.__name__
        and event.outcome is CommandOutcome.REFUSED
    )
