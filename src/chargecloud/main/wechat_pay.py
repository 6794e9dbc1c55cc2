"""WeChat Pay from settings: the channel, and the part of a process that keeps its certificates fresh."""

import asyncio

import httpx

from chargecloud.features.payments.channels.wechat import WechatChannel
from chargecloud.infra.wechat.pay_client import PayClient
from chargecloud.infra.wechat.pay_crypto import load_private_key, load_public_key
from chargecloud.infra.wechat.pay_http import PayHttp, http_client
from chargecloud.infra.wechat.pay_keys import KeyRing, Merchant, PlatformKey
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Invalid
from chargecloud.main.settings import variable
from chargecloud.main.settings_wechat import WechatSettings


class WechatPay:
    """The channel of one merchant as a part of a process: closed with it, and keeping its keys meanwhile."""

    def __init__(self, settings: WechatSettings, clock: Clock, *, client: httpx.AsyncClient | None = None) -> None:
        """Invalid says which file cannot be used. Only for settings that miss nothing (`missing_for_pay`)."""
        self._client = client or http_client()
        http = PayHttp(self._client, settings.pay_base_url, _merchant(settings), _ring(settings), clock)
        self._pay = PayClient(http)
        self.channel = WechatChannel(
            self._pay, notify_url=settings.notify_url, apiv2_key=settings.apiv2_key.get_secret_value()
        )
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Keep certificates fresh from now on; where a public key is configured there is nothing to load."""
        self._keeping = asyncio.get_running_loop().create_task(self._pay.certificates.keep())

    async def stop(self) -> None:
        """Close every connection to WeChat Pay."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
            self._keeping = None
        await self._client.aclose()


def missing_words(settings: WechatSettings) -> str:
    """Which variables payments still need, for people; empty when nothing is missing."""
    return "、".join(variable(f"wechat.{name}") for name in settings.missing_for_pay)


def _merchant(settings: WechatSettings) -> Merchant:
    try:
        if settings.mch_key_file is None:
            raise ValueError("there is none")
        return Merchant(
            appid=settings.appid,
            mchid=settings.mchid,
            serial_no=settings.mch_serial.upper(),
            private_key=load_private_key(settings.mch_key_file.read_bytes()),
            apiv3_key=settings.apiv3_key.get_secret_value().encode(),
        )
    except (OSError, ValueError) as error:
        raise Invalid(f"wechat.mch_key_file (CHARGECLOUD_WECHAT__MCH_KEY_FILE): {error}", "invalid_settings") from None


def _ring(settings: WechatSettings) -> KeyRing:
    if settings.public_key_file is None:
        return KeyRing()
    try:
        key = load_public_key(settings.public_key_file.read_bytes())
    except (OSError, ValueError) as error:
        raise Invalid(
            f"wechat.public_key_file (CHARGECLOUD_WECHAT__PUBLIC_KEY_FILE): {error}", "invalid_settings"
        ) from None
    return KeyRing([PlatformKey(settings.public_key_id, key)])
