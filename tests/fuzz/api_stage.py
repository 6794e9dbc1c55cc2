"""Where the API is fuzzed: one furnished database, copied anew for each operation, and people of four kinds."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chargecloud.features.drivers import service as drivers
from chargecloud.features.operators import service as operators
from chargecloud.features.operators.messages import Role
from chargecloud.features.operators.service_passwords import hash_password
from chargecloud.features.operators.sql_staff import set_staff
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.kernel.clock import ManualClock
from tests.support.api import Api
from tests.support.belongings import Belongings, furnish
from tests.support.database import make_template, opened
from tests.support.till import Till, TillChannel
from tests.support.wechat import APPID, WechatStub, phone

CALLERS = ("administrator", "dispatcher", "driver", "nobody")
PASSWORD = "on-this-stage-7"
"""Of all staff; short enough for a card as well."""


async def no_frames(_code: str, _before_id: int | None, _limit: int) -> list[dict[str, object]]:
    """Nobody ever called."""
    return []


class AnyCode(dict[str, dict[str, Any]]):
    """WeChat knows every code there is, each time as the same person."""

    def __init__(self, known: dict[str, Any]) -> None:
        super().__init__()
        self._known = known

    def pop(self, _code: str, *_: object) -> dict[str, Any]:
        return self._known


def state(clock: ManualClock) -> dict[str, object]:
    """What is outside of the platform: a WeChat and a provider in memory that always answer, and no frames."""
    wechat = WechatStub(codes=AnyCode({"openid": "oFuzz"}), phones=AnyCode(phone("13912345678")))
    return {
        "frame_reader": no_frames,
        "wechat_apps": {APPID: wechat.app(clock)},
        "channels": Channels(TillChannel(Till(clock), "fake")),
    }


@dataclass(frozen=True)
class Stage:
    """A database with something of every kind, and the tokens that open it."""

    template: Path
    belongings: Belongings
    tokens: Mapping[str, str]
    document: Mapping[str, Any]

    @asynccontextmanager
    async def api(self, name: str) -> AsyncIterator[Api]:
        """The API over a fresh copy."""
        path = self.template.with_name(f"{name}.db")
        shutil.copyfile(self.template, path)
        clock = ManualClock()
        async with opened(path, clock=clock) as database, Api.over(database, clock, state=state(clock)) as api:
            yield api
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink()


def build(directory: Path) -> Stage:
    """Furnish the database; takes a second."""
    return asyncio.run(_build(directory / "stage.db"))


async def _build(path: Path) -> Stage:
    make_template(path)
    clock = ManualClock()
    async with opened(path, clock=clock) as database, Api.over(database, clock, state=state(clock)) as api:
        async with database.unit() as uow:
            await operators.require_default_operator(uow)
        boss, dispatcher = await api.staff(Role.ADMINISTRATOR), await api.staff(Role.DISPATCHER)
        password_hash = await hash_password(PASSWORD, username="nobody", role=Role.DISPATCHER)
        async with database.unit() as uow:
            for member in (boss, dispatcher):
                await set_staff(uow, member.id, password_hash=password_hash)
        belongings = await furnish(boss, database, operator_id=1, number=1, mark="甲方")
        async with database.unit() as uow:
            token = (await drivers.issue_token(uow, belongings.ids["driver_id"])).token
        document = api.document()
    tokens = {"administrator": boss.token, "dispatcher": dispatcher.token, "driver": token}
    return Stage(path, belongings, tokens, document)
