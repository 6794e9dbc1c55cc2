"""kill −9 between a provider's word and ours: every payment is credited once, every refund ends once (I5, I6)."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from chargecloud.kernel import killpoints
from tests.crash.cashier import faults
from tests.crash.lives import AT_THE_DESK
from tests.tidy.source import ROOT

pytestmark = pytest.mark.slow


def live(directory: Path, order: str) -> int:
    """One life of the cashier; its exit code."""
    environment = os.environ | {killpoints.ENVIRONMENT: order, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "tests.crash.cashier", str(directory)]
    return subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=120).returncode


@pytest.mark.parametrize("seed", range(1, 11))
def test_whatever_kills_the_cashier_no_money_is_lost_or_doubled(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    orders = [f"{point}:{dice.randint(1, 4)}" for point in AT_THE_DESK]
    dice.shuffle(orders)
    died = [order for order in orders if live(tmp_path, order) == -signal.SIGKILL]
    assert len(died) >= 3, f"of {orders} only {died} were reached"
    assert live(tmp_path, "") == 0
    assert list(faults(tmp_path)) == []


def test_the_judge_is_awake(tmp_path: Path) -> None:
    assert live(tmp_path, "") == 0
    assert list(faults(tmp_path)) == []
    for damage, says in (
        ("UPDATE wallets SET cash_fen = cash_fen + 1", "I2"),
        ("UPDATE refund_parts SET state = 'processing' WHERE state = 'succeeded'", "I6"),
        ("DELETE FROM wallet_transfers WHERE transfer_id LIKE 'pay:%'", "I5"),
    ):
        with sqlite3.connect(tmp_path / "chargecloud.db") as connection:
            for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {trigger}")
            connection.execute(damage)
            connection.commit()
        assert any(fault.startswith(says) for fault in faults(tmp_path))
