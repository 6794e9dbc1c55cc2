"""What the commands that move data say about it."""

from pathlib import Path

import pytest

from chargecloud.main.backup import Copy
from chargecloud.main.cli_data import line, told


def test_progress_is_told_each_tenth_once(capsys: pytest.CaptureFixture[str]) -> None:
    progress = told("backup")
    for done in range(0, 101, 5):
        progress(done, 100)
    progress(0, 0)
    assert capsys.readouterr().err.splitlines() == [f"backup: {tenth}0 %" for tenth in range(1, 11)]


def test_a_copy_in_words() -> None:
    copy = Copy(Path("b.db"), 4096, "0003", (("adjustments", 1, -5), ("driver_cash", 2, 5)), 1)
    assert line(copy) == "b.db: 4 KiB, schema 0003, 3 postings sum to zero, 1 holds are open"
