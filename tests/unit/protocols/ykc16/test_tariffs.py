"""0x05/0x06, 0x09/0x0A and 0x58/0x57."""

from __future__ import annotations

import msgspec
import pytest

from chargecloud.device.commands import ApplyTariff
from chargecloud.device.events import CommandOutcome, TariffReported
from chargecloud.protocols.ykc16 import frames
from chargecloud.protocols.ykc16.tariffs import WAIT_LIMIT_S, same_tariff
from chargecloud.testing.commands import TARIFF
from chargecloud.testing.harness import Harness
from tests.support import ykc
from tests.support.ykc_harness import admitted, expiry, tariff


def verify(number: str = "0062", sequence: int = 5) -> bytes:
    return ykc.up(frames.BillingModelVerifyRequest(pile_code=ykc.CODE, billing_model_no=number), sequence)


def request(sequence: int = 6) -> bytes:
    return ykc.up(frames.BillingModelRequest(pile_code=ykc.CODE), sequence)


def with_tariff() -> Harness:
    harness = admitted()
    harness.submit(tariff(harness))
    harness.receive(ykc.up(frames.BillingModelSetReply(pile_code=ykc.CODE, set_result=1)))
    harness.take_sent()
    return harness


def test_the_same_tariff_is_confirmed() -> None:
    harness = with_tariff()
    harness.receive(verify("0062", 5))
    (raw,) = harness.take_sent()
    assert raw[2:4] == b"\x05\x00"
    assert ykc.down(raw) == frames.BillingModelVerifyResponse(
        pile_code=ykc.CODE, billing_model_no="0062", verify_result=0
    )
    assert [(event.tariff_no, event.matches) for event in harness.told(TariffReported)] == [("0062", True)]


def test_another_tariff_differs_and_is_handed_over_on_request() -> None:
    harness = with_tariff()
    harness.receive(verify("0000"))
    harness.receive(request(9))
    first, second = harness.take_sent()
    assert ykc.down(first) == frames.BillingModelVerifyResponse(
        pile_code=ykc.CODE, billing_model_no="0000", verify_result=1
    )
    model = ykc.down(second)
    assert second[2:4] == b"\x09\x00" and isinstance(model, frames.BillingModelResponse)
    assert (model.billing_model_no, model.loss_ratio, model.period_rates) == ("0062", 0, TARIFF.half_hours)
    assert (model.sharp_energy_price, model.valley_service_price) == (120_000, 40_000)
    assert harness.told(TariffReported)[0].matches is False


def test_d15_the_number_is_opaque_and_may_come_back_swapped() -> None:
    assert same_tariff("0062", "0062") and same_tariff("6200", "0062") and same_tariff("F002", "02F0")
    assert not same_tariff("0063", "0062") and not same_tariff("2600", "0062")
    harness = with_tariff()
    harness.receive(verify("6200"))
    assert harness.told(TariffReported)[0].matches is True


def test_questions_before_any_tariff_wait_for_it() -> None:
    harness = admitted()
    harness.receive(verify("0062", 5) + request(6))
    harness.pass_time(WAIT_LIMIT_S - 1)
    assert harness.take_sent() == []
    harness.submit(tariff(harness))
    assert [(raw[5], raw[2]) for raw in harness.take_sent()][:2] == [(0x06, 5), (0x0A, 6)]


def test_without_a_tariff_it_differs_at_the_limit_and_the_request_stays_open_to_repeat() -> None:
    harness = admitted()
    harness.receive(verify("0062", 5) + request(6))
    harness.pass_time(WAIT_LIMIT_S + 0.1)
    (raw,) = harness.take_sent()
    frame = ykc.down(raw)
    assert isinstance(frame, frames.BillingModelVerifyResponse) and frame.verify_result == 1
    assert [event.matches for event in harness.told(TariffReported)] == [False]
    harness.submit(tariff(harness))
    assert 0x0A not in ykc.downs(harness.take_sent())
    harness.receive(request(8))
    assert ykc.downs(harness.take_sent()) == [0x0A]


@pytest.mark.parametrize(
    ("result", "outcome"), [(1, CommandOutcome.DONE), (0, CommandOutcome.REFUSED), (7, CommandOutcome.REFUSED)]
)
def test_a_pushed_tariff_ends_with_the_answer(result: int, outcome: CommandOutcome) -> None:
    harness = admitted()
    harness.submit(tariff(harness))
    harness.receive(ykc.up(frames.BillingModelSetReply(pile_code=ykc.CODE, set_result=result)))
    assert [end.outcome for end in harness.ends("tariff")] == [outcome]


@pytest.mark.parametrize(
    "change", [{"tariff_no": "62"}, {"tariff_no": "ab"}, {"half_hours": bytes(47)}, {"half_hours": bytes([4]) * 48}]
)
def test_a_tariff_the_wire_cannot_carry_is_refused_and_not_kept(change: dict[str, object]) -> None:
    harness = admitted()
    bad = msgspec.structs.replace(TARIFF, **change)
    harness.submit(ApplyTariff(command_id="bad", charge_point_code=ykc.CODE, expires_at_ms=expiry(harness), tariff=bad))
    (end,) = harness.ends("bad")
    assert end.outcome is CommandOutcome.REFUSED and end.reason.startswith("invalid: ")
    harness.receive(request())
    assert harness.take_sent() == []
