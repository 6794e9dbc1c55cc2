"""Notices as subscribe messages: only where one is configured, once, again while WeChat is away, and not for ever."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from chargecloud.features.drivers import service as drivers
from chargecloud.features.drivers import service_identity, sql_messages
from chargecloud.features.drivers.jobs import forget_messages, message_jobs
from chargecloud.features.drivers.messages import Identity
from chargecloud.features.drivers.model_messages import RETRY_AFTER_MS, Template
from chargecloud.features.drivers.service_messages import send_due
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.clock import ManualClock
from tests.support.wechat import APPID, WechatStub
from tests.support.world import KWH, MINUTE_MS, World, answered, record, sample

SEND = "/cgi-bin/message/subscribe/send"
TEMPLATES = {
    "order_ended": Template(
        template_id="TPL-ENDED", data={"amount1": "{total_yuan}元", "time2": "{at}"}, page="pages/order?no={order_no}"
    )
}


class Mail:
    """A driver with a WeChat account, and the job that writes to them."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.wechat = WechatStub()
        self.apps = {APPID: self.wechat.app(clock)}

    async def sign_in(self, openid: str = "oA") -> int:
        wanted = service_identity.SignIn(
            identity=Identity(channel="wechat", appid=APPID, openid=openid), device_id="device-phone", operator_id=1
        )
        async with self.database.unit() as uow:
            return (await service_identity.sign_in(uow, wanted)).session.driver.driver_id

    async def notice(self, driver_id: int, kind: str = "order_ended") -> None:
        async with self.database.unit() as uow:
            drivers.notice(uow, driver_id, kind, {"order_no": "O1", "total_fen": 1234})

    async def run(self) -> int:
        return await send_due(self.database, self.apps, TEMPLATES)

    async def states(self) -> list[tuple[str, int, int | None]]:
        c = sql_messages.messages.c
        async with self.database.read() as connection:
            rows = await connection.execute(select(c.state, c.tries, c.errcode).order_by(c.id))
            return [tuple(row) for row in rows]


@pytest.fixture
def mail(database: Database, clock: ManualClock) -> Mail:
    database.options = replace(database.options, message_kinds=frozenset(TEMPLATES))
    return Mail(database, clock)


async def test_a_notice_is_sent_once(mail: Mail) -> None:
    await mail.notice(await mail.sign_in())
    assert await mail.run() == 1
    assert await mail.run() == 0
    (sent,) = mail.wechat.of(SEND)
    assert (sent["touser"], sent["template_id"], sent["page"]) == ("oA", "TPL-ENDED", "pages/order?no=O1")
    assert sent["data"] == {"amount1": {"value": "12.34元"}, "time2": {"value": "2026-01-01 08:00"}}
    assert await mail.states() == [("sent", 1, None)]


async def test_what_no_template_is_for_is_only_pushed(mail: Mail) -> None:
    await mail.notice(await mail.sign_in(), "balance_low")
    assert await mail.states() == []


async def test_a_driver_without_an_account_gets_none(mail: Mail, database: Database) -> None:
    async with database.unit() as uow:
        driver = await drivers.create_driver(uow, drivers.NewDriver(name="李雷"))
    await mail.notice(driver.driver_id)
    await mail.run()
    assert await mail.states() == [("no_account", 1, None)] and mail.wechat.of(SEND) == []


@pytest.mark.parametrize(("errcode", "state"), [(43101, "not_subscribed"), (47003, "refused"), (40037, "refused")])
async def test_what_wechat_refuses_is_not_sent_again(mail: Mail, errcode: int, state: str) -> None:
    mail.wechat.says[SEND] = [{"errcode": errcode, "errmsg": "no"}]
    await mail.notice(await mail.sign_in())
    await mail.run()
    assert await mail.states() == [(state, 1, errcode)]
    assert await mail.run() == 0


async def test_while_wechat_is_away_it_is_tried_again_and_then_given_up(mail: Mail, clock: ManualClock) -> None:
    mail.wechat.fails[SEND] = 500
    await mail.notice(await mail.sign_in())
    for number, wait_ms in enumerate(RETRY_AFTER_MS, 1):
        assert await mail.run() == 1
        assert await mail.run() == 0, "not before its time"
        assert await mail.states() == [("waiting", number, None)]
        clock.advance(wait_ms)
    await mail.run()
    assert await mail.states() == [("given_up", 4, None)]


async def test_it_arrives_when_wechat_is_back(mail: Mail, clock: ManualClock) -> None:
    mail.wechat.says[SEND] = [{"errcode": -1, "errmsg": "busy"}]
    await mail.notice(await mail.sign_in())
    await mail.run()
    clock.advance(RETRY_AFTER_MS[0])
    await mail.run()
    assert await mail.states() == [("sent", 2, None)]


async def test_two_workers_send_it_once(mail: Mail, database: Database, clock: ManualClock) -> None:
    await mail.notice(await mail.sign_in())
    async with database.read() as connection:
        (message,) = await sql_messages.due(connection, clock.now_ms(), 10)
    async with database.unit() as uow:
        assert await sql_messages.take(uow, message, uow.now_ms + 1)
        assert not await sql_messages.take(uow, message, uow.now_ms + 1)


async def test_old_messages_are_forgotten(mail: Mail, database: Database, clock: ManualClock) -> None:
    await mail.notice(await mail.sign_in())
    clock.advance(29 * 86_400_000)
    await forget_messages(database)
    assert len(await mail.states()) == 1
    clock.advance(2 * 86_400_000)
    await forget_messages(database)
    assert await mail.states() == []


async def test_the_job_is_there_only_with_an_app_and_a_template(mail: Mail, database: Database) -> None:
    assert message_jobs({}, TEMPLATES) == () and message_jobs(mail.apps, {}) == ()
    (job,) = message_jobs(mail.apps, TEMPLATES)
    await mail.notice(await mail.sign_in())
    await job.run(database)
    assert await mail.states() == [("sent", 1, None)]


async def told(world: World) -> list[tuple[str, dict[str, object]]]:
    """Notices from now on, by kind."""
    import msgspec

    found: list[tuple[str, dict[str, object]]] = []

    def listen(topic: str, patch: bytes) -> None:
        values = msgspec.json.decode(patch)
        if topic == f"driver:{world.driver_id}" and values.get("cmd") == "notice":
            found.append((values["msg"]["kind"], values["msg"]))

    world.database._broadcast = listen
    return found


async def test_a_charge_tells_that_money_runs_low_and_that_it_ended(world: World) -> None:
    notices = await told(world)
    order = await world.place()
    await world.say(answered(order.session_no))
    energy_mwh = 0
    while not notices:
        world.clock.advance(5 * MINUTE_MS)
        energy_mwh += 5 * KWH
        await world.say(sample(order.session_no, energy_mwh))
    ((kind, facts),) = notices
    assert kind == "balance_low" and 0 < int(str(facts["available_fen"])) <= order.hold_fen // 5
    world.clock.advance(MINUTE_MS)
    await world.say(sample(order.session_no, energy_mwh + 1000))
    assert len(notices) == 1, "once for each amount that is held"
    await world.say(record(order.session_no, (0, 0, energy_mwh, 0)))
    assert [kind for kind, _ in notices] == ["balance_low", "order_ended"]
    assert notices[-1][1]["order_no"] == order.order_no
