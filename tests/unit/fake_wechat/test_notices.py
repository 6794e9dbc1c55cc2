"""Notices: the true schedule, the same bytes every time, and every trouble a merchant has to survive."""

import json
from typing import Any

import pytest

from chargecloud.fake_wechat.notices import SCHEDULE_S
from chargecloud.infra.wechat.pay_errors import NotAuthentic, Rejection
from chargecloud.infra.wechat.pay_notice import OpenedNotice, open_notice
from tests.support.fake_wechat import Caught, Merchantside, Stage, stage


def opened(on: Stage, caught: Caught) -> OpenedNotice:
    return open_notice(
        caught.headers, caught.body, keys=on.ring, apiv3_key=on.merchant.apiv3_key, now_ms=on.clock.now_ms()
    )


async def test_a_merchant_who_never_answers_is_told_sixteen_times_in_a_day() -> None:
    assert sum(SCHEDULE_S) == 24 * 3_600 + 4 * 60
    async with stage(merchantside=Merchantside(status=500)) as on:
        await on.paid()
        for number, pause_s in enumerate(SCHEDULE_S, 1):
            await on.pass_s(pause_s - 1)
            assert len(on.merchantside.caught) == number
            await on.pass_s(1)
            assert len(on.merchantside.caught) == number + 1
            assert opened(on, on.merchantside.caught[-1]).notice_id  # signed anew, by the time it is sent
        await on.pass_s(7 * 86_400)
        assert len({caught.body for caught in on.merchantside.caught}) == 1
        assert len(on.merchantside.caught) == 16
        (notice,) = (await on.http.get("/control/notices")).json()
        assert (notice["given_up"], notice["taken"], notice["attempts"]) == (True, False, [500] * 16)


@pytest.mark.parametrize("taken", [200, 204])
async def test_it_ends_when_it_is_taken(taken: int) -> None:
    async with stage(merchantside=Merchantside(status=taken, statuses=[0, 302, 401])) as on:
        await on.paid()
        await on.pass_s(15)
        await on.pass_s(15)
        await on.pass_s(30)
        await on.pass_s(86_400)
        assert [notice.attempts for notice in on.fake.notifier.kept] == [[0, 302, 401, taken]]


async def test_the_schedule_is_scaled_by_speed() -> None:
    async with stage(merchantside=Merchantside(status=500)) as on:
        await on.post("/control/world", {"speed": 100})
        await on.paid()
        await on.pass_s(0.15)
        assert len(on.merchantside.caught) == 2


@pytest.mark.parametrize(
    ("kind", "at_once", "after_a_while"), [("drop", 0, 1), ("double", 2, 2), ("delay", 0, 1), ("reorder", 0, 1)]
)
async def test_faults_of_the_first_delivery(kind: str, at_once: int, after_a_while: int) -> None:
    async with stage() as on:
        await on.post("/control/faults", {"at": "notice", "kind": kind, "seconds": 10})
        await on.paid()
        assert len(on.merchantside.caught) == at_once
        await on.pass_s(16)
        await on.pass_s(86_400)
        assert len(on.merchantside.caught) == after_a_while


async def test_a_reordered_notice_comes_after_the_next_one() -> None:
    async with stage() as on:
        await on.post("/control/faults", {"at": "notice", "kind": "reorder"})
        await on.paid("P00001")
        await on.paid("P00002")
        told = [json.loads(opened(on, caught).plaintext)["out_trade_no"] for caught in on.merchantside.caught]
        assert told == ["P00002", "P00001"]


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        ("stale", Rejection.TIMESTAMP),
        ("tampered", Rejection.SIGNATURE),
        ("signtest", Rejection.PROBE),
        ("unknown_serial", Rejection.SERIAL_UNKNOWN),
    ],
)
async def test_variants_a_merchant_must_refuse(variant: str, reason: Rejection) -> None:
    async with stage() as on:
        await on.paid()
        said = await on.post("/control/orders/P00001/probes", {"variant": variant})
        assert said == {"variant": variant, "status": 204}
        with pytest.raises(NotAuthentic) as refused:
            opened(on, on.merchantside.caught[-1])
        assert refused.value.reason is reason


async def test_variants_a_merchant_verifies_and_has_to_look_into() -> None:
    async with stage() as on:
        await on.paid()
        await on.post("/control/orders/P00001/probes", {"variant": "again"})
        first, again = (opened(on, caught) for caught in on.merchantside.caught)
        assert first == again
        await on.post("/control/orders/P00001/probes", {"variant": "other_merchant"})
        told: dict[str, Any] = json.loads(opened(on, on.merchantside.caught[-1]).plaintext)
        assert (told["mchid"], told["out_trade_no"]) == ("1999999999", "P00001")


async def test_there_is_nothing_to_probe_before_it_is_paid() -> None:
    async with stage() as on:
        await on.fields()
        answer = await on.http.post("/control/orders/P00001/probes", json={"variant": "stale"})
        assert answer.status_code == 409
        assert (await on.http.post("/control/orders/P9/probes", json={"variant": "stale"})).status_code == 404


async def test_a_refund_without_an_address_tells_nobody() -> None:
    async with stage() as on:
        await on.paid()
        await on.pay.refund(on.refund())
        refund = on.fake.world.refunds["R1"]
        refund.notify_url = ""
        await on.pass_s(3)
        assert (refund.state, len(on.merchantside.caught)) == ("SUCCESS", 1)
