"""A deterministic fuzz runner: execution n of seed s is always the same input, so any failure can be run again."""

from __future__ import annotations

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from types import FrameType

HANG_LIMIT_S = 2.0
PROGRESS_EVERY = 50_000
_RUN_SPAN = 1 << 40

Execute = Callable[[bytes], None]
Make = Callable[[Random], bytes]


class Hang(BaseException):
    """One execution took longer than the limit; not an Exception, so that no handler under test can swallow it."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is fuzzed: how an input is run, and how one is made."""

    name: str
    execute: Execute
    make: Make


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that broke something."""

    number: int
    program: bytes
    error: str


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise Hang when the block takes too long (where the platform has interval timers)."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _hang(number: int, frame: FrameType | None) -> None:
    raise Hang("an execution takes longer than the limit")


def program_of(target: Target, seed: int, number: int) -> bytes:
    """The input of one execution."""
    return target.make(Random(seed * _RUN_SPAN + number))


def fuzz(
    target: Target, *, runs: int, seed: int, first: int = 0, report: Callable[[str], None] = print
) -> Failure | None:
    """Run so many executions; stop at the first failure."""
    started = time.perf_counter()
    slowest, slowest_number = 0.0, first
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _hang)
    for number in range(first, first + runs):
        program = program_of(target, seed, number)
        before = time.perf_counter()
        try:
            with time_limit(HANG_LIMIT_S):
                target.execute(program)
        except (Exception, Hang):
            return Failure(number, program, traceback.format_exc())
        took = time.perf_counter() - before
        if took > slowest:
            slowest, slowest_number = took, number
        done = number - first + 1
        if done % PROGRESS_EVERY == 0 or done == runs:
            elapsed = time.perf_counter() - started
            report(
                f"{target.name}: {done:,} of {runs:,} executions, {done / elapsed:,.0f}/s, "
                f"slowest {slowest * 1000:.1f} ms (number {slowest_number})"
            )
    return None


def explain(target: Target, module: str, seed: int, failure: Failure) -> str:
    """What happened and how to see it again."""
    return (
        f"{target.name}: execution {failure.number} of seed {seed} failed\n{failure.error}\n"
        f"again:   python -m {module} --seed {seed} --first {failure.number} --runs 1\n"
        f"or:      python -m {module} --replay {failure.program.hex()}\n"
    )


def main(target: Target, module: str, arguments: Sequence[str]) -> int:
    """The command line of a target."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=f"Fuzz the connection of {target.name}.")
    parser.add_argument("--runs", type=int, default=1_000_000, help="executions (default: one million)")
    parser.add_argument("--seed", type=int, default=1, help="which series of inputs (default: 1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first execution")
    parser.add_argument("--replay", metavar="HEX", help="run this one input and show what it does")
    parser.add_argument(
        "--atheris",
        nargs=argparse.REMAINDER,
        metavar="OPTION",
        help="coverage-guided instead, everything behind goes to libFuzzer (group `fuzz` must be installed)",
    )
    options = parser.parse_args(arguments)
    if options.atheris is not None:
        return _run_atheris(target, options.atheris)
    if options.replay is not None:
        target.execute(bytes.fromhex(options.replay))
        print("no failure")
        return 0
    failure = fuzz(target, runs=options.runs, seed=options.seed, first=options.first, report=_print_now)
    if failure is None:
        print(f"{target.name}: no crash, no hang in {options.runs:,} executions of seed {options.seed}")
        return 0
    print(explain(target, module, options.seed, failure), file=sys.stderr)
    return 1


def _print_now(line: str) -> None:
    print(line, flush=True)


def _run_atheris(target: Target, options: Sequence[str]) -> int:
    try:
        import atheris
    except ImportError:
        print("atheris is not installed: uv sync --group fuzz (Linux), or leave --atheris away", file=sys.stderr)
        return 2
    atheris.instrument_all()
    atheris.Setup([target.name, *options], target.execute)
    atheris.Fuzz()
    return 0
