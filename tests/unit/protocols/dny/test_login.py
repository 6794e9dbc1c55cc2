"""Introduction and admission of the boards of one connection."""

from __future__ import annotations

import pytest

from chargecloud.device.commands import ConfirmRecord
from chargecloud.device.events import Beat, Booted, CommandOutcome, FellSilent, PowerType, RecordUploaded
from chargecloud.protocols.dny.board import BoardState
from chargecloud.protocols.dny.connection import Connection
from chargecloud.protocols.dny.conversation import BOARDS_MAX
from chargecloud.protocols.dny.frames import acks, commands, uplinks
from chargecloud.protocols.dny.login import BOARD_SILENCE_S, BOOT_LIMIT_S, REFUSED_S
from chargecloud.testing.commands import start
from chargecloud.testing.harness import Harness
from tests.support import dny
from tests.support.dny_harness import admitted, connected, said, verdict


def boots(harness: Harness) -> list[str]:
    return [event.charge_point_code for event in harness.told(Booted)]


def test_a_registration_introduces_with_the_card_of_the_modem() -> None:
    harness = connected()
    harness.receive(dny.ICCID + dny.register(ports=10, firmware=640))
    (boot,) = harness.told(Booted)
    assert (boot.charge_point_code, boot.protocol, boot.power_type) == (dny.CODE, "dny", PowerType.AC)
    assert (boot.connector_count, boot.firmware_version) == (10, "6.40")
    assert boot.sim_iccid == "898604D9162390488297"


def test_admission_answers_the_registration_under_its_id() -> None:
    harness = connected()
    harness.receive(dny.register(message_id=0x1BB))
    assert harness.sent == []
    harness.submit(verdict(harness))
    assert dny.message_ids(harness.sent) == [0x1BB] and said(harness) == [acks.RegisterAck(result=0)]


def test_the_last_repetition_is_the_one_answered() -> None:
    harness = connected()
    for message_id in (7, 8, 9):
        harness.receive(dny.register(message_id=message_id))
    harness.submit(verdict(harness))
    assert dny.message_ids(harness.take_sent()) == [9] and boots(harness) == [dny.CODE]


def test_a_board_that_speaks_without_registering_is_asked_to() -> None:
    """After a reconnect of the modem the boards know nothing of it and go on as before."""
    harness = connected()
    harness.receive(dny.progress(dny.ORDER.hex()) + dny.heartbeat() + dny.progress(""))
    assert said(harness) == [commands.QueryStatus()] and boots(harness) == []
    harness.receive(dny.register())
    assert boots(harness) == [dny.CODE]


def test_a_board_that_will_not_register_is_introduced_by_its_heartbeat() -> None:
    harness = connected()
    harness.receive(dny.heartbeat())
    harness.now = 3.0
    harness.receive(dny.heartbeat())
    assert boots(harness) == []
    harness.now = 180.0
    harness.receive(dny.heartbeat(states=b"\x00" * 12, message_id=77))
    (boot,) = harness.told(Booted)
    assert (boot.connector_count, boot.firmware_version) == (12, "")
    harness.take_sent()
    harness.submit(verdict(harness))
    assert dny.message_ids(harness.sent) == [77] and said(harness) == [acks.HeartbeatAck(result=0)]


def test_a_board_introduced_by_its_heartbeat_is_asked_for_its_registration_before_it_is_started() -> None:
    """Its heartbeat does not say which form of a start it understands: two starts would be lost on finding out."""
    harness = connected()
    harness.receive(dny.heartbeat())
    harness.now = 180.0
    harness.receive(dny.heartbeat())
    harness.submit(verdict(harness))
    harness.take_sent()
    harness.pass_time(1.0)
    assert said(harness) == [commands.QueryStatus()]
    for _ in range(8):
        harness.pass_time(100.0)
        harness.receive(dny.heartbeat())
    assert commands.QueryStatus() in said(harness), "it may not have heard"
    harness.receive(dny.register())
    for _ in range(16):
        harness.pass_time(100.0)
        harness.receive(dny.heartbeat())
    assert commands.QueryStatus() not in said(harness)
    harness.pass_time(1.0)
    harness.submit(start(dny.CODE, harness.wall_ms + 30_000))
    (control,) = said(harness)
    assert len(control.pack()) == 37, "the built-in profile of that product"


def test_a_legacy_heartbeat_introduces_and_stays_unanswered() -> None:
    harness = connected()
    harness.receive(dny.legacy_heartbeat())
    (boot,) = harness.told(Booted)
    assert (boot.connector_count, boot.firmware_version) == (2, "6.40")
    harness.submit(verdict(harness))
    assert harness.take_sent() == []


def test_a_heartbeat_meanwhile_does_not_lose_the_registration_its_answer() -> None:
    harness = connected()
    harness.receive(dny.register(message_id=9) + dny.heartbeat(message_id=10))
    harness.submit(verdict(harness))
    assert dny.message_ids(harness.take_sent()) == [9]


