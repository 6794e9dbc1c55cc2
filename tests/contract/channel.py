"""What every payment channel promises. A subclass says how to open one with its provider beside it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

import pytest

from chargecloud.features.payments.channels.contract import (
    ChargeRequest,
    CloseOutcome,
    LineKind,
    NoticeOutcome,
    NoticeRefused,
    PaymentChannel,
    ProviderRefused,
    ProviderSilent,
    ProviderState,
    RawNotice,
    RefundRequest,
    RefundState,
    StatementNotReady,
)
from chargecloud.kernel.clock import ManualClock, local_time

DAY_MS = 86_400_000


class Trouble(StrEnum):
    """What the provider can be told to do to the next request of a kind."""

    LOST = "lost"
    """It is not carried out and not answered."""
    UNHEARD = "unheard"
    """It is carried out and not answered."""


class Provider(Protocol):
    """The other side of a channel, in the hands of a test; `clock` is the provider's and ours."""

    channel: PaymentChannel
    clock: ManualClock
    payer_id: str

    async def pay(self, payment_no: str) -> None:
        """The payer pays."""
        ...

    async def finish_refund(self, refund_no: str, state: RefundState) -> None:
        """A refund comes to its end."""
        ...

    async def notices(self) -> list[RawNotice]:
        """What was sent so far, oldest first, as it would arrive now."""
        ...

    async def trouble(self, operation: str, trouble: Trouble) -> None:
        """Of the next request: "charge", "query", "close", "refund", "query_refund"."""
        ...


Opening = AbstractAsyncContextManager[Provider]


