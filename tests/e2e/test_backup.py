"""Backup beside the running platform, restore while it is stopped, and on: the commands an operator types."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chargecloud.kernel.ids import new_id
from tests.e2e.rig import COMMAND, Person, RealPlatform
from tests.e2e.test_charge import administrator


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[RealPlatform]:
    running = RealPlatform(tmp_path)
    yield running
    running.kill()


def command(platform: RealPlatform, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], env=platform._environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


def top_up(boss: Person, driver_id: int, amount_fen: int) -> None:
    path = f"/drivers/{driver_id}/top-ups"
    boss.call("POST", path, 201, key=new_id(), amount_fen=amount_fen, reason="测试")


@pytest.mark.slow
def test_a_restored_platform_knows_what_it_knew(platform: RealPlatform, tmp_path: Path) -> None:
    boss = administrator(platform)
    driver = boss.call("POST", "/drivers", 201, name="测试车主", phone="13800000001")
    token = boss.call("POST", f"/drivers/{driver['id']}/tokens", 201)["token"]
    top_up(boss, driver["id"], 5_000)
    kept = tmp_path / "kept.db"
    made = command(platform, "backup", str(kept))
    assert (made.returncode, made.stdout.count("2 postings sum to zero")) == (0, 1), made.stderr
    assert "backup: 100 %" in made.stderr
    top_up(boss, driver["id"], 100)
    refused = command(platform, "restore", str(kept))
    assert (refused.returncode, "stop the platform first" in refused.stderr) == (1, True)
    platform.kill()
    restored = command(platform, "restore", str(kept))
    assert restored.returncode == 0 and "what was there is" in restored.stdout, restored.stderr
    assert "it knew of 1 transfers, 0 orders, 0 records that are missing now" in restored.stdout
    (listed,) = (tmp_path / "data").glob("*.missing.csv")
    assert f",top_up,{driver['id']}," in listed.read_text("utf-8").splitlines()[1]
    written = [path for path in (tmp_path / "data").rglob("*") if path.is_file() and "before" not in path.name]
    assert written and not [path for path in written if path.stat().st_mode & 0o077], "others may read it"
    assert "ok    ledger" in command(platform, "doctor").stdout
    platform.start()
    assert Person(platform.base, token).call("GET", "/wallet", 200)["cash_fen"] == 5_000
