"""A unit of work keeps what it is told until the commit."""

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from chargecloud.device.commands import Reboot
from chargecloud.device.events import Beat
from chargecloud.infra.sql.uow import Options, Outgoing, UnitOfWork

NOBODY = cast(AsyncConnection, None)
BEAT = Beat(charge_point_code="1", connector_no=1, faulted=False)


def test_messages_carry_the_trace_of_their_moment() -> None:
    uow = UnitOfWork(NOBODY, 7, "first")
    uow.publish(BEAT, key="1")
    uow.trace_id = "second"
    reboot = Reboot(command_id="c", charge_point_code="32", expires_at_ms=9)
    uow.command(reboot)
    assert uow.outgoing == [Outgoing("1", BEAT, 0, "first"), Outgoing("32", reboot, 9, "second")]


def test_patches_are_encoded_when_they_are_told() -> None:
    uow, patch = UnitOfWork(NOBODY, 7), {"state": "charging"}
    uow.live("session:1", patch)
    patch["state"] = "ended"
    assert uow.patches == [("session:1", b'{"state":"charging"}')]


def test_rows_gather_by_table() -> None:
    first, second = (Table(name, MetaData(), Column("x", Integer)) for name in "ab")
    uow = UnitOfWork(NOBODY, 7)
    for table, x in ((first, 1), (second, 2), (first, 3)):
        uow.append(table, {"x": x})
    assert uow.appended == {first: [{"x": 1}, {"x": 3}], second: [{"x": 2}]}


def test_enrolment_is_closed_unless_somebody_opens_it() -> None:
    assert UnitOfWork(NOBODY, 7).options.enrolment_open is False
    assert UnitOfWork(NOBODY, 7, options=Options(enrolment_open=True)).options.enrolment_open is True


def test_rows_that_are_written_last_gather_by_who_writes_them() -> None:
    async def write(_uow: UnitOfWork, _rows: Sequence[Mapping[str, object]]) -> None:
        return None

    uow = UnitOfWork(NOBODY, 7)
    uow.before_commit(write, {"x": 1})
    uow.before_commit(write, {"x": 2})
    assert uow.closing == {write: [{"x": 1}, {"x": 2}]}
