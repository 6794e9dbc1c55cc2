"""Canaries: keys, secrets, signatures and openids of a whole run are in no log line, no error and no representation."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from chargecloud.features.payments.channels.contract import (
    NoticeRefused,
    ProviderRefused,
    ProviderSilent,
    RawNotice,
)
from chargecloud.infra import telemetry
from chargecloud.kernel.clock import SystemClock
from chargecloud.main.wechat_pay import WechatPay
from tests.contract.channel import ChannelContract
from tests.contract.test_channel_wechat import WechatSide, opened, paid
from tests.unit.main.test_wechat_pay import whole


@pytest.fixture(autouse=True)
def _told_everything() -> Iterator[None]:
    before, handlers, level = structlog.get_config(), logging.root.handlers[:], logging.root.level
    telemetry.set_up_log("debug", "json", SystemClock())
    logging.root.setLevel(logging.DEBUG)
    yield
    structlog.configure(**before)
    logging.root.handlers[:], logging.root.level = handlers, level


async def everything(side: WechatSide) -> list[str]:
    """Every call and notice, good and bad; what the errors said."""
    said: list[str] = []
    contract = ChannelContract()
    payment_no = await paid(side)
    for variant in ("stale", "tampered", "signtest", "unknown_serial", "other_merchant"):
        await side.on.post(f"/control/orders/{payment_no}/probes", {"variant": variant})
    for raw in await side.notices():
        for body in (raw.body, raw.body[:-1]):
            given = RawNotice(headers=raw.headers, body=body, received_ms=raw.received_ms)
            try:
                said.append(side.channel.read_notice(given).notice_id)
            except NoticeRefused as error:
                said.append(f"{error} {error.facts}")
    for kind in ("500", "429", "bad_signature", "timeout"):
        await side.on.post("/control/faults", {"at": "call", "kind": kind, "seconds": 0})
        try:
            await side.channel.refund(await contract.back(side, payment_no, 1))
        except (ProviderRefused, ProviderSilent) as error:
            said.append(f"{error} {error.facts}")
    return said


async def test_no_canary_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    async with opened("certificate") as side:
        said = await everything(side)
        keys = side.on.fake.world.keys
        settings = whole(side.on, tmp_path)
        shown = f"{settings!r} {WechatPay(settings, side.clock).channel!r} {side.wechat._pay!r} {keys!r}"
        numbers = keys.merchant.key.private_numbers()
        canaries = {
            "APIv3 key": keys.apiv3_key,
            "AppSecret": keys.app_secret,
            "private key": str(numbers.d),
            "private key in hex": f"{numbers.d:x}"[:40],
            "openid": side.payer_id,
            "signature of a notice": side.on.merchantside.caught[0].headers["wechatpay-signature"][:40],
        }
        assert len(said) > 10
        told = capsys.readouterr().err
        assert "wechat_pay.attempt_failed" in told
        everywhere = " ".join([told, *said, shown])
        assert [name for name, canary in canaries.items() if canary in everywhere] == []
