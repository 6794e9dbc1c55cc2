"""The ledger of what really happened."""

import pytest

from chargecloud.sim.truth import SessionTruth, Truth


def session(number: int) -> SessionTruth:
    return SessionTruth("32010600000001", 1, str(number), 0)


def test_confirmation_is_told_once_with_its_latency() -> None:
    told: list[float] = []
    truth = Truth(on_confirmed=lambda _, latency_s: told.append(latency_s))
    entry = session(1)
    truth.began(entry)
    truth.uploaded(entry, 10)
    truth.uploaded(entry, 40)
    truth.confirmed(entry, 40.5)
    truth.confirmed(entry, 41)
    assert told == [30.5]
    assert (truth.counts.records_sent, truth.counts.records_confirmed) == (2, 1)


def test_only_finished_sessions_are_forgotten() -> None:
    truth = Truth(kept=2)
    entries = [session(number) for number in range(4)]
    entries[1].confirmed = True
    for entry in entries:
        truth.began(entry)
    assert [entry.session_no for entry in truth.sessions] == ["0", "2", "3"]
    assert truth.forgotten == 1


def test_the_latest_of_a_number_is_found_and_a_missing_one_named() -> None:
    truth = Truth()
    for entry in (session(1), again := session(1)):
        truth.began(entry)
    assert truth.of(1, "1") is again
    with pytest.raises(KeyError, match="connector 2 never began session 1"):
        truth.of(2, "1")
