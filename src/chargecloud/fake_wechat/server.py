"""The stand-in as one application and one ticking part: wired here, listened to elsewhere."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from chargecloud.fake_wechat import app_http, cashier, control, keys
from chargecloud.fake_wechat.agenda import Agenda
from chargecloud.fake_wechat.bills import Bills
from chargecloud.fake_wechat.clock import MovableClock
from chargecloud.fake_wechat.faults import Faults
from chargecloud.fake_wechat.keys import Keys
from chargecloud.fake_wechat.notices import ANSWER_WITHIN_S, Notifier, Send
from chargecloud.fake_wechat.pages import page
from chargecloud.fake_wechat.pay_http import PayApi
from chargecloud.fake_wechat.world import World
from chargecloud.kernel.clock import Clock

TICK_S = 0.05
DEMO_PEOPLE = ("王小电", "李大桩", "张一度")
LOCAL_PAGES = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
"""Whose pages may call cashier and control from a browser: those of this machine."""


class FakeWechat:
    """WeChat and WeChat Pay for one merchant. `app` answers; between `start` and `stop` what is due is done."""

    def __init__(
        self,
        known: Keys,
        clock: Clock,
        *,
        base_url: str = "http://127.0.0.1:9780",
        speed: float = 1.0,
        directory: Path | None = None,
        send: Send | None = None,
    ) -> None:
        """`directory` keeps the keys when they are rotated. `send` delivers notices; by default over HTTP."""
        self.world = World(keys=known, clock=MovableClock(clock), base_url=base_url.rstrip("/"), speed=speed)
        for name in DEMO_PEOPLE:
            self.world.person(name)
        self.agenda, self.faults = Agenda(), Faults()
        self._client: httpx.AsyncClient | None = None
        self.notifier = Notifier(self.world, self.agenda, self.faults, send or self._post)
        self.pay = PayApi(self.world, self.agenda, self.faults, Bills(self.world), self.notifier)
        self.app = self._application((lambda: keys.save(known, directory)) if directory else (lambda: None))
        self._ticking: asyncio.Task[None] | None = None

    def _application(self, save: Callable[[], None]) -> FastAPI:
        app = FastAPI(title="fake WeChat", docs_url=None, redoc_url=None, openapi_url="/control/openapi.json")
        app.add_middleware(
            CORSMiddleware,
            allow_origin_regex=LOCAL_PAGES,
            allow_methods=["GET", "POST"],
            allow_headers=["content-type"],
        )
        app.include_router(cashier.router(self.world, self.notifier))
        app.include_router(control.router(self.pay, save))
        app.router.routes.extend([*app_http.routes(self.world), *self.pay.routes()])

        @app.get("/connect", include_in_schema=False)
        async def connect() -> Response:
            return page("connect.html")

        @app.get("/healthz", include_in_schema=False)
        async def healthz() -> dict[str, str]:
            return {"status": "alive", "service": "fake-wechat"}

        return app

    async def start(self) -> None:
        """From now on refunds arrive and notices are repeated."""
        self._client = httpx.AsyncClient(timeout=ANSWER_WITHIN_S, follow_redirects=False, trust_env=False)
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    async def stop(self) -> None:
        """No more."""
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
            self._ticking = None
        await self.notifier.stop()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _tick(self) -> None:
        while True:
            self.agenda.run(self.world.now_ms())
            await asyncio.sleep(TICK_S)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        if self._client is None:
            return 0
        try:
            answer = await self._client.post(url, content=body, headers=dict(headers))
        except httpx.HTTPError:
            return 0
        return answer.status_code
