"""What a charge point answers bears the id of the request that led to it."""

import pytest
from structlog.testing import capture_logs

from chargecloud.device.commands import Reboot
from chargecloud.device.events import Beat, CommandEnded, CommandOutcome, DeviceEvent, StartAnswered, StartRefusal
from chargecloud.gateway import traces as module
from chargecloud.gateway.traces import Traces
from chargecloud.kernel.message import Envelope
from chargecloud.testing.commands import start
from tests.unit.gateway.fake import NEVER_MS, house

CODE = "32010600019236"
SESSION = "3" * 32


def ended(command_id: str) -> CommandEnded:
    return CommandEnded(
        charge_point_code=CODE, command_id=command_id, command="Reboot", outcome=CommandOutcome.DONE, reason=""
    )


def answered(command_id: str, session_no: str) -> StartAnswered:
    return StartAnswered(
        charge_point_code=CODE,
        command_id=command_id,
        connector_no=1,
        session_no=session_no,
        accepted=True,
        refusal=StartRefusal.NONE,
        refusal_raw=0,
    )


def reboot(command_id: str) -> Reboot:
    return Reboot(command_id=command_id, charge_point_code=CODE, expires_at_ms=NEVER_MS)


def test_the_end_of_a_command_bears_its_trace_once() -> None:
    traces = Traces()
    traces.command(reboot("c1"), "trace-1")
    traces.command(reboot("c2"), "")
    told: list[tuple[DeviceEvent, str]] = [(ended("c1"), "trace-1"), (ended("c1"), ""), (ended("c2"), "")]
    beat = Beat(charge_point_code=CODE, connector_no=1, faulted=False)
    for event, trace_id in [*told, (beat, "")]:
        assert traces.envelope(CODE, event, 7) == Envelope(CODE, event, 7, trace_id=trace_id)


def test_what_a_start_leads_to_bears_its_trace_whether_it_names_the_command_or_the_session() -> None:
    asked = start(CODE, NEVER_MS)
    traces = Traces()
    traces.command(asked, "trace-1")
    for event in (answered(asked.command_id, ""), answered("", asked.session_no)):
        assert traces.envelope(CODE, event, 0).trace_id == "trace-1"
    assert traces.envelope(CODE, answered("", SESSION), 0).trace_id == ""


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    traces = Traces()
    for number in range(3):
        traces.command(reboot(f"c{number}"), f"trace-{number}")
    assert [traces.envelope(CODE, ended(f"c{number}"), 0).trace_id for number in range(3)] == ["", "trace-1", "trace-2"]


async def test_a_command_from_a_request_is_followed_through_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as home:
        link, _ = await home.log_in(CODE, "10.0.0.1")
        envelope = Envelope(CODE, reboot("c1"), home.clock.now_ms(), trace_id="trace-1", expires_at_ms=NEVER_MS)
        told: list[Envelope] = []
        monkeypatch.setattr(home.gateway._board, "publish_one", told.append)
        with capture_logs() as lines:
            await home.bus.send("g1", envelope)
            await home.settle()
            link.data_received(b"done\n")
        assert [(each.body.command_id, each.trace_id) for each in told if isinstance(each.body, CommandEnded)] == [
            ("c1", "trace-1")
        ]
        assert [line["event"] for line in lines if line.get("trace_id") == "trace-1"] == [
            "gateway.command",
            "gateway.event",
        ]
