"""Notices as messages of the driver's channel: sent, tried again while the channel is away, given up in time."""

from collections.abc import Mapping

import structlog

from chargecloud.features.drivers import model_messages, sql_identities, sql_messages
from chargecloud.features.drivers.messages import Identity
from chargecloud.features.drivers.model_messages import Template
from chargecloud.features.drivers.sql_messages import WaitingMessage
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.wechat.app import SubscribeMessage, WechatApp
from chargecloud.kernel.errors import ChargeCloudError, Refused, TooMany, Unavailable

log = structlog.get_logger("chargecloud.drivers")

AT_ONCE = 50
ONE_TRY_MS = 60_000
SENT, NO_ACCOUNT, NOT_SUBSCRIBED, REFUSED, GIVEN_UP = "sent", "no_account", "not_subscribed", "refused", "given_up"


async def send_due(database: Database, apps: Mapping[str, WechatApp], templates: Mapping[str, Template]) -> int:
    """Send what is due; how many were tried. The network is used between units of work, never inside one."""
    async with database.read() as connection:
        waiting = await sql_messages.due(connection, database.clock.now_ms(), AT_ONCE)
    tried = 0
    for message in waiting:
        async with database.unit() as uow:
            mine = await sql_messages.take(uow, message, uow.now_ms + ONE_TRY_MS)
        if mine:
            tried += 1
            await _try(database, apps, templates, message)
    return tried


async def _try(
    database: Database, apps: Mapping[str, WechatApp], templates: Mapping[str, Template], message: WaitingMessage
) -> None:
    template = templates.get(message.kind)
    async with database.read() as connection:
        known = await sql_identities.identities_of(connection, message.driver_id)
    reachable = [each for each in known if each.appid in apps]
    if template is None or not reachable:
        await _end(database, message, NO_ACCOUNT, None)
        return
    try:
        await _send(apps, template, message, reachable[-1])
    except (Unavailable, TooMany) as error:
        await _postpone(database, message, error)
    except ChargeCloudError as error:
        unwanted = isinstance(error, Refused) and error.code == "wechat_not_subscribed"
        await _end(database, message, NOT_SUBSCRIBED if unwanted else REFUSED, error)
    else:
        await _end(database, message, SENT, None)


async def _send(apps: Mapping[str, WechatApp], template: Template, message: WaitingMessage, to: Identity) -> None:
    await apps[to.appid].send(
        SubscribeMessage(
            openid=to.openid,
            template_id=template.template_id,
            data=model_messages.filled(template, message.facts),
            page=model_messages.fill(template.page, message.facts),
        )
    )


async def _postpone(database: Database, message: WaitingMessage, error: ChargeCloudError) -> None:
    now_ms = database.clock.now_ms()
    at_ms = model_messages.next_try_ms(message.tries + 1, message.created_at_ms, now_ms)
    if at_ms is None:
        await _end(database, message, GIVEN_UP, error)
        return
    async with database.unit() as uow:
        await sql_messages.postpone(uow, message.message_id, at_ms, _errcode(error))


async def _end(database: Database, message: WaitingMessage, state: str, error: ChargeCloudError | None) -> None:
    async with database.unit() as uow:
        await sql_messages.end(uow, message.message_id, state, _errcode(error))
    if state in (REFUSED, GIVEN_UP):
        log.warning("driver.message_failed", kind=message.kind, state=state, code=error.code if error else "")


def _errcode(error: ChargeCloudError | None) -> int | None:
    found = error.facts.get("errcode") if error else None
    return found if isinstance(found, int) else None
