"""Commands that are one exchange: their words, their pace, their end."""

from __future__ import annotations

import json

import pytest

from chargecloud.device.commands import (
    DeviceCommand,
    Locate,
    MoveServer,
    ReadSample,
    Reboot,
    SetQrPrefix,
    VendorCommand,
)
from chargecloud.device.events import CommandOutcome, WireFaulted
from chargecloud.protocols.dny.frames import answers, commands, uplinks
from chargecloud.protocols.dny.scripts import SCRIPTS
from chargecloud.testing.harness import Harness
from tests.support import dny
from tests.support.dny_harness import admitted, expiry, said

HOST_HEARTBEAT = dny.up(uplinks.HostTimeSync(), physical_id=dny.HOST_ID)


def ask(harness: Harness, kind: type[DeviceCommand], **fields: object) -> str:
    command_id = f"{kind.__name__} {len(harness.events)}"
    base = {"command_id": command_id, "charge_point_code": dny.CODE, "expires_at_ms": expiry(harness)}
    harness.submit(kind(**(base | fields)))  # type: ignore[arg-type]
    return command_id


def end(harness: Harness, command_id: str) -> tuple[CommandOutcome, str]:
    (ended,) = harness.ends(command_id)
    return ended.outcome, ended.reason


def test_a_location_is_done_or_refused() -> None:
    harness = admitted()
    for result, expected in ((0, (CommandOutcome.DONE, "")), (1, (CommandOutcome.REFUSED, "code_1"))):
        command_id = ask(harness, Locate, duration_s=10)
        assert said(harness) == [commands.Locate(locate_s=10)]
        harness.receive(dny.up(answers.LocateReply(result=result), message_id=1 + result))
        assert end(harness, command_id) == expected
        harness.pass_time(1.0)


def test_commands_keep_half_a_second_and_a_common_line_a_tenth() -> None:
    harness = admitted(dny.PHYSICAL_ID, dny.OTHER_ID)
    ask(harness, Locate, duration_s=1)
    ask(harness, VendorCommand, name="set_mute", values={"mute": 1})
    ask(harness, ReadSample, connector_no=1)
    harness.submit(
        Locate(command_id="other", charge_point_code=dny.OTHER_CODE, expires_at_ms=expiry(harness), duration_s=2)
    )
    times = []
    for _ in range(30):
        times += [(round(harness.now, 2), raw[11], raw[5]) for raw in harness.take_sent()]
        harness.pass_time(0.05)
    assert [(at, code) for at, code, board in times if board == dny.PHYSICAL_ID & 0xFF] == [
        (1.0, 0x96), (1.5, 0x97), (2.0, 0x81),
    ]  # fmt: skip
    assert [at for at, _, board in times if board == dny.OTHER_ID & 0xFF] == [1.1]


def test_an_answer_to_a_heartbeat_goes_at_once_and_a_command_waits_for_its_gap() -> None:
    harness = admitted()
    ask(harness, Locate, duration_s=1)
    harness.receive(dny.heartbeat())
    assert dny.downs(harness.take_sent()) == [0x96, 0x21]
    ask(harness, VendorCommand, name="set_mute", values={"mute": 1})
    assert harness.take_sent() == []
    harness.pass_time(0.5)
    assert dny.downs(harness.take_sent()) == [0x97]


@pytest.mark.parametrize(
    "frame", [dny.heartbeat(), dny.register(), dny.progress(""), dny.legacy_heartbeat()], ids=["21", "20", "06", "01"]
)
def test_a_sample_is_whatever_the_board_says_next(frame: bytes) -> None:
    harness = admitted()
    command_id = ask(harness, ReadSample, connector_no=1)
    assert said(harness) == [commands.QueryStatus()]
    harness.receive(frame)
    assert end(harness, command_id)[0] is CommandOutcome.DONE


def test_a_restart_waits_for_nobody_so_it_is_refused_while_somebody_charges() -> None:
    harness = admitted()
    assert end(harness, ask(harness, Reboot, when_idle=True)) == (CommandOutcome.REFUSED, "state_unknown")
    harness.receive(dny.heartbeat(states=b"\x00\x05"))
    assert end(harness, ask(harness, Reboot, when_idle=True)) == (CommandOutcome.REFUSED, "charging")
    harness.receive(dny.heartbeat(states=b"\x00\x03"))
    harness.pass_time(1.0)
    harness.take_sent()
    ask(harness, Reboot, when_idle=True)
    assert said(harness) == [commands.Reboot()]


def test_a_restart_at_once() -> None:
    harness = admitted()
    command_id = ask(harness, Reboot, when_idle=False)
    assert said(harness) == [commands.Reboot()]
    harness.receive(dny.up(answers.RebootReply(result=0), message_id=1))
    assert end(harness, command_id)[0] is CommandOutcome.DONE


def test_the_qr_address() -> None:
    harness = admitted()
    ask(harness, SetQrPrefix, prefix="https://127.0.0.1/q", with_connector=True)
    (frame,) = said(harness)
    assert frame == commands.SetQrUrl(main_screen=1, reserved=bytes(3), url=b"https://127.0.0.1/q")
    assert len(frame.pack()) == 76


