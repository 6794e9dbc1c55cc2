"""Dead tokens and old messages are forgotten; messages to drivers are sent."""

from collections.abc import Mapping
from functools import partial

from chargecloud.features.drivers import service_messages, sql, sql_messages
from chargecloud.features.drivers.model_messages import Template
from chargecloud.infra.schedule.contract import Job
from chargecloud.infra.sql.engine import Database
from chargecloud.infra.wechat.app import WechatApp

KEEP_MESSAGES_MS = 30 * 86_400_000


async def forget_tokens(database: Database) -> None:
    """Remove tokens that nobody used for seven days or that were revoked."""
    async with database.unit() as uow:
        await sql.prune_tokens(uow)


async def forget_messages(database: Database) -> None:
    """Remove messages of more than thirty days ago."""
    async with database.unit() as uow:
        await sql_messages.forget(uow, uow.now_ms - KEEP_MESSAGES_MS)


JOBS = (
    Job("drivers.forget_tokens", 3600, forget_tokens),
    Job("drivers.forget_messages", 3600, forget_messages),
)


def message_jobs(apps: Mapping[str, WechatApp], templates: Mapping[str, Template]) -> tuple[Job, ...]:
    """The job that sends messages, where there are a mini program and a template."""
    if not apps or not templates:
        return ()
    return (Job("drivers.send_messages", 5, partial(_send, apps, templates)),)


async def _send(apps: Mapping[str, WechatApp], templates: Mapping[str, Template], database: Database) -> None:
    await service_messages.send_due(database, apps, templates)
