"""Where providers send their notices. Nobody signs in here: a notice proves itself or is refused."""

from typing import Annotated, cast

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from chargecloud.features.payments import service_desk
from chargecloud.features.payments.channels.catalog import Channels
from chargecloud.features.payments.channels.contract import (
    MAX_NOTICE_BYTES,
    NoticeOutcome,
    NoticeRefused,
    PaymentChannel,
    RawNotice,
)
from chargecloud.features.payments.service_desk import Desk
from chargecloud.infra import telemetry
from chargecloud.infra.http.context import Db
from chargecloud.infra.http.errors import MEDIA_TYPE
from chargecloud.infra.sql.engine import Database
from chargecloud.kernel.errors import ChargeCloudError

notice_routes = APIRouter()
notice_page = APIRouter(include_in_schema=False)
"""The address that was always in the merchant's console, outside of the API."""
WECHAT = "wechat"
_REFUSED: dict[str, object] = {
    "description": "渠道自己格式的拒绝；渠道不存在时为问题文档",
    "content": {
        "application/json": {"schema": {}},
        MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}},
    },
}
ANSWERS: dict[int | str, dict[str, object]] = {
    200: {"description": "已收到，渠道自己的格式"},
    204: {"description": "已收到"},
    "4XX": _REFUSED,
    "5XX": _REFUSED,
}


@notice_routes.post(
    "/payments/notices/{channel}", operation_id="takePaymentNotice", summary="支付渠道回调", responses=ANSWERS
)
async def take_notice(
    channel: Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{1,15}$")], request: Request, db: Db
) -> Response:
    """A provider tells what became of a payment or refund; answered in the provider's own words."""
    return await _taken(request, db, channel)


@notice_page.post("/wx_notify_url", operation_id="wxNotifyUrl")
async def wx_notify_url(request: Request, db: Db) -> Response:
    """WeChat Pay's notices."""
    return await _taken(request, db, WECHAT)


async def _taken(request: Request, db: Database, name: str) -> Response:
    channels = cast(Channels, request.app.state.channels)
    channel = channels.named(name)
    body = await request.body()
    outcome = await _outcome(Desk(db, channels), channel, request, body)
    answer = channel.acknowledge(outcome)
    return Response(answer.body, answer.status, media_type=answer.media_type or None)


async def _outcome(desk: Desk, channel: PaymentChannel, request: Request, body: bytes) -> NoticeOutcome:
    """Whatever is wrong is said in the provider's words, so that it knows whether to send it again. Each is counted."""
    outcome, verdict = await _judged(desk, channel, request, body)
    telemetry.payment_notices.labels(channel.name, verdict).inc()
    return outcome


async def _judged(desk: Desk, channel: PaymentChannel, request: Request, body: bytes) -> tuple[NoticeOutcome, str]:
    if len(body) > MAX_NOTICE_BYTES:
        return NoticeOutcome(taken=False, status=413, message="too large"), "notice_body"
    headers = {name.lower(): value for name, value in request.headers.items()}
    raw = RawNotice(headers=headers, body=body, received_ms=desk.database.clock.now_ms())
    try:
        outcome = await service_desk.take_notice(desk, channel, raw)
    except NoticeRefused as error:
        service_desk.log.info("payments.notice_refused", channel=channel.name, code=error.code, status=error.status)
        return NoticeOutcome(taken=False, status=error.status, message=error.message), error.code
    except ChargeCloudError as error:
        service_desk.log.warning("payments.notice_failed", channel=channel.name, code=error.code, error=error.message)
        return NoticeOutcome(taken=False, status=503, message="try again"), "failed"
    return outcome, outcome.message