def test_the_time_is_told_to_anybody() -> None:
    harness = connected()
    harness.receive(dny.up(uplinks.TimeSync(), message_id=5))
    assert dny.message_ids(harness.sent) == [5]
    assert said(harness) == [acks.TimeAnswer(timestamp=harness.wall_ms // 1000)]


def test_an_early_settlement_is_told_at_once_and_again_when_it_can_be_answered() -> None:
    """The board would send it again only after half an hour."""
    harness = connected()
    harness.receive(dny.settlement() + dny.register() + dny.settlement(message_id=8))
    assert len(harness.told(RecordUploaded)) == 1, "none of a board that is not known yet"
    confirm = ConfirmRecord(
        command_id="c",
        charge_point_code=dny.CODE,
        expires_at_ms=harness.wall_ms + 60_000,
        connector_no=1,
        session_no=dny.ORDER.hex().upper(),
    )
    harness.submit(confirm)
    assert harness.ends("c")[0].outcome is CommandOutcome.OFFLINE
    harness.submit(verdict(harness))
    assert len(harness.told(RecordUploaded)) == 2
    harness.take_sent()
    harness.submit(confirm)
    assert dny.message_ids(harness.take_sent()) == [8]


def test_other_boards_wait_until_the_first_is_admitted() -> None:
    harness = connected()
    harness.receive(dny.register() + dny.register(physical_id=dny.OTHER_ID))
    assert boots(harness) == [dny.CODE]
    harness.submit(verdict(harness))
    assert boots(harness) == [dny.CODE, dny.OTHER_CODE]
    harness.submit(verdict(harness, dny.OTHER_CODE))
    connection = harness.connection
    assert isinstance(connection, Connection)
    assert connection.charge_point_code == dny.CODE
    assert connection.charge_point_codes == (dny.CODE, dny.OTHER_CODE)


def test_a_refused_board_does_not_take_its_neighbours_with_it() -> None:
    harness = admitted()
    harness.receive(dny.register(physical_id=dny.OTHER_ID))
    harness.submit(verdict(harness, dny.OTHER_CODE, accepted=False))
    assert said(harness) == [acks.RegisterAck(result=1)] and not harness.connection.closing
    harness.receive(dny.heartbeat(physical_id=dny.OTHER_ID) + dny.register(physical_id=dny.OTHER_ID))
    assert harness.told(Beat) == [] and boots(harness) == [dny.OTHER_CODE]
    for _ in range(int(REFUSED_S // 30) + 1):
        harness.pass_time(30.0)
        harness.receive(dny.heartbeat())
    harness.receive(dny.register(physical_id=dny.OTHER_ID))
    assert boots(harness) == [dny.OTHER_CODE, dny.OTHER_CODE]


def test_a_board_the_platform_says_nothing_about_is_turned_away_alone() -> None:
    harness = admitted()
    harness.receive(dny.register(physical_id=dny.OTHER_ID))
    harness.pass_time(BOOT_LIMIT_S + 1)
    assert said(harness) == [acks.RegisterAck(result=1)] and not harness.connection.closing


def test_a_verdict_nobody_waits_for() -> None:
    harness = admitted()
    harness.submit(verdict(harness, command_id="again"))
    harness.submit(verdict(harness, dny.OTHER_CODE, command_id="stranger"))
    ends = [end.outcome for end in (*harness.ends("again"), *harness.ends("stranger"))]
    assert ends == [CommandOutcome.REFUSED] * 2


@pytest.mark.parametrize("device_no", [10_011_001, 12_000_000, 13_000_001])
def test_a_board_with_a_broken_memory_is_never_bound(device_no: int) -> None:
    harness = admitted()
    broken = 0x04 << 24 | device_no
    harness.receive(dny.register(physical_id=broken) + dny.settlement(physical_id=broken))
    harness.receive(dny.up(uplinks.TimeSync(), physical_id=broken))
    assert harness.take_sent() == []
    assert boots(harness) == [] and harness.told(RecordUploaded) == []


def test_a_silent_board_is_given_up_while_the_modem_lives() -> None:
    harness = admitted(dny.PHYSICAL_ID, dny.OTHER_ID)
    for _ in range(int(BOARD_SILENCE_S // 30) + 1):
        harness.receive(b"link" + dny.heartbeat(physical_id=dny.OTHER_ID))
        harness.pass_time(30.0)
    assert [event.charge_point_code for event in harness.told(FellSilent)] == [dny.CODE]
    assert harness.connection.charge_point_codes == (dny.OTHER_CODE,)  # type: ignore[attr-defined]
    harness.receive(dny.register())
    assert boots(harness) == [dny.CODE], "it introduces itself anew"


def test_strangers_make_room_for_each_other() -> None:
    harness = admitted()
    for number in range(2 * BOARDS_MAX):
        harness.receive(dny.progress("", physical_id=0x05000000 + number))
    connection = harness.connection
    assert isinstance(connection, Connection)
    assert len(connection.boards) == BOARDS_MAX and connection.charge_point_codes == (dny.CODE,)
    assert 0x05000000 + 2 * BOARDS_MAX - 1 in connection.boards


def test_more_boards_than_a_host_can_poll_are_noise() -> None:
    harness = connected()
    for number in range(BOARDS_MAX + 5):
        harness.receive(dny.register(physical_id=0x05000000 + number))
        if not number:
            harness.submit(verdict(harness, "05000000"))
    connection = harness.connection
    assert isinstance(connection, Connection) and len(connection.boards) == BOARDS_MAX
    assert all(board.state is not BoardState.SEEN for board in connection.boards.values())
