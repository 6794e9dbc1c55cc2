"""`python -m tests.city --seed 1`: a simulated day; `--short`, `--middle`, `--hours`, `--swarm` make other ones."""

import argparse
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

import structlog

from tests.city.city import Outcome, run_city
from tests.city.options import CityOptions, derive

SHORT = {
    "charge_points": 12, "hubs": 2, "slaves": 4, "hours": 3.0, "rest_hours": 2.5, "pause_min": 12.0,
    "ride_pause_min": 20.0, "audit_min": 30.0,
}  # fmt: skip
MIDDLE = {
    "charge_points": 25, "hubs": 4, "slaves": 5, "hours": 6.0, "rest_hours": 2.5, "pause_min": 20.0,
    "ride_pause_min": 40.0, "audit_min": 30.0,
}  # fmt: skip


def main() -> int:
    """Run one seed or several; the exit status says whether every invariant held."""
    arguments = _arguments()
    _same_hashes()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30 if arguments.log else 50))
    gc.set_threshold(100_000, 20, 100)
    bad = 0
    for seed in range(arguments.seed, arguments.seed + arguments.seeds):
        options = _options(arguments, seed)
        print(f"seed {seed}: {options.text()}", flush=True)
        begun = time.process_time()
        with tempfile.TemporaryDirectory(prefix="city-", dir=_fast_disk()) as directory:
            where = Path(arguments.keep) / f"seed-{seed}" if arguments.keep else Path(directory)
            outcome = run_city(
                options, where, (lambda line: print(f"  {line}", flush=True)) if arguments.progress else _mute
            )
        _report(outcome, time.process_time() - begun, full=arguments.seeds == 1)
        bad += bool(outcome.violations)
    if arguments.seeds > 1:
        print(f"{arguments.seeds} seeds, {bad} with violations")
    return 1 if bad else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.city", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the run is a function of it")
    parser.add_argument("--seeds", type=int, default=1, help="run so many seeds, beginning with --seed")
    parser.add_argument("--charge-points", type=int)
    parser.add_argument("--hubs", type=int, help="hosts with boards for e-bikes")
    parser.add_argument("--slaves", type=int, help="boards behind each host")
    parser.add_argument("--hours", type=float)
    parser.add_argument(
        "--short", action="store_true", help="a dozen charge points, eight boards, three hours, faults by swarm"
    )
    parser.add_argument(
        "--middle", action="store_true", help="25 charge points, twenty boards, six hours, faults by swarm"
    )
    parser.add_argument("--swarm", action="store_true", help="a random subset of the faults instead of all")
    parser.add_argument("--harsh", type=float, default=1, help="every fault so many times as likely")
    parser.add_argument("--keep", default="", help="keep the database in this directory")
    parser.add_argument("--log", action="store_true", help="show the platform's warnings")
    parser.add_argument("--quiet", dest="progress", action="store_false", help="no line for each audit")
    return parser.parse_args()


def _options(arguments: argparse.Namespace, seed: int) -> CityOptions:
    form: dict[str, object] = dict(SHORT if arguments.short else MIDDLE if arguments.middle else {})
    for name in ("charge_points", "hubs", "slaves", "hours"):
        if getattr(arguments, name) is not None:
            form[name] = getattr(arguments, name)
    every = not (arguments.short or arguments.middle or arguments.swarm)
    return derive(seed, every_fault=every, harsh=arguments.harsh, **form)


def _same_hashes() -> None:
    """Sets of text have the same order in every run: begin again with hashing fixed."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(
            sys.executable, [sys.executable, "-m", "tests.city", *sys.argv[1:]], os.environ | {"PYTHONHASHSEED": "0"}
        )


def _fast_disk() -> str | None:
    """A file system in memory, where there is one: nobody waits for a disk that is not tested here."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _mute(_: str) -> None:
    """Says nothing."""


def _report(outcome: Outcome, cpu_s: float, *, full: bool) -> None:
    if full:
        for title, values in (("counts", outcome.counts), ("facts", outcome.facts)):
            print(f"  {title}: " + ", ".join(f"{name} {value}" for name, value in sorted(values.items())))
    faults = sum(value for name, value in outcome.counts.items() if name.startswith("fault."))
    settled, rides = (outcome.facts.get(name, 0) for name in ("orders.settled", "bikes_priced"))
    print(
        f"  log {outcome.digest[:16]}, {cpu_s:.0f} s of CPU, {outcome.counts['platform_back'] + 1} lives, "
        f"{faults} faults, {settled} orders settled, {rides} rides reckoned"
    )
    for violation in outcome.violations:
        print(f"  VIOLATED {violation}")
        print(f"  again: python -m tests.city --seed {outcome.options.seed} (and the same options)")
    if not outcome.violations:
        print("  every invariant held")


if __name__ == "__main__":
    sys.exit(main())
