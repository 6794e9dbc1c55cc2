"""The truth as a file."""

import json
from pathlib import Path

from chargecloud.sim.ledger import Ledger
from chargecloud.sim.truth import SessionTruth


def test_lines_are_there_while_the_run_goes_on_and_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    entry = SessionTruth("32010600000001", 2, "0001", 5, energy_mwh=100, record=b"\x01\x02", confirmed=True)
    for _ in range(2):
        with Ledger(str(path)) as ledger:
            ledger.confirmed(entry, 0.0123)
            line = json.loads(path.read_text("utf-8").splitlines()[-1])
            assert (line["event"], line["record"], line["latency_ms"]) == ("confirmed", "0102", 12)
            ledger.ended([entry])
    assert [json.loads(line)["event"] for line in path.read_text("utf-8").splitlines()] == ["confirmed", "session"] * 2


def test_without_a_name_nothing_is_written(tmp_path: Path) -> None:
    with Ledger("") as ledger:
        ledger.ended([SessionTruth("32010600000001", 1, "1", 0)])
    assert list(tmp_path.iterdir()) == []