@pytest.mark.parametrize(
    ("kind", "fields", "what"),
    [
        (SetQrPrefix, {"prefix": "x" * 72, "with_connector": True}, "72 characters, room for 71"),
        (SetQrPrefix, {"prefix": "码", "with_connector": True}, "not plain ASCII"),
        (SetQrPrefix, {"prefix": "https://127.0.0.1", "with_connector": False}, "always puts the connector"),
        (Locate, {"duration_s": 0}, "0 s is not within 1…255"),
        (Locate, {"duration_s": 256}, "256 s"),
        (MoveServer, {"host": "", "port": 1, "network_type": 3}, "host ''"),
        (MoveServer, {"host": "h" * 46, "port": 1, "network_type": 3}, "46 characters, room for 45"),
        (MoveServer, {"host": "h", "port": 0, "network_type": 3}, "port 0"),
        (MoveServer, {"host": "h", "port": 1, "network_type": 300}, "module_type"),
    ],
)
def test_what_does_not_fit_is_named(kind: type[DeviceCommand], fields: dict[str, object], what: str) -> None:
    harness = admitted()
    outcome, reason = end(harness, ask(harness, kind, **fields))
    assert outcome is CommandOutcome.REFUSED and what in reason
    assert harness.take_sent() == []


def test_a_server_change_goes_to_the_host_and_its_answer_comes_from_there() -> None:
    harness = admitted(dny.PHYSICAL_ID, dny.OTHER_ID)
    harness.receive(HOST_HEARTBEAT)
    harness.pass_time(1.0)
    harness.take_sent()
    command_id = ask(harness, MoveServer, host="baidu.com", port=8888, network_type=3)
    (raw,) = harness.take_sent()
    assert int.from_bytes(raw[5:9], "little") == dny.HOST_ID
    assert raw[12:-2].hex() == "b822" + "0301" + b"baidu.com".ljust(46, b"\0").hex(), "as in the vendor's example"
    harness.receive(dny.up(answers.SetServerAddressReply(result=0), physical_id=dny.HOST_ID, message_id=1))
    assert end(harness, command_id)[0] is CommandOutcome.DONE


def test_a_host_gets_its_own_pause_whoever_asks_through_which_board() -> None:
    harness = admitted(dny.PHYSICAL_ID, dny.OTHER_ID)
    harness.receive(HOST_HEARTBEAT)
    harness.pass_time(1.0)
    harness.take_sent()
    for code in (dny.CODE, dny.OTHER_CODE):
        name = f"v {code}"
        harness.submit(
            VendorCommand(
                command_id=name, charge_point_code=code, expires_at_ms=expiry(harness), name="modem_reboot", values={}
            )
        )
    assert dny.downs(harness.take_sent()) == [0x32]
    harness.receive(dny.up(answers.ModemRebootReply(result=0), physical_id=dny.HOST_ID, message_id=1))
    harness.pass_time(0.4)
    assert harness.take_sent() == []
    harness.pass_time(0.2)
    assert dny.downs(harness.take_sent()) == [0x32]
    harness.abandon()
    assert [end.outcome for code in (dny.CODE, dny.OTHER_CODE) for end in harness.ends(f"v {code}")] == [
        CommandOutcome.DONE, CommandOutcome.UNANSWERED,
    ]  # fmt: skip


def test_a_host_that_turns_out_to_be_a_board_or_another_box_takes_nothing_along_unended() -> None:
    harness = admitted()
    harness.receive(HOST_HEARTBEAT)
    first = ask(harness, MoveServer, host="127.0.0.1", port=7054, network_type=3)
    harness.receive(dny.register(physical_id=dny.HOST_ID))
    harness.receive(dny.up(uplinks.HostTimeSync(), physical_id=dny.OTHER_ID))
    second = ask(harness, MoveServer, host="127.0.0.1", port=7054, network_type=3)
    harness.receive(dny.up(uplinks.HostTimeSync(), physical_id=0x09000001))
    ask(harness, MoveServer, host="127.0.0.1", port=7054, network_type=3)
    assert end(harness, second) == (CommandOutcome.UNANSWERED, "host_changed")
    harness.pass_time(31.0)
    assert end(harness, first)[0] is CommandOutcome.UNANSWERED


def test_a_combined_host_is_asked_under_its_boards_id() -> None:
    harness = admitted()
    ask(harness, MoveServer, host="127.0.0.1", port=7054, network_type=3)
    (raw,) = harness.take_sent()
    assert int.from_bytes(raw[5:9], "little") == dny.PHYSICAL_ID
    harness.receive(dny.up(answers.SetServerAddressReply(result=0), physical_id=dny.HOST_ID, message_id=99))
    harness.pass_time(0.0)
    assert [event.counts for event in harness.told(WireFaulted)] == [{"unmatched": 1}]


def test_an_answer_brings_its_bytes() -> None:
    harness = admitted()
    command_id = ask(harness, VendorCommand, name="eeprom_read", values={"address": 16, "data_length": 2})
    harness.receive(dny.up(answers.EepromReadReply(result=0, data=b"\xab\xcd"), message_id=1))
    (ended,) = harness.ends(command_id)
    assert json.loads(ended.detail) == {"data": "ABCD"}


def test_every_script_repeats_once_under_the_same_number() -> None:
    for script in SCRIPTS.values():
        assert (script.attempts, script.same_number) == (2, True)
