"""Clients of WeChat end with the process, and there is none without a mini program."""

import pytest

from chargecloud.kernel.clock import ManualClock
from chargecloud.main.settings import Settings
from chargecloud.main.wechat import WechatPart
from chargecloud.main.wiring import open_wechat_apps
from tests.support.wechat import APPID, SECRET


async def test_the_configured_mini_program_is_opened_and_closed(clock: ManualClock) -> None:
    settings = Settings.model_validate({"wechat": {"appid": APPID, "app_secret": SECRET, "version": "trial"}})
    apps = open_wechat_apps(settings, clock)
    assert list(apps) == [APPID] and apps[APPID].options.version == "trial"
    part = WechatPart(apps.values())
    await part.start()
    await part.stop()
    assert apps[APPID]._client.is_closed


def test_without_appid_there_is_none(clock: ManualClock) -> None:
    assert open_wechat_apps(Settings(), clock) == {}


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"appid": APPID}, "belong together"),
        ({"app_secret": SECRET}, "belong together"),
        ({"bare_openid": True}, "needs appid"),
        ({"bare_openid": True, "appid": APPID, "app_secret": SECRET, "mchid": "1230000109"}, "anybody"),
        ({"app_base_url": "https://api.weixin.qq.com/path"}, "match pattern"),
    ],
)
def test_what_is_unsafe_or_half_does_not_start(fields: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word) as caught:
        Settings.model_validate({"wechat": fields})
    assert SECRET not in str(caught.value)
