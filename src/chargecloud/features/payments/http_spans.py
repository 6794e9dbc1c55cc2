"""What lists for finance are narrowed by alike: a span of time, how a number begins, the channel."""

from typing import Annotated

from fastapi import Depends, Query

from chargecloud.features.payments.views import Span
from chargecloud.infra.http.model import MomentIn

ChannelQuery = Annotated[str, Query(pattern=r"^[a-z0-9_]{0,16}$", description="支付渠道")]
Since = Annotated[MomentIn | None, Query(description="从（含）")]
Until = Annotated[MomentIn | None, Query(description="到（不含）")]


def _payments(
    number: Annotated[str, Query(pattern=r"^P?[0-9]{0,22}$", description="支付单号的开头")] = "",
    since: Since = None,
    until: Until = None,
) -> Span:
    return Span(number=number, since_ms=since, until_ms=until)


def _refunds(
    number: Annotated[str, Query(pattern=r"^R?[0-9]{0,22}$", description="退款单号的开头")] = "",
    since: Since = None,
    until: Until = None,
) -> Span:
    return Span(number=number, since_ms=since, until_ms=until)


def _any(
    number: Annotated[str, Query(pattern=r"^[A-Za-z0-9_-]{0,64}$", description="支付单号或退款单号的开头")] = "",
    since: Since = None,
    until: Until = None,
) -> Span:
    return Span(number=number, since_ms=since, until_ms=until)


PaymentSpan = Annotated[Span, Depends(_payments)]
RefundSpan = Annotated[Span, Depends(_refunds)]
AnySpan = Annotated[Span, Depends(_any)]
