"""The demo's WeChat answers on a port of its own, and the platform's settings name it."""

from pathlib import Path

import httpx

from chargecloud.kernel.clock import SystemClock
from chargecloud.main.demo_wechat import DemoWechat, own_wechat
from chargecloud.main.settings import Settings
from chargecloud.main.wechat_pay import WechatPay


async def test_it_runs_and_is_configured(tmp_path: Path) -> None:
    clock = SystemClock()
    async with own_wechat(Settings(data_dir=tmp_path), clock) as settings:
        await used(settings, clock)
    again = DemoWechat(tmp_path / "fake-wechat", clock)
    assert again.settings(Settings()).wechat.mchid == settings.wechat.mchid


async def used(settings: Settings, clock: SystemClock) -> None:
    base = settings.wechat.pay_base_url
    assert settings.wechat.missing_for_pay == ()
    assert settings.wechat.pay_base_url == settings.wechat.web_base_url
    assert settings.wechat.notify_url == "http://127.0.0.1:8080/wx_notify_url"
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{base}/control/world")).json()["appid"] == settings.wechat.appid
    part = WechatPay(settings.wechat, clock)
    assert (await part.channel.query("P00001")).state == "unknown"
    await part.stop()
