"""Parking locks."""

from chargecloud.protocols.ykc16 import frames
from chargecloud.sim.temper import YKC16
from tests.unit.sim.bench import CODE, Bench


def move(bench: Bench, action: int, gun_no: int = 1) -> int:
    bench.say(frames.GroundLockControl(pile_code=CODE, gun_no=gun_no, lock_action=bytes([action]), reserved=bytes(4)))
    return bench.last(frames.GroundLockControlReply).control_result


def test_lowering_is_authorised_then_reported() -> None:
    bench = Bench().ready()
    assert move(bench, 0xFF) == 1
    assert not bench.all(frames.GroundLockStatus)
    bench.pass_time(4)
    status = bench.last(frames.GroundLockStatus)
    assert (status.gun_no, status.lock_status, status.parking_status) == (1, 0xFF, 0)


def test_status_every_five_minutes_with_the_car_before_it() -> None:
    bench = Bench().ready()
    bench.plug()
    bench.pass_time(300)
    assert [status.parking_status for status in bench.all(frames.GroundLockStatus)] == [0xFF, 0]


def test_nonsense_is_refused() -> None:
    bench = Bench().ready()
    assert move(bench, 0x11) == 0
    assert move(bench, 0x55, gun_no=9) == 0


def test_firmware_without_locks_stays_silent() -> None:
    bench = Bench(YKC16).ready()
    bench.say(frames.GroundLockControl(pile_code=CODE, gun_no=1, lock_action=b"\xff", reserved=bytes(4)))
    bench.pass_time(400)
    assert not {0x61, 0x63} & set(bench.kinds())
