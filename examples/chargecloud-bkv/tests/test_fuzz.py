"""The short form of the fuzz run."""

from __future__ import annotations

import fuzz_bkv

from chargecloud.protocols.wire.schema import Direction
from chargecloud.testing.fuzz import explain, fuzz, program_of
from chargecloud_bkv.codec import decode
from chargecloud_bkv.connection import HONOURED
from chargecloud_bkv.frames import UPLINKS

SHORT_RUNS = 3_000


def test_a_few_thousand_executions_break_nothing() -> None:
    failure = fuzz(fuzz_bkv.TARGET, runs=SHORT_RUNS, seed=2, report=lambda line: None)
    assert failure is None, explain(fuzz_bkv.TARGET, "fuzz_bkv", 2, failure)


def test_an_execution_is_the_same_every_time() -> None:
    assert program_of(fuzz_bkv.TARGET, 7, 99) == program_of(fuzz_bkv.TARGET, 7, 99)


def test_the_inputs_reach_every_frame_and_command() -> None:
    parcels = [decode(raw).parcel for raw in fuzz_bkv.FRAMES_SEEN]
    assert set(UPLINKS) <= {parcel.code for parcel in parcels if parcel.direction is Direction.UP}
    assert {type(command) for command in fuzz_bkv.COMMANDS} == HONOURED
