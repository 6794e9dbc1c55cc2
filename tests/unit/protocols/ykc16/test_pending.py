"""Lanes: one command in flight, a short queue behind it, and an end for each."""

from __future__ import annotations

import pytest

from chargecloud.device.commands import SetWorkParameters, StopCharging
from chargecloud.device.events import CommandEnded, CommandOutcome
from chargecloud.protocols.common.pending import ANSWER_LIMIT_S, QUEUE_MAX
from chargecloud.protocols.ykc16 import frames
from chargecloud.testing.commands import stop
from chargecloud.testing.harness import Harness
from tests.support import ykc
from tests.support.ykc_harness import admitted, expiry

REPLY = ykc.up(frames.WorkParamSetReply(pile_code=ykc.CODE, set_result=1))


def work(harness: Harness, number: int, *, power: int = 80, lives_ms: int = 600_000) -> SetWorkParameters:
    return SetWorkParameters(
        command_id=f"w{number}",
        charge_point_code=ykc.CODE,
        expires_at_ms=harness.wall_ms + lives_ms,
        in_service=True,
        power_limit_pct=power,
    )


def outcomes(harness: Harness) -> list[tuple[str, CommandOutcome]]:
    return [(end.command_id, end.outcome) for end in harness.told(CommandEnded) if end.command_id != "boot"]


def test_the_second_waits_for_the_first() -> None:
    harness = admitted()
    for number in range(3):
        harness.submit(work(harness, number))
    assert len(harness.take_sent()) == 1
    for _ in range(2):
        harness.receive(REPLY)
        assert len(harness.take_sent()) == 1
    harness.receive(REPLY)
    assert harness.take_sent() == []
    assert outcomes(harness) == [(f"w{number}", CommandOutcome.DONE) for number in range(3)]


def test_the_queue_is_bounded() -> None:
    harness = admitted()
    for number in range(QUEUE_MAX + 5):
        harness.submit(work(harness, number))
    refused = [end for end in harness.told(CommandEnded) if end.reason == "busy"]
    assert [end.command_id for end in refused] == [f"w{number}" for number in range(QUEUE_MAX + 1, QUEUE_MAX + 5)]


def test_an_unanswered_command_gives_way() -> None:
    harness = admitted()
    harness.submit(work(harness, 0))
    harness.submit(work(harness, 1))
    harness.take_sent()
    harness.pass_time(ANSWER_LIMIT_S - 0.1)
    assert harness.take_sent() == []
    harness.pass_time(0.2)
    assert outcomes(harness) == [("w0", CommandOutcome.UNANSWERED)]
    assert len(harness.take_sent()) == 1


def test_what_expires_in_the_queue_never_reaches_the_wire() -> None:
    harness = admitted()
    harness.submit(work(harness, 0))
    harness.submit(work(harness, 1, lives_ms=3_000))
    harness.take_sent()
    harness.pass_time(3.1)
    assert outcomes(harness) == [("w1", CommandOutcome.EXPIRED)]
    harness.receive(REPLY)
    assert harness.take_sent() == [] and outcomes(harness)[1:] == [("w0", CommandOutcome.DONE)]


def test_what_expires_at_the_moment_of_its_turn_is_not_sent() -> None:
    harness = admitted()
    harness.submit(work(harness, 0))
    harness.submit(work(harness, 1, lives_ms=5_000))
    harness.take_sent()
    harness.now += 5.0
    harness.receive(REPLY)
    assert harness.take_sent() == []
    assert outcomes(harness) == [("w0", CommandOutcome.DONE), ("w1", CommandOutcome.EXPIRED)]


def test_a_jump_of_the_wall_clock_changes_no_limit() -> None:
    harness = admitted()
    harness.submit(work(harness, 0))
    harness.submit(work(harness, 1, lives_ms=5_000))
    harness.take_sent()
    harness.connection.tick(harness.now + 1, harness.wall_ms + 3_600_000)
    assert outcomes(harness) == []
    harness.receive(REPLY)
    assert len(harness.take_sent()) == 1


def test_connectors_do_not_wait_for_each_other() -> None:
    harness = admitted()
    for connector_no in (1, 2):
        harness.submit(stop(ykc.CODE, expiry(harness), command_id=f"s{connector_no}", connector_no=connector_no))
    assert [ykc.down(raw) for raw in harness.take_sent()] == [
        frames.RemoteStop(pile_code=ykc.CODE, gun_no="01"),
        frames.RemoteStop(pile_code=ykc.CODE, gun_no="02"),
    ]


@pytest.mark.parametrize("power", [0, 29, 101, 300])
def test_a_value_the_wire_must_not_carry_ends_the_command_and_the_next_goes_on(power: int) -> None:
    harness = admitted()
    harness.submit(work(harness, 0, power=power))
    (end,) = harness.ends("w0")
    assert end.outcome is CommandOutcome.REFUSED and str(power) in end.reason
    harness.submit(work(harness, 1))
    assert len(harness.take_sent()) == 1


def test_a_bad_command_in_the_queue_does_not_block_it() -> None:
    harness = admitted()
    harness.submit(work(harness, 0))
    harness.submit(work(harness, 1, power=1))
    harness.submit(work(harness, 2))
    harness.take_sent()
    harness.receive(REPLY)
    assert len(harness.take_sent()) == 1
    assert outcomes(harness) == [("w0", CommandOutcome.DONE), ("w1", CommandOutcome.REFUSED)]


def test_a_lost_socket_ends_what_waits_and_what_is_queued() -> None:
    harness = admitted()
    for number in range(3):
        harness.submit(work(harness, number))
    harness.submit(stop(ykc.CODE, expiry(harness)))
    harness.abandon("reset")
    assert {(end.command_id, end.outcome, end.reason) for end in harness.told(CommandEnded)[1:]} == {
        (name, CommandOutcome.UNANSWERED, "reset") for name in ("w0", "w1", "w2", "stop")
    }


def test_a_command_of_another_charge_point_is_refused() -> None:
    harness = admitted()
    harness.submit(
        StopCharging(
            command_id="x",
            charge_point_code=ykc.OTHER_CODE,
            expires_at_ms=expiry(harness),
            connector_no=1,
            session_no="",
        )
    )
    assert [(end.outcome, end.reason) for end in harness.ends("x")] == [(CommandOutcome.REFUSED, "wrong_charge_point")]
    assert harness.take_sent() == []
