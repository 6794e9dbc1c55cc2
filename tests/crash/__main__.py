"""`python -m tests.crash --kills 200 --seed 1`: kill the platform again and again, then judge what it kept."""

import argparse
import asyncio
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from chargecloud.kernel import killpoints
from tests.crash.lives import DEEPEST, RANDOM, Life, Toll, live, once_each, plan
from tests.crash.oracle import Verdict, judge
from tests.crash.rig import PLAN, Fleet, Phones
from tests.support.platform_process import Platform
from tests.support.populated import build

RECORDS_A_KILL = 100
"""So many are to be confirmed for each kill, or the test means too little."""
REST_S = 30
QUIET_WITHIN_S = 300
SETTINGS = {"CHARGECLOUD_LIMITS__WAITING_PER_SOURCE": "1000", "CHARGECLOUD_JOURNAL__AFTER_S": "1.5"}
"""All charge points dial from one address; and a database that is away is to send records to the journal soon."""


def crash(directory: Path, lives: Sequence[Life], seed: int, toll: Toll) -> Verdict:
    """The whole test in one directory."""
    world = asyncio.run(build(directory, PLAN))
    platform = Platform(directory, settings=SETTINGS)
    platform.start()
    platform.wait_ready()
    fleet = Fleet(directory, platform.wire, world, seed)
    phones = Phones(platform.http, world, seed)
    began = time.monotonic()
    try:
        time.sleep(2)
        platform.kill()
        for number, life in enumerate(lives, 1):
            live(platform, life, toll, fleet.confirmed)
            if number % 10 == 0 or number == len(lives):
                tell(f"{number}/{len(lives)} kills, {fleet.confirmed()} confirmed, {phones.placed} starts by phone, "
                     f"{time.monotonic() - began:.0f} s")  # fmt: skip
        platform.start()
        platform.wait_ready()
        phones.stop()
        time.sleep(REST_S)
        fleet.stop()
        await_quiet(directory / "chargecloud.db")
        platform.stop()
    finally:
        phones.stop()
        platform.kill()
        fleet.stop()
    return judge(directory / "chargecloud.db", fleet.ledgers)


def await_quiet(database: Path) -> None:
    """Until every message has been handled, or for so long that the judge may say what is missing."""
    until = time.monotonic() + QUIET_WITHIN_S
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        while time.monotonic() < until and connection.execute("SELECT count(*) FROM outbox").fetchone()[0]:
            time.sleep(0.5)
    time.sleep(2)


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def report(toll: Toll, directory: Path) -> None:
    """Kills by point, and what the journal had to give back."""
    for point in (*DEEPEST, RANDOM):
        missed = f", {toll.missed[point]} not reached in time" if toll.missed[point] else ""
        print(f"{point:>6}: {toll.reached[point]} kills{missed}  ({killpoints.POINTS.get(point, 'any moment')})")
    log = (directory / "platform.log").read_text("utf-8", errors="replace")
    left = [int(found) for found in re.findall(r"journal\.left_over.*?records=(\d+)", log)]
    print(f"the journal gave back {sum(left)} records after {len(left)} of the kills")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--short", action="store_true", help="every named point once, and two random kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="directory for data and logs; a temporary one when not given")
    asked = parser.parse_args()
    dice, toll = random.Random(asked.seed), Toll()
    lives = once_each(dice) if asked.short else plan(asked.kills, dice)
    with tempfile.TemporaryDirectory(prefix="chargecloud-crash-") as temporary:
        directory = asked.keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        verdict = crash(directory, lives, asked.seed, toll)
        report(toll, directory)
    for fault in verdict.faults:
        print(fault)
    print(
        f"{len(lives)} kills, seed {asked.seed}: {verdict.confirmed} records confirmed on the wire,"
        f" {verdict.stored} stored, {verdict.settled} settled, {verdict.open_orders} orders still open,"
        f" {len(verdict.faults)} faults"
    )
    if verdict.confirmed < len(lives) * RECORDS_A_KILL:
        print(f"fewer than {RECORDS_A_KILL} records a kill were confirmed: that means too little")
        return 1
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
