"""WeChat Pay out of settings: opened when whole, and a key file that does not work is named by its setting."""

from pathlib import Path

import httpx
import pytest

from chargecloud.features.payments.channels.contract import ProviderState
from chargecloud.kernel.errors import Invalid
from chargecloud.main.settings_wechat import WechatSettings
from chargecloud.main.wechat_pay import WechatPay, missing_words
from tests.support.fake_wechat import BASE, NOTIFY, Stage, merchant_files, stage


def whole(on: Stage, directory: Path, **changes: object) -> WechatSettings:
    key, public = merchant_files(directory)
    keys = on.fake.world.keys
    values: dict[str, object] = {
        "pay_base_url": BASE,
        "appid": keys.appid,
        "app_secret": keys.app_secret,
        "mchid": keys.mchid,
        "mch_serial": keys.merchant.serial.lower(),
        "mch_key_file": key,
        "apiv3_key": keys.apiv3_key,
        "notify_url": NOTIFY,
        "public_key_id": keys.public_key_id,
        "public_key_file": public,
    }
    return WechatSettings.model_validate(values | changes)


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
async def test_the_channel_of_the_settings_talks_to_wechat_pay(tmp_path: Path, mode: str) -> None:
    async with stage(mode=mode) as on:
        changes: dict[str, object] = {"public_key_id": "", "public_key_file": None} if mode == "certificate" else {}
        client = httpx.AsyncClient(transport=httpx.ASGITransport(on.fake.app))
        part = WechatPay(whole(on, tmp_path, **changes), on.clock, client=client)
        await part.start()
        assert (await part.channel.query("P00009")).state is ProviderState.UNKNOWN
        await part.stop()
        assert client.is_closed


async def test_files_that_do_not_work_are_named(tmp_path: Path) -> None:
    async with stage() as on:
        settings = whole(on, tmp_path)
        (tmp_path / "pub_key.pem").write_text("nonsense", "utf-8")
        with pytest.raises(Invalid, match="CHARGECLOUD_WECHAT__PUBLIC_KEY_FILE"):
            WechatPay(settings, on.clock)
        (tmp_path / "apiclient_key.pem").unlink()
        with pytest.raises(Invalid, match="CHARGECLOUD_WECHAT__MCH_KEY_FILE"):
            WechatPay(settings, on.clock)


def test_what_is_missing_is_told_by_variable() -> None:
    given = {"appid": "wx1", "app_secret": "x", "mchid": "1900000001"}
    said = missing_words(WechatSettings.model_validate(given))
    assert said.startswith("CHARGECLOUD_WECHAT__MCH_SERIAL、CHARGECLOUD_WECHAT__MCH_KEY_FILE")
