"""The fleet from the rig's side: starts its process, reads how it stands, lets it wind down."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.cluster.plan import RunPlan
from tests.support.populated import APP_PREFIX, CARD_PREFIX, PROBE_PREFIX, World

ROOT = Path(__file__).parents[2]
TAIL_BYTES = 20_000
STOP_WITHIN_S = 30


class Fleet:
    """All virtual charge points, in one process."""

    def __init__(self, directory: Path, port: int, world: World, plan: RunPlan) -> None:
        self._status = directory / "fleet.jsonl"
        self._status.touch()
        self.ledgers = [directory / f"{name}.ledger.jsonl" for name in ("long", "brisk", "phones", "probes")]
        for ledger in self.ledgers:
            ledger.touch()
        wanted = directory / "fleet.json"
        wanted.write_text(json.dumps(self._wanted(port, world, plan)), "utf-8")
        with (directory / "fleet.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.cluster.fleet_process", str(wanted)],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _wanted(self, port: int, world: World, plan: RunPlan) -> dict[str, Any]:
        common = {"seed": plan.seed, "ramp_per_s": plan.ramp_per_s, "reconnect_s": 1, "jitter_s": 2, "sources": 20}
        half = 2 * plan.long_points
        names = ("long", "brisk", "phones", "probes")
        groups: tuple[dict[str, Any], ...] = (
            {"code_prefix": CARD_PREFIX, "count": plan.long_points, "cards": world.cards[:half],
             "scenario": "wait:20s,plug,card,charge:4m,unplug"},
            {"code_prefix": CARD_PREFIX, "count": plan.brisk_points, "skip": plan.long_points,
             "cards": world.cards[half:], "scenario": "wait:10s,plug,card,charge:25s,unplug"},
            {"code_prefix": APP_PREFIX, "count": plan.app_points,
             "scenario": "plug,remote:24h,charge:20s,unplug,wait:2s"},
            {"code_prefix": PROBE_PREFIX, "count": plan.probe_points, "power": "dc",
             "scenario": "plug,remote:24h,full,unplug,wait:1s"},
        )  # fmt: skip
        made = {
            name: common | group | {"ledger": str(ledger)}
            for name, group, ledger in zip(names, groups, self.ledgers, strict=True)
        }
        return {"port": port, "status": str(self._status), "groups": made}

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def standing(self) -> dict[str, Any]:
        """The last line it wrote; empty before the first."""
        with self._status.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            lines = file.read().split(b"\n")
        for line in reversed(lines[:-1]):
            if line.startswith(b"{"):
                return dict(json.loads(line))
        return {}

    def total(self, name: str) -> int:
        """One figure over all groups: online, charging, records_confirmed, records_waiting, hang_ups …"""
        return sum(group[name] for group in self.standing().values() if isinstance(group, dict))

    @property
    def under_way(self) -> int:
        """Connectors somebody still charges at, or whose record is being made."""
        return int(self.standing().get("under_way", 0))

    def say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(word.encode() + b"\n")
        self._process.stdin.flush()

    def wind_down(self) -> None:
        """No new drivers."""
        self.say("wind_down")

    def stop(self) -> None:
        """All hang up; the ledgers tell how every charge stands."""
        if self.running:
            try:
                self.say("stop")
                self._process.wait(STOP_WITHIN_S)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()
        self._process.wait()


def confirm_latencies_ms(ledgers: list[Path]) -> list[int]:
    """From the first upload of each confirmed record to its confirmation, sorted."""
    found = []
    for ledger in ledgers:
        for line in ledger.read_text("utf-8").splitlines():
            entry = json.loads(line)
            if entry["event"] == "confirmed":
                found.append(int(entry["latency_ms"]))
    return sorted(found)
