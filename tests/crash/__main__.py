"""`python -m tests.crash --kills 100 --seed 1`: kill the platform again and again, then judge what it kept."""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.crash.oracle import Verdict, judge
from tests.crash.rig import PLAN, Fleet, Phones
from tests.support.platform_process import Platform
from tests.support.populated import build

LONGEST_LIFE_S = 3.0
EARLY = 0.15
"""So often the platform is killed while it is still starting."""
REST_S = 30


def crash(directory: Path, *, kills: int, seed: int) -> Verdict:
    """The whole test in one directory."""
    dice = random.Random(seed)
    world = asyncio.run(build(directory, PLAN))
    platform = Platform(directory)
    platform.start()
    platform.wait_ready()
    fleet = Fleet(directory, platform.wire, world, seed)
    phones = Phones(platform.http, world, seed)
    began = time.monotonic()
    try:
        for number in range(1, kills + 1):
            time.sleep(dice.uniform(0.1, LONGEST_LIFE_S))
            platform.kill()
            platform.start()
            if dice.random() >= EARLY:
                platform.wait_ready()
            if number % 10 == 0 or number == kills:
                tell(f"{number}/{kills} kills, {phones.placed} starts by phone, {time.monotonic() - began:.0f} s")
        platform.wait_ready()
        phones.stop()
        time.sleep(REST_S)
        fleet.stop()
        time.sleep(2)
        platform.stop()
    finally:
        phones.stop()
        platform.kill()
        fleet.stop()
    return judge(directory / "chargecloud.db", fleet.ledgers)


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="directory for data and logs; a temporary one when not given")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chargecloud-crash-") as temporary:
        directory = asked.keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        verdict = crash(directory, kills=asked.kills, seed=asked.seed)
    for fault in verdict.faults:
        print(fault)
    print(
        f"{asked.kills} kills, seed {asked.seed}: {verdict.confirmed} records confirmed on the wire,"
        f" {verdict.stored} stored, {verdict.settled} settled, {verdict.open_orders} orders still open,"
        f" {len(verdict.faults)} faults"
    )
    if verdict.confirmed < asked.kills // 2:
        print("too few records were confirmed for the test to mean anything")
        return 1
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
