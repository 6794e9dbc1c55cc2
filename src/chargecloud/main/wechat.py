"""Clients of WeChat as a part of a process: they open by themselves, and are closed with it."""

from collections.abc import Iterable

from chargecloud.infra.wechat.app import WechatApp


class WechatPart:
    """The mini programs of a process."""

    def __init__(self, apps: Iterable[WechatApp]) -> None:
        self._apps = tuple(apps)

    async def start(self) -> None:
        """Nothing: a client connects when it is asked for something."""

    async def stop(self) -> None:
        """Close every connection to WeChat."""
        for app in self._apps:
            await app.close()
