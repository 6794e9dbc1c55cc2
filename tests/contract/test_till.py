"""The provider in memory keeps the contract of every payment channel, so that what is tested on it counts."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from chargecloud.features.payments.channels.contract import PaymentChannel, RawNotice, RefundState
from chargecloud.kernel.clock import ManualClock
from tests.contract.channel import ChannelContract, Provider, Trouble
from tests.support.till import Fault, Till, TillChannel


class TillSide:
    """A till and its channel."""

    payer_id = "payer-1"

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.till = Till(self.clock)
        self.channel: PaymentChannel = TillChannel(self.till)

    async def pay(self, payment_no: str) -> None:
        self.till.pay(payment_no)

    async def finish_refund(self, refund_no: str, state: RefundState) -> None:
        self.till.finish_refund(refund_no, state)

    async def notices(self) -> list[RawNotice]:
        return list(self.till.sent)

    async def trouble(self, operation: str, trouble: Trouble) -> None:
        self.till.faults[operation].append(Fault(trouble.value))


class TestTill(ChannelContract):
    """The twin."""

    def opening(self) -> AbstractAsyncContextManager[Provider]:
        return opened()


@asynccontextmanager
async def opened() -> AsyncIterator[Provider]:
    yield TillSide()
