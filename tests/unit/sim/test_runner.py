"""The runner over real sockets, against a tiny platform, on a clock that runs fast."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chargecloud.kernel.clock import SystemClock
from chargecloud.protocols.wire.schema import Frame
from chargecloud.protocols.wire.stream import StreamCutter, UnitKind
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.codec import decode, encode
from chargecloud.protocols.ykc16.framing import FRAMING
from chargecloud.sim.faults import Faults
from chargecloud.sim.options import SimOptions
from chargecloud.sim.runner import Runner, run
from chargecloud.sim.summary import SimSummary
from tests.unit.sim.bench import tariff_fields

FASTER = 30


class FastClock(SystemClock):
    def monotonic(self) -> float:
        return super().monotonic() * FASTER


@dataclass
class Platform:
    """Admits everybody, grants every card, confirms every record."""

    heard: list[Frame] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    hang_up_after: int = 0
    records_unheard: int = 0
    port: int = 0
    open: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = field(default_factory=dict)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open[writer] = asyncio.current_task()
        self.sources.add(writer.get_extra_info("peername")[0])
        with suppress(ConnectionError):  # a link that is lost while it is answered is one more fault on the way
            await self._converse(reader, writer)
        writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cutter, count = StreamCutter(FRAMING), 0
        while data := await reader.read(4_096):
            for unit in cutter.feed(data):
                decoded = decode(unit.data) if unit.kind is UnitKind.FRAME else None
                if decoded is None or decoded.frame is None:
                    continue
                self.heard.append(decoded.frame)
                for reply in self._replies(decoded.frame):
                    writer.write(encode(reply, decoded.sequence))
                count += 1
            if self.hang_up_after and count >= self.hang_up_after:
                self.hang_up_after = 0
                return

    def _replies(self, frame: Frame) -> list[Frame]:
        match frame:
            case frames.LoginRequest():
                tariff = tariff_fields() | {"pile_code": frame.pile_code}
                return [
                    frames.LoginResponse(pile_code=frame.pile_code, login_result=0),
                    frames.BillingModelSet(**tariff),
                ]
            case frames.Heartbeat():
                return [frames.HeartbeatAck(pile_code=frame.pile_code, gun_no=frame.gun_no, heartbeat_result=0)]
            case frames.BillingModelVerifyRequest():
                return [
                    frames.BillingModelVerifyResponse(
                        pile_code=frame.pile_code, billing_model_no=frame.billing_model_no, verify_result=0
                    )
                ]
            case frames.StartChargeRequest():
                trade_no = f"{frame.pile_code}{frame.gun_no}{len(self.heard):016d}"
                return [
                    frames.StartChargeResponse(
                        trade_no=trade_no,
                        pile_code=frame.pile_code,
                        gun_no=frame.gun_no,
                        logical_card_no="0" * 16,
                        account_balance=0,
                        auth_result=1,
                        auth_fail_reason=0,
                    )
                ]
            case frames.TransactionRecord() if self.records_unheard:
                self.records_unheard -= 1
            case frames.TransactionRecord():
                return [frames.TransactionRecordConfirm(trade_no=frame.trade_no, confirm_result=0)]
        return []


@asynccontextmanager
async def platform(**habits: int) -> AsyncIterator[Platform]:
    hall = Platform(**habits)
    server = await asyncio.start_server(hall.talk, "127.0.0.1", 0)
    hall.port = server.sockets[0].getsockname()[1]
    try:
        yield hall
    finally:
        server.close()
        for writer in hall.open:
            writer.close()
        await asyncio.gather(*(task for task in hall.open.values() if task))


def options(hall: Platform, **more: object) -> SimOptions:
    fields: dict[str, object] = {
        "port": hall.port,
        "count": 4,
        "temper": "standard",
        "scenario": "plug,card,charge:30s,stop,unplug",
        "repeat": 1,
        "reconnect_s": 1,
        "jitter_s": 0,
        "ramp_per_s": 1_000,
        "progress_s": 30,
        "settle_s": 30,
    }
    return SimOptions(**fields | more)  # type: ignore[arg-type]


async def play(hall: Platform, **more: object) -> tuple[SimSummary, Runner, list[str]]:
    told: list[str] = []
    runner = Runner(options(hall, **more), clock=FastClock(), tell=told.append)
    async with asyncio.timeout(30):
        return await runner.run(asyncio.Event()), runner, told


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("did not happen within 10 s")


async def test_every_scenario_ends_in_a_confirmed_record(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    async with platform() as hall:
        result, runner, told = await play(hall, sources=2, ledger=str(ledger))
    assert (result.charge_points, result.online, result.logins, result.disconnects) == (4, 4, 4, 0)
    connectors = sum(len(actor.point.connectors) for actor in runner.actors.values())
    assert result.sessions == result.records_confirmed == result.records_sent == connectors
    assert result.energy_mwh > 0
    assert (result.records_waiting, result.records_lost, result.bad_down, result.errors) == (0, 0, 0, {})
    assert hall.sources == {"127.0.0.1", "127.0.0.2"}
    records = {frame.trade_no: frame for frame in hall.heard if isinstance(frame, frames.TransactionRecord)}
    lines = [json.loads(line) for line in ledger.read_text("utf-8").splitlines()]
    confirmed = [line for line in lines if line["event"] == "confirmed"]
    assert {line["session_no"] for line in confirmed} == set(records)
    assert all(bytes.fromhex(line["record"]) == records[line["session_no"]].pack() for line in confirmed)
    assert len([line for line in lines if line["event"] == "session"]) == connectors
    assert json.loads(result.to_json())["sessions"] == connectors
    assert told and "4/4 online" in told[-1]


async def test_a_lost_connection_is_opened_again() -> None:
    async with platform(hang_up_after=3) as hall:
        result, _, _ = await play(hall, count=1, power="ac")
    assert (result.connects, result.disconnects, result.logins, result.records_confirmed) == (2, 1, 2, 1)


async def test_faults_on_the_way_do_not_keep_records_from_arriving() -> None:
    faults = {"wrong_crc": 0.1, "split": 0.5, "glue": 0.2, "garbage": 0.2, "duplicate_record": 0.5, "link_loss": 30}
    async with platform() as hall:
        result, _, _ = await play(hall, faults=Faults(**faults, offline_s=5), duration_s=300, settle_s=600)
    assert result.records_confirmed == result.sessions > 0
    assert result.records_waiting == 0


async def test_nobody_listening_is_counted_and_tried_again() -> None:
    async with platform() as hall:
        pass
    result, _, _ = await play(hall, count=2, scenario="", duration_s=20)
    assert result.errors["ConnectionRefusedError"] >= 4
    assert (result.online, result.connects) == (0, 0)


async def test_the_control_line_moves_a_charge_point_at_once() -> None:
    async with platform() as hall:
        runner = Runner(options(hall, count=1, scenario=""), clock=FastClock(), tell=lambda _: None)
        stop = asyncio.Event()
        running = asyncio.create_task(runner.run(stop))
        code = next(iter(runner.actors))
        async with asyncio.timeout(10):
            await until(lambda: runner.summary().online == 1)
            assert runner.execute(f"plug {code} 1") == {"ok": True, "done": True}
            await until(
                lambda: any(isinstance(frame, frames.RealtimeData) and frame.gun_plugged for frame in hall.heard)
            )
            stop.set()
            assert (await running).online == 1


async def test_a_half_open_link_stays_open_for_the_platform_only() -> None:
    async with platform() as hall:
        runner = Runner(options(hall, count=1, scenario="", faults=Faults()), clock=FastClock(), tell=lambda _: None)
        stop = asyncio.Event()
        running = asyncio.create_task(runner.run(stop))
        actor = next(iter(runner.actors.values()))
        async with asyncio.timeout(10):
            await until(lambda: actor.point.online)
            actor.cut_link(60, half_open=True)
            runner.execute(f"state {actor.code}")
            await until(lambda: len(hall.open) == 2 and actor.point.online)
            first = next(iter(hall.open))
            assert not first.is_closing()
            stop.set()
            result = await running
    assert (result.connects, result.disconnects, result.logins) == (2, 1, 2)


async def test_records_on_their_way_are_waited_for() -> None:
    async with platform(records_unheard=8) as hall:
        result, _, _ = await play(hall, power="ac", duration_s=95, settle_s=200, scenario="plug,card,charge:40s,stop")
    assert (result.sessions, result.records_confirmed, result.records_waiting) == (4, 4, 0)
    assert result.records_sent == 12
    assert result.confirm_ms_p50 > 50_000
    assert result.duration_s > 95


async def test_the_control_line_answers_while_the_run_goes_on() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop = asyncio.Event()
    running = asyncio.create_task(run(SimOptions(port=1, count=1, scenario="", control_port=port), stop=stop))
    async with asyncio.timeout(10):
        await asyncio.sleep(0.1)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"state\n")
        answer = json.loads(await reader.readline())
        assert [point["charge_point_code"] for point in answer["charge_points"]] == ["32010600000001"]
        stop.set()
        await running
        writer.close()


async def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    result = await run(SimOptions(port=1, count=1, scenario="", duration_s=0.3, progress_s=0.1))
    assert result.errors["ConnectionRefusedError"] == 1
    shown = capsys.readouterr()
    assert "sim 0 s: 0/1 online" in shown.err
    assert shown.out == ""
