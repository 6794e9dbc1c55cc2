"""What the contract suite does not say about the template's conversation."""

from __future__ import annotations

from chargecloud.device.commands import ReadSample
from chargecloud.device.events import CommandOutcome, RecordUploaded
from chargecloud.protocols._template.connection import UPLOADS_MAX, Connection
from chargecloud.testing.harness import Harness, admit

CODE = "32010600019236"


def admitted() -> Harness:
    harness = Harness(Connection(0.0))
    admit(harness, f"BOOT {CODE} 2 V1\n".encode(), CODE)
    harness.take_sent()
    return harness


def test_a_sample_answers_a_look() -> None:
    harness = admitted()
    command = ReadSample(command_id="look", charge_point_code=CODE, expires_at_ms=harness.wall_ms + 1, connector_no=2)
    harness.submit(command)
    assert harness.take_sent() == [b"LOOK 2\n"]
    harness.receive(b"METER 1 - 2 0 0\n")
    assert harness.ends("look") == []
    harness.receive(b"METER 2 - 2 0 0\n")
    assert [end.outcome for end in harness.ends("look")] == [CommandOutcome.DONE]


def test_another_code_cannot_take_over() -> None:
    harness = admitted()
    assert harness.receive(b"BOOT 99999999999999 2 V1\n") == []
    assert harness.take_sent() == [] and harness.connection.charge_point_code == CODE


def test_records_that_wait_are_bounded() -> None:
    harness = admitted()
    for number in range(UPLOADS_MAX + 10):
        harness.receive(f"RECORD 1 s{number} 1 1\n".encode())
    assert len(harness.told(RecordUploaded)) == UPLOADS_MAX + 10
    assert len(harness.connection._uploads) == UPLOADS_MAX  # type: ignore[attr-defined]
