"""Starts, stops and limits as frames; the vendor's own examples first."""

from __future__ import annotations

import pytest

from chargecloud.device.commands import ChargeLimit, ChargeMode, ReplyRefusal
from chargecloud.device.events import StartRefusal
from chargecloud.protocols.dny import tables
from chargecloud.protocols.dny.mapping import control
from chargecloud.protocols.dny.quirks import NEWEST, OF_2022, OLDEST, StartForm
from tests.support import dny
from tests.support.golden import golden_entries

GOLDEN = {entry["id"]: bytes.fromhex(entry["hex"]) for _, entry in golden_entries("dny")}
SESSION = dny.ORDER.hex()


def test_the_vendors_start_of_29_bytes() -> None:
    limit = ChargeLimit(max_duration_s=28_800, max_power_mw=500_000)
    frame = control.start("12345678" * 4, 2, 356, limit, OLDEST)
    assert frame.pack() == GOLDEN["P015"][12:-2]


def test_a_whole_start_of_38_bytes() -> None:
    limit = ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=14_400, stop_when_full=True, max_power_mw=600_000)
    assert control.start(SESSION, 10, 1_500, limit, NEWEST).pack() == GOLDEN["P074"][12:-2]


def test_a_stop_of_37_bytes_is_the_published_one_without_its_last() -> None:
    assert control.stop(SESSION, 10, OF_2022).pack() == GOLDEN["P075"][12:-3]
    assert control.stop(SESSION, 10, NEWEST).pack() == GOLDEN["P075"][12:-2]


@pytest.mark.parametrize("size", [29, 30, 31, 33, 34, 35, 36, 37, 38])
def test_every_form_has_its_length(size: int) -> None:
    assert len(control.start(SESSION, 1, 0, None, StartForm(size)).pack()) == size
    assert len(control.stop(SESSION, 1, StartForm(size)).pack()) == size


def test_a_stop_names_its_connector() -> None:
    with pytest.raises(ValueError, match="names its connector"):
        control.stop(SESSION, 0, NEWEST)


def test_the_vendors_new_limit() -> None:
    limit = ChargeLimit(mode=ChargeMode.BY_TIME, duration_s=28_800)
    assert control.modify(2, limit).pack() == GOLDEN["P017"][12:-2]


def test_the_vendors_card_answer() -> None:
    answer = control.card_answer(dny.CARD, 1, refusal=ReplyRefusal.NONE, balance_fen=10_000, limit=None)
    assert answer.pack() == GOLDEN["P010"][12:-2]


@pytest.mark.parametrize(("fen", "spoken"), [(-1, 0), (0, 0), (99, 99), (1 << 40, 100_000_000)])
def test_balances_are_spoken_within_the_world_of_money(fen: int, spoken: int) -> None:
    assert control.spoken_fen(fen) == spoken


def test_every_result_is_a_success_or_has_a_refusal() -> None:
    for result in tables.CONTROL_RESULT:
        assert control.refusal_of(result) is not StartRefusal.NONE
    assert {tables.CONTROL_RESULT.identifier(result) for result in control.EXECUTED} == {
        "done", "port_fault", "precheck_relay_welded",
    }  # fmt: skip


def test_waiting_connectors_are_bits() -> None:
    assert control.waiting_connectors(None) == () == control.waiting_connectors(0)
    assert control.waiting_connectors(0b1000_0000_0000_0101) == (1, 3, 16)
