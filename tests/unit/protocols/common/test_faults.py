"""Counting what cannot be used."""

from __future__ import annotations

from chargecloud.protocols.common.faults import BAD_MAX, GARBAGE, GARBAGE_MAX, REPORT_EVERY_S, WINDOW_S, Faults


def test_kinds_are_counted_and_handed_over_once() -> None:
    faults = Faults()
    for kind in ("crc", "foreign", "crc"):
        assert not faults.add(kind, 1, 0.0)
    assert faults.take(0.0, force=False) == {"crc": 2, "foreign": 1}
    assert faults.take(1e9, force=False) == {}


def test_a_report_keeps_its_distance_unless_forced() -> None:
    faults = Faults()
    faults.add("crc", 1, 0.0)
    faults.take(0.0, force=False)
    faults.add("crc", 1, 1.0)
    assert faults.due(1.0) == REPORT_EVERY_S
    assert faults.take(1.0, force=False) == {}
    assert faults.take(1.0, force=True) == {"crc": 1}
    faults.add("crc", 1, 2.0)
    assert faults.take(1.0 + REPORT_EVERY_S, force=False) == {"crc": 1}


def test_the_limit_counts_damage_within_a_window() -> None:
    faults = Faults()
    assert not any(faults.add("crc", 1, 0.0) for _ in range(BAD_MAX - 1))
    assert not faults.add("crc", 1, WINDOW_S), "a new window"
    assert any(faults.add("encrypted", 1, WINDOW_S) for _ in range(BAD_MAX))


def test_a_dialect_is_no_damage() -> None:
    faults = Faults()
    for kind in ("short_body", "unknown_type", "foreign", "unmatched"):
        assert not any(faults.add(kind, 1, 0.0) for _ in range(10 * BAD_MAX))


def test_garbage_has_a_limit_in_bytes_and_its_figure_does_not_depend_on_the_pieces() -> None:
    whole, pieces = Faults(), Faults()
    assert whole.add(GARBAGE, 10 * GARBAGE_MAX, 0.0)
    assert [pieces.add(GARBAGE, 64, 0.0) for _ in range(GARBAGE_MAX // 64)][-1]
    assert whole.counts == pieces.counts == {GARBAGE: GARBAGE_MAX}