class ChannelContract:
    """Subclasses give `opening`: a context manager with the provider's side and the channel that speaks to it."""

    def opening(self) -> Opening:
        raise AssertionError("a subclass says how a channel is opened")

    @pytest.fixture
    async def provider(self) -> AsyncIterator[Provider]:
        async with self.opening() as opened:
            yield opened

    def wanted(self, provider: Provider, number: int = 1, amount_fen: int = 10_000) -> ChargeRequest:
        return ChargeRequest(
            payment_no=f"P20260101{number:08d}",
            amount_fen=amount_fen,
            description="充值",
            payer_id=provider.payer_id,
            expires_at_ms=provider.clock.now_ms() // 1000 * 1000 + 900_000,
        )

    async def paid(self, provider: Provider, number: int = 1, amount_fen: int = 10_000) -> str:
        request = self.wanted(provider, number, amount_fen)
        await provider.channel.charge(request)
        await provider.pay(request.payment_no)
        return request.payment_no

    async def back(
        self, provider: Provider, payment_no: str, amount_fen: int, *, refund_no: str = "R1000001"
    ) -> RefundRequest:
        found = await provider.channel.query(payment_no)
        return RefundRequest(
            refund_no=refund_no,
            payment_no=payment_no,
            transaction_id=found.transaction_id,
            amount_fen=amount_fen,
            total_fen=found.amount_fen,
            reason="余额退款",
        )

    async def test_it_has_a_name_and_a_title(self, provider: Provider) -> None:
        assert provider.channel.name.isascii() and provider.channel.title

    async def test_a_charge_gives_what_the_client_needs_again_and_again(self, provider: Provider) -> None:
        request = self.wanted(provider)
        for _ in range(2):
            action = await provider.channel.charge(request)
            assert action.fields and all(isinstance(each, str) for each in action.fields.values())
        assert (await provider.channel.query(request.payment_no)).state is ProviderState.UNPAID

    async def test_the_same_number_with_another_amount_is_refused(self, provider: Provider) -> None:
        await provider.channel.charge(self.wanted(provider))
        with pytest.raises(ProviderRefused):
            await provider.channel.charge(self.wanted(provider, amount_fen=10_001))

    async def test_what_nobody_heard_of_is_unknown(self, provider: Provider) -> None:
        assert (await provider.channel.query("P2026010199999999")).state is ProviderState.UNKNOWN
        assert await provider.channel.query_refund("R9999999") is None

    async def test_a_paid_payment_says_how_much_by_whom_and_when(self, provider: Provider) -> None:
        payment_no = await self.paid(provider)
        found = await provider.channel.query(payment_no)
        assert (found.state, found.amount_fen, found.currency) == (ProviderState.PAID, 10_000, "CNY")
        assert found.payer_id == provider.payer_id and found.transaction_id
        assert found.paid_at_ms is not None and abs(found.paid_at_ms - provider.clock.now_ms()) < 2_000

    async def test_a_charge_that_was_paid_is_refused(self, provider: Provider) -> None:
        await self.paid(provider)
        with pytest.raises(ProviderRefused):
            await provider.channel.charge(self.wanted(provider))

    async def test_closing(self, provider: Provider) -> None:
        request = self.wanted(provider)
        await provider.channel.charge(request)
        for _ in range(2):
            assert await provider.channel.close(request.payment_no) is CloseOutcome.CLOSED
        assert (await provider.channel.query(request.payment_no)).state is ProviderState.CLOSED
        with pytest.raises(ProviderRefused):
            await provider.channel.charge(request)

    async def test_what_was_paid_is_not_closed(self, provider: Provider) -> None:
        assert await provider.channel.close(await self.paid(provider)) is CloseOutcome.ALREADY_PAID

    async def test_a_notice_says_what_a_query_says(self, provider: Provider) -> None:
        payment_no = await self.paid(provider)
        (raw,) = await provider.notices()
        notice = provider.channel.read_notice(raw)
        assert notice == provider.channel.read_notice(raw)
        assert notice.payment == await provider.channel.query(payment_no)
        assert notice.notice_id and not notice.misdirected and notice.refund is None

    async def test_no_byte_and_no_header_of_a_notice_can_be_changed(self, provider: Provider) -> None:
        await self.paid(provider)
        (raw,) = await provider.notices()
        step = max(len(raw.body) // 40, 1)
        for at in range(0, len(raw.body), step):
            flipped = raw.body[:at] + bytes([raw.body[at] ^ 1]) + raw.body[at + 1 :]
            self.refuses(provider, RawNotice(headers=raw.headers, body=flipped, received_ms=raw.received_ms))
        for body in (b"", raw.body[:-1], raw.body + b" ", raw.body * 2):
            self.refuses(provider, RawNotice(headers=raw.headers, body=body, received_ms=raw.received_ms))
        self.refuses(provider, RawNotice(headers={}, body=raw.body, received_ms=raw.received_ms))

    async def test_an_old_or_early_notice_is_refused(self, provider: Provider) -> None:
        await self.paid(provider)
        (raw,) = await provider.notices()
        for shift_ms in (-301_000, 301_000, DAY_MS):
            late = RawNotice(headers=raw.headers, body=raw.body, received_ms=raw.received_ms + shift_ms)
            self.refuses(provider, late)

    def refuses(self, provider: Provider, raw: RawNotice) -> None:
        with pytest.raises(NoticeRefused) as refused:
            provider.channel.read_notice(raw)
        assert 400 <= refused.value.status < 600

    async def test_acknowledgements(self, provider: Provider) -> None:
        taken = provider.channel.acknowledge(NoticeOutcome(taken=True))
        assert 200 <= taken.status < 300
        refused = provider.channel.acknowledge(NoticeOutcome(taken=False, status=401, message="签名不符"))
        assert 400 <= refused.status < 600 or b"FAIL" in refused.body

    async def test_a_refund_is_accepted_then_done(self, provider: Provider) -> None:
        payment_no = await self.paid(provider)
        request = await self.back(provider, payment_no, 3_000)
        accepted = await provider.channel.refund(request)
        assert accepted.state in (RefundState.PROCESSING, RefundState.SUCCEEDED)
        await provider.finish_refund(request.refund_no, RefundState.SUCCEEDED)
        done = await provider.channel.query_refund(request.refund_no)
        assert done is not None and (done.state, done.amount_fen) == (RefundState.SUCCEEDED, 3_000)
        assert done.provider_refund_id and done.finished_at_ms is not None
        assert (await provider.channel.query(payment_no)).state is ProviderState.REFUNDED
        told = [provider.channel.read_notice(raw).refund for raw in await provider.notices()]
        assert any(each is not None and each.state is RefundState.SUCCEEDED for each in told)

    @pytest.mark.parametrize("state", [RefundState.CLOSED, RefundState.ABNORMAL])
    async def test_a_refund_that_fails_says_so(self, provider: Provider, state: RefundState) -> None:
        request = await self.back(provider, await self.paid(provider), 3_000)
        await provider.channel.refund(request)
        await provider.finish_refund(request.refund_no, state)
        done = await provider.channel.query_refund(request.refund_no)
        assert done is not None and done.state is state

    async def test_the_same_refund_again_is_one_refund(self, provider: Provider) -> None:
        payment_no = await self.paid(provider)
        request = await self.back(provider, payment_no, 6_000)
        first = await provider.channel.refund(request)
        assert (await provider.channel.refund(request)).provider_refund_id == first.provider_refund_id
        with pytest.raises(ProviderRefused):
            await provider.channel.refund(await self.back(provider, payment_no, 5_000))
        await provider.channel.refund(await self.back(provider, payment_no, 4_000, refund_no="R1000002"))
        with pytest.raises(ProviderRefused):
            await provider.channel.refund(await self.back(provider, payment_no, 1, refund_no="R1000003"))

    async def test_what_was_not_paid_is_not_refunded(self, provider: Provider) -> None:
        request = self.wanted(provider)
        await provider.channel.charge(request)
        unpaid = RefundRequest(
            refund_no="R1000001", payment_no=request.payment_no, transaction_id="", amount_fen=1, total_fen=10_000,
            reason="退款",
        )  # fmt: skip
        with pytest.raises(ProviderRefused):
            await provider.channel.refund(unpaid)

    async def test_silence_is_told_from_refusal_and_the_truth_is_asked_for(self, provider: Provider) -> None:
        payment_no = await self.paid(provider)
        request = await self.back(provider, payment_no, 3_000)
        for trouble in (Trouble.LOST, Trouble.UNHEARD):
            await provider.trouble("refund", trouble)
            with pytest.raises(ProviderSilent):
                await provider.channel.refund(request)
            known = await provider.channel.query_refund(request.refund_no)
            assert (known is None) is (trouble is Trouble.LOST)
        assert (await provider.channel.refund(request)).amount_fen == 3_000

    @pytest.mark.parametrize("operation", ["charge", "query", "close", "query_refund"])
    async def test_every_request_may_stay_unanswered(self, provider: Provider, operation: str) -> None:
        request = self.wanted(provider)
        calls = {
            "charge": lambda: provider.channel.charge(request),
            "query": lambda: provider.channel.query(request.payment_no),
            "close": lambda: provider.channel.close(request.payment_no),
            "query_refund": lambda: provider.channel.query_refund("R1000001"),
        }
        await provider.trouble(operation, Trouble.LOST)
        with pytest.raises(ProviderSilent):
            await calls[operation]()
        await calls[operation]()

    async def test_the_bill_of_a_day(self, provider: Provider) -> None:
        first = await self.paid(provider, 1, 10_000)
        second = await self.paid(provider, 2, 999)
        request = await self.back(provider, first, 3_001)
        await provider.channel.refund(request)
        await provider.finish_refund(request.refund_no, RefundState.SUCCEEDED)
        day = local_time(provider.clock.now_ms()).date()
        with pytest.raises(StatementNotReady):
            await provider.channel.statement(day)
        provider.clock.advance(2 * DAY_MS)
        lines = await provider.channel.statement(day)
        payments = {line.payment_no: line.amount_fen for line in lines if line.kind is LineKind.PAYMENT}
        refunds = {line.refund_no: line.amount_fen for line in lines if line.kind is LineKind.REFUND}
        assert (payments, refunds) == ({first: 10_000, second: 999}, {"R1000001": 3_001})
        assert all(line.transaction_id for line in lines)
        assert await provider.channel.statement(day - timedelta(days=1)) == []
        assert isinstance(day, date)
