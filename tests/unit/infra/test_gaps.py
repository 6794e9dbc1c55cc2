"""Numbers that come late are looked for, those that never come are forgotten."""

from chargecloud.infra.gaps import KEPT_S, MOST, Gaps


def test_what_is_missing_above_the_highest_is_looked_for_until_it_comes() -> None:
    gaps = Gaps()
    gaps.restart(10)
    gaps.saw([11, 14], 0.0)
    assert gaps.missing(0.0) == [12, 13]
    gaps.saw([13, 15], 0.0)
    assert gaps.missing(KEPT_S) == [12]
    assert gaps.missing(KEPT_S + 0.1) == []


def test_what_is_missing_below_was_deleted() -> None:
    gaps = Gaps()
    gaps.restart(10)
    gaps.saw([3, 7, 10], 0.0)
    assert gaps.missing(0.0) == []
    gaps.saw([12], 0.0)
    gaps.restart(20)
    assert gaps.missing(0.0) == []


def test_only_the_newest_are_kept_in_mind() -> None:
    gaps = Gaps()
    gaps.saw([1_000_000], 0.0)
    assert len(gaps.missing(0.0)) == MOST
    gaps.saw([1_000_011], 0.0)
    assert len(gaps.missing(0.0)) == MOST
    assert max(gaps.missing(0.0)) == 1_000_010
