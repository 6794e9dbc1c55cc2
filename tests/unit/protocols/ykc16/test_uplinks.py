"""Every frame of a charge point is taken by somebody, every command is honoured: nothing is forgotten."""

from __future__ import annotations

import pytest

from chargecloud.device.commands import (
    AnswerBalance,
    AnswerBoot,
    AnswerStart,
    ChangeLimit,
    ConfirmRecord,
    DeviceCommand,
    Locate,
    MoveServer,
    ReadParameters,
    VendorCommand,
    WriteParameters,
)
from chargecloud.protocols.wire.schema import Direction, Reply
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.codec import encode
from chargecloud.protocols.ykc16.connection import HONOURED
from chargecloud.protocols.ykc16.frames import FRAMES
from chargecloud.protocols.ykc16.scripts import SCRIPTS, TARIFF
from chargecloud.protocols.ykc16.uplinks import HANDLERS, heartbeat_ack
from chargecloud.testing.commands import ALL_COMMANDS
from tests.support import ykc
from tests.support.golden import golden_entries
from tests.support.ykc_harness import admitted

UNSUPPORTED: frozenset[type[DeviceCommand]] = frozenset(
    {AnswerBalance, ChangeLimit, Locate, MoveServer, ReadParameters, VendorCommand, WriteParameters}
)
"""Device commands this protocol has no frame for."""


def test_every_uplink_is_taken_by_a_handler() -> None:
    uplinks = {kind for kind in FRAMES.values() if kind.direction is Direction.UP}
    assert {f"0x{kind.code:02X} {kind.__name__}" for kind in uplinks - set(HANDLERS)} == set()
    assert set(HANDLERS) <= uplinks


def test_d6_directions_follow_the_chapters_not_the_type_table() -> None:
    """The table of types exchanges 0xA3 and 0xA4 and calls 0x13 offline data; charge points do neither."""
    assert frames.ParallelRemoteStartReply in HANDLERS and frames.ParallelRemoteStart not in HANDLERS
    assert frames.ParallelRemoteStart.direction is Direction.DOWN
    assert frames.RealtimeData in HANDLERS and "实时" in frames.RealtimeData.title


def test_every_device_command_is_honoured_or_listed() -> None:
    missing = {command.__name__ for command in ALL_COMMANDS} - {command.__name__ for command in HONOURED}
    assert missing == {command.__name__ for command in UNSUPPORTED}


def test_every_platform_frame_is_said_by_a_script_or_is_a_reply() -> None:
    """A command frame nobody sends would be dead weight; a lane nobody answers would never end."""
    commands = {kind.answered_by for kind in FRAMES.values() if kind.reply is Reply.AWAIT}
    lanes = {script.lane for script in SCRIPTS.values()} | {TARIFF.lane}
    assert commands - lanes == {frames.ParallelRemoteStartReply.code}, "0xA4 shares the lane of 0x34"
    assert lanes <= commands
    assert {AnswerBoot, AnswerStart, ConfirmRecord} <= HONOURED


def test_every_uplink_keeps_its_reply_policy() -> None:
    """At once when the connection answers by itself; ASK and AFTER_COMMIT wait, the rest is only told."""
    seen: dict[int, Reply] = {}
    for name, entry in golden_entries("ykc16"):
        kind = FRAMES.get(bytes.fromhex(entry["hex"])[5])
        if kind not in HANDLERS or entry["expect"] != "decode":
            continue
        harness = admitted(code=entry["fields"]["pile_code"])
        harness.receive(bytes.fromhex(entry["hex"]))
        at_once = bool(harness.take_sent())
        assert at_once == (kind.reply is Reply.AUTO or kind is frames.LoginRequest), name
        seen[kind.code] = kind.reply
    assert {code for code, reply in seen.items() if reply is Reply.AUTO} == {0x03}
    assert {code for code, reply in seen.items() if reply in (Reply.ASK, Reply.AFTER_COMMIT)} == {
        code for code, kind in FRAMES.items() if kind.reply in (Reply.ASK, Reply.AFTER_COMMIT)
    }


@pytest.mark.parametrize("gun", ["01", "02", "0A", "99"])
def test_the_patched_heartbeat_answer_is_the_encoded_one(gun: str) -> None:
    raw = ykc.heartbeat(gun=gun, sequence=0x1FE)
    frame = frames.HeartbeatAck(pile_code=ykc.CODE, gun_no=gun, heartbeat_result=0)
    assert heartbeat_ack(raw) == encode(frame, b"\xfe\x01")


def test_the_heartbeat_answer_is_the_one_the_clients_accepted() -> None:
    golden = [entry for _, entry in golden_entries("ykc16") if entry["frame_type"] == "0x04"]
    accepted = [bytes.fromhex(entry["hex"]) for entry in golden if entry["expect"] == "decode"]
    assert accepted
    for answer in accepted:
        question = answer[:4] + b"\x00\x03" + answer[6:]
        assert heartbeat_ack(question)[:-2] == answer[:-2]


def test_a_connector_above_nine_is_addressed_as_it_calls_itself() -> None:
    from chargecloud.testing.commands import stop
    from tests.support.ykc_harness import expiry

    harness = admitted()
    harness.receive(ykc.heartbeat(gun="0B"))
    harness.take_sent()
    harness.submit(stop(ykc.CODE, expiry(harness), connector_no=11))
    (raw,) = harness.take_sent()
    assert ykc.down(raw) == frames.RemoteStop(pile_code=ykc.CODE, gun_no="0B")
