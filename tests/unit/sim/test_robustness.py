"""Whatever the platform sends: nothing raises, and everything said in return can be read."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargecloud.protocols.wire.schema import Direction
from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.line import seal
from chargecloud.sim.temper import TEMPERS
from tests.unit.sim.bench import CODE, TRADE_NO, Bench, tariff_fields

DOWN = [kind for kind in frames.FRAMES.values() if kind.direction is Direction.DOWN]
LISTS = {0x44: 16, 0x46: 8, 0x48: 8}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=8))
def test_any_bytes_are_survived(chunks: list[bytes]) -> None:
    bench = Bench().connect()
    for chunk in chunks:
        bench.point.receive(chunk, bench.now)
        bench.pump()
    bench.pass_time(30)
    assert bench.kinds()[0] == 0x01


def random_body(rng: random.Random, kind: type[frames.Frame]) -> bytes:
    """A body of the right size with random values, mostly addressed to this charge point and to a connector it has."""
    if kind.code in LISTS:
        count = rng.randrange(4)
        return bytes.fromhex(CODE) + bytes([count]) + rng.randbytes(count * LISTS[kind.code])
    if kind.code == 0xF0:
        return bytes.fromhex(CODE) + bytes([rng.randrange(3), 4]) + rng.randbytes(4)
    body = bytearray(rng.randbytes(kind.layout.size))
    at = 0
    for column in kind.columns:
        if column.name == "pile_code" and rng.random() < 0.9:
            body[at : at + 7] = bytes.fromhex(CODE)
        if column.name == "gun_no" and rng.random() < 0.8:
            body[at] = rng.choice((1, 2))
        if column.name in ("auth_result", "login_result", "work_disabled", "execute_mode") and rng.random() < 0.8:
            body[at] = rng.randrange(2)
        if column.name == "period_rates":
            body[at : at + 48] = bytes(rng.randrange(4) for _ in range(48))
        at += column.size
    return bytes(body)


@pytest.mark.parametrize("temper", TEMPERS.values(), ids=TEMPERS)
def test_random_commands_in_the_middle_of_life(temper: object) -> None:
    rng = random.Random(f"commands/{temper}")
    bench = Bench(temper)  # type: ignore[arg-type]
    bench.connect()
    bench.push_tariff()
    bench.pass_time(20)
    for _ in range(1_500):
        kind = rng.choice(DOWN)
        bench.point.receive(seal(kind.code, rng.randbytes(2), random_body(rng, kind)), bench.now)
        bench.pump()
        _someone_does_something(bench, rng)
        bench.pass_time(rng.uniform(0, 8))
        if bench.point.closing:
            bench.drop()
            bench.pass_time(60)
            bench.connect()
    sessions = bench.point.truth.sessions
    assert len(sessions) > 5
    assert any(session.energy_mwh for session in sessions)


def _someone_does_something(bench: Bench, rng: random.Random) -> None:
    connector_no = rng.choice((1, 2))
    match rng.randrange(8):
        case 0 | 1:
            bench.plug(connector_no)
        case 2:
            bench.point.swipe(connector_no, "0A0B", bench.now)
        case 3 if rng.random() < 0.3:
            bench.point.unplug(connector_no, bench.now)
        case 4:
            bench.point.repair(connector_no, bench.now)
        case 5 if rng.random() < 0.2:
            bench.point.break_down(connector_no, "door", bench.now)
    bench.pump()


def test_absurd_prices_stop_at_what_the_columns_carry() -> None:
    bench = Bench().ready()
    bench.say(frames.BillingModelSet(**tariff_fields() | {f"{band}_energy_price": 0xFFFFFFFF for band in BANDS}))
    bench.plug()
    bench.start()
    bench.pass_time(3_000)
    bench.stop()
    bench.pass_time(10)
    record = bench.last(frames.TransactionRecord)
    assert record.trade_no == TRADE_NO
    assert record.peak_price == 0xFFFFFFFF
    assert record.total_amount == sum(getattr(record, f"{band}_amount") for band in BANDS)


BANDS = ("sharp", "peak", "flat", "valley")
