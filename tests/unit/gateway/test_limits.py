"""Counters over time."""

from chargecloud.gateway.limits import Offences, TokenBucket


def test_a_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    bucket = TokenBucket(per_second=10)
    assert [bucket.take(100.0) for _ in range(3)] == [True, True, False]
    assert bucket.take(100.125)
    assert not bucket.take(100.125)
    assert [bucket.take(200.0) for _ in range(3)] == [True, True, False]


def test_a_slow_bucket_still_lets_one_through() -> None:
    bucket = TokenBucket(per_second=1)
    assert bucket.take(100.0)
    assert not bucket.take(100.5)
    assert bucket.take(101.0)


def offences(remembered: int = 100) -> Offences:
    return Offences(3, window_s=60, ban_s=300, remembered=remembered)


def test_more_than_the_limit_in_a_window_bans() -> None:
    acts = offences()
    assert [acts.note("a", 10.0) for _ in range(4)] == [True, True, True, False]
    assert acts.banned("a", 11.0)
    assert not acts.banned("b", 11.0)
    assert acts.note("b", 11.0)


def test_a_new_window_begins_afresh() -> None:
    acts = offences()
    for moment in (0.0, 1.0, 2.0, 60.0, 61.0, 62.0):
        assert acts.note("a", moment)


def test_a_ban_ends() -> None:
    acts = offences()
    for _ in range(4):
        acts.note("a", 0.0)
    assert not acts.note("a", 299.0)
    assert acts.note("a", 300.0)
    assert not acts.banned("a", 300.0)


def test_only_so_many_keys_are_remembered() -> None:
    acts = offences(remembered=10)
    for number in range(100):
        acts.note(str(number), 0.0)
    assert len(acts) == 10
