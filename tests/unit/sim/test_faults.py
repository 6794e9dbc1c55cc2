"""Damage and accidents, each by itself."""

import math
import random

import pytest

from chargecloud.protocols.wire.stream import StreamCutter, UnitKind
from chargecloud.protocols.ykc16.framing import FRAMING
from chargecloud.sim.faults import Accidents, Faults, FaultyLink, Mischief, parse_faults
from chargecloud.sim.line import seal

FRAMES = [seal(0x03, number.to_bytes(2, "little"), bytes(range(9))) for number in range(20)]


def link(**faults: float) -> FaultyLink:
    return FaultyLink(Faults(**faults), random.Random(5))


def kinds(data: bytes) -> list[UnitKind]:
    return [unit.kind for unit in StreamCutter(FRAMING).feed(data)]


def test_a_good_cable_changes_nothing() -> None:
    assert link().send(FRAMES, 0) == [b"".join(FRAMES)]
    assert link().send([], 0) == []


def test_wrong_crc_damages_every_frame_and_keeps_the_length() -> None:
    sent = link(wrong_crc=1).send(FRAMES[:1], 0)
    assert len(sent[0]) == len(FRAMES[0])
    assert kinds(sent[0])[0] is UnitKind.BAD_CHECKSUM


def test_lost_duplicate_and_reordered_frames() -> None:
    assert link(lost=1).send(FRAMES, 0) == []
    assert link(duplicate=1).send(FRAMES[:2], 0) == [FRAMES[0] * 2 + FRAMES[1] * 2]
    assert link(reorder=1).send(FRAMES[:2], 0) == [FRAMES[1] + FRAMES[0]]


def test_a_split_write_has_all_its_bytes_in_the_end() -> None:
    cable = link(split=1)
    first = cable.send(FRAMES, 10)
    assert 10 < cable.deadline() < 11.1
    assert cable.due(10) == []
    rest = cable.due(cable.deadline())
    assert b"".join(first + rest) == b"".join(FRAMES)
    assert cable.deadline() == math.inf


def test_a_glued_write_leaves_with_the_next_or_by_itself() -> None:
    cable = link(glue=1)
    assert cable.send(FRAMES[:1], 10) == []
    assert cable.send(FRAMES[1:2], 10) == []
    assert cable.due(20) == [FRAMES[0] + FRAMES[1]]


def test_garbage_stands_before_frames_and_hides_none() -> None:
    sent = link(garbage=1).send(FRAMES, 0)
    found = kinds(sent[0] + bytes(300))
    assert found.count(UnitKind.FRAME) == len(FRAMES)
    assert UnitKind.GARBAGE in found


def test_what_was_held_back_is_gone_with_the_link() -> None:
    cable = link(glue=1)
    cable.send(FRAMES, 0)
    cable.drop()
    assert cable.due(100) == []


def test_the_same_seed_does_the_same_damage() -> None:
    faults = Faults(wrong_crc=0.3, lost=0.2, duplicate=0.2, split=0.5, garbage=0.3)
    runs = [FaultyLink(faults, random.Random(9)) for _ in range(2)]
    assert runs[0].send(FRAMES, 0) == runs[1].send(FRAMES, 0)


def test_accidents_come_at_their_rate() -> None:
    accidents = Accidents(Faults(link_loss=6, reboot=1, memory_loss=0.5), random.Random(2), 0)
    happened = []
    while accidents.deadline() < 100 * 3600:
        accident = accidents.due(accidents.deadline())
        assert accident is not None
        happened.append(accident)
    reboots = [accident for accident in happened if accident.reboot]
    losses = [accident for accident in happened if not accident.reboot]
    assert 70 < len(reboots) < 130
    assert 450 < len(losses) < 700
    assert 0.3 < sum(accident.lose_memory for accident in reboots) / len(reboots) < 0.7
    assert all(3 <= accident.offline_s <= 90 for accident in losses)


def test_without_faults_nothing_ever_happens() -> None:
    assert Accidents(Faults(), random.Random(1), 0).deadline() == math.inf
    quiet = Mischief()
    assert not quiet.ignores_command()
    assert (quiet.record_copies(), quiet.record_delay_s()) == (1, 0.0)


def test_mischief_with_records() -> None:
    mischief = Mischief(Faults(duplicate_record=1, late_record=1, late_s=60), random.Random(1))
    assert mischief.record_copies() == 2
    assert 0 < mischief.record_delay_s() <= 60


def test_faults_are_read_from_text() -> None:
    assert parse_faults(["wrong_crc=0.01,split=0.2", "link_loss=4"]) == Faults(wrong_crc=0.01, split=0.2, link_loss=4)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("flood=1", "unknown fault 'flood'; known are duplicate"),
        ("split=often", "write split=NUMBER"),
        ("split=2", "is a probability, 0 to 1"),
        ("reboot=-1", "must be a number from 0 to"),
        ("reboot=nan", "must be a number from 0 to"),
    ],
)
def test_bad_faults_are_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_faults([text])
