"""Clients of WeChat as a part of a process: they open by themselves, and are closed with it."""

from collections.abc import Iterable

from chargecloud.features.drivers.model_messages import Template
from chargecloud.infra.wechat.app import WechatApp
from chargecloud.main.settings import Settings


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


def message_templates(settings: Settings) -> dict[str, Template]:
    """The subscribe messages that are configured, by notice."""
    return {
        kind: Template(template_id=each.template_id, data=each.data, page=each.page)
        for kind, each in settings.wechat.messages.items()
    }
