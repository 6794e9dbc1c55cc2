"""The demo's WeChat: a stand-in of its own in the same process, reached over its port as the true one would be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from chargecloud.fake_wechat import config, keys
from chargecloud.fake_wechat.server import FakeWechat
from chargecloud.kernel.clock import Clock
from chargecloud.main.servers import WebServer
from chargecloud.main.settings import Settings
from chargecloud.main.settings_wechat import WechatSettings

HOST = "127.0.0.1"
FOLDER = "fake-wechat"


@asynccontextmanager
async def own_wechat(settings: Settings, clock: Clock) -> AsyncIterator[Settings]:
    """The demo's settings with a WeChat that runs meanwhile."""
    wechat = DemoWechat(settings.data_dir / FOLDER, clock)
    await wechat.start()
    try:
        yield wechat.settings(settings)
    finally:
        await wechat.stop()


class DemoWechat:
    """Started before the platform, because the platform's settings name its port; stopped after it."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._keys = keys.load_or_make(directory, clock.now_ms())
        self.fake = FakeWechat(self._keys, clock, directory=directory)
        self._server = WebServer(self.fake.app, host=HOST, port=0)

    @property
    def base_url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._server.port}"

    async def start(self) -> None:
        """Listen on a port the system chooses."""
        await self._server.start()
        self.fake.world.base_url = self.base_url
        await self.fake.start()

    async def stop(self) -> None:
        """No more notices, then no more answers."""
        await self.fake.stop()
        await self._server.stop()

    def settings(self, settings: Settings) -> Settings:
        """The same settings with this WeChat; notices come to the platform's own plain port."""
        notify_url = f"http://{HOST}:{settings.http.port}/wx_notify_url"
        found = config.values(self._keys, self._directory, base_url=self.base_url, notify_url=notify_url)
        return settings.model_copy(update={"wechat": WechatSettings.model_validate(found)})
