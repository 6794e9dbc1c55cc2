"""The log is one line an event, whatever strangers sent; counts are read when somebody asks."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from chargecloud.infra import telemetry
from chargecloud.infra.telemetry import MAX_TEXT, exposition, set_up_log, tame, trace_id, watch
from chargecloud.kernel.clock import ManualClock


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before, handlers, level = structlog.get_config(), logging.root.handlers[:], logging.root.level
    yield
    structlog.configure(**before)
    logging.root.handlers[:], logging.root.level = handlers, level


def test_json_lines_carry_time_level_trace_and_facts(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("info", "json", ManualClock())
    token = trace_id.set("t-1")
    log = structlog.get_logger("test")
    log.info("session.settled", session_no="32", fee_fen=1234, name="桩")
    log.debug("session.detail")
    trace_id.reset(token)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line) == {
        "event": "session.settled",
        "session_no": "32",
        "fee_fen": 1234,
        "name": "桩",
        "level": "info",
        "at": "2026-01-01T08:00:00.000+08:00",
        "trace_id": "t-1",
    }


def test_lines_of_libraries_look_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("info", "json", ManualClock())
    logging.getLogger("somebody.else").warning("careful: %s", "x\ny")
    logging.getLogger("somebody.else").info("chatter")
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert said["event"] == "careful: x�y" and said["level"] == "warning"


def test_lines_for_people_show_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("debug", "console", ManualClock())
    structlog.get_logger("test").debug("frame.bad", code="32")
    line = capsys.readouterr().err
    assert "frame.bad" in line and "code=32" in line and "2026-01-01T08:00:00" in line


def test_exceptions_are_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_log("info", "json", ManualClock())
    try:
        raise KeyError("missing")
    except KeyError:
        structlog.get_logger("test").exception("it.failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "KeyError: 'missing'" in json.loads(line)["exception"]


FORGERIES = [
    ("1.0\n2026 http.request status=200", "1.0�2026 http.request status=200"),
    ("\x1b[31mred", "�[31mred"),
    ("a\u2028b\u202ec", "a�b�c"),
    ("x" * 600, "x" * MAX_TEXT + "…"),
    ("云快充 V1.6", "云快充 V1.6"),
]


@pytest.mark.parametrize(("sent", "written"), FORGERIES)
def test_what_strangers_send_cannot_forge_a_line(sent: str, written: str) -> None:
    assert tame(None, "info", {"event": "login", "firmware": sent})["firmware"] == written


def test_counts_are_read_when_somebody_asks() -> None:
    counts = {"queued": 1, "frames": 2, "closed.lost": 3, "closed.fenced": 4}
    watch("test_part", lambda: counts, states={"queued"})
    counts["queued"] = 7
    shown = exposition().decode().splitlines()
    assert {"chargecloud_test_part_queued 7.0", "chargecloud_test_part_frames_total 2.0"} <= set(shown)
    assert 'chargecloud_test_part_closed_total{kind="lost"} 3.0' in shown
    assert 'chargecloud_test_part_closed_total{kind="fenced"} 4.0' in shown
    assert "# TYPE chargecloud_test_part_queued gauge" in shown
    watch("test_part", lambda: {"queued": 9})
    assert b"chargecloud_test_part_queued_total 9.0" in exposition()
    del telemetry._watched.parts["test_part"]


def test_the_process_is_measured() -> None:
    assert b"python_info" in exposition() and b"chargecloud_unit_seconds_bucket" in exposition()


def test_a_logger_outlives_the_stream_it_was_made_with(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stderr", first)
    set_up_log("info", "json", ManualClock())
    log = structlog.get_logger("outliving")
    log.info("one")
    first.close()
    monkeypatch.setattr("sys.stderr", second)
    log.info("two")
    assert '"event": "two"' in second.getvalue()
