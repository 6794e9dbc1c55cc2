"""What a decision about an order gives away: fen the operator had, or was owed by the evidence, and does without."""

from collections.abc import Sequence

import msgspec


class Fees(msgspec.Struct, frozen=True):
    """Electricity and service, apart, in fen; negative ones are paid back."""

    energy_fee_fen: int = 0
    service_fee_fen: int = 0

    @property
    def total_fen(self) -> int:
        return self.energy_fee_fen + self.service_fee_fen


def given_fen(*, charged_fen: int, proposed_fen: Sequence[int], after_fen: int) -> int:
    """How much less is charged in the end than was charged, or than a record would have cost; never negative."""
    return max(max((charged_fen, *proposed_fen)) - after_fen, 0)


def paid_back(charged: Fees, amount_fen: int) -> Fees:
    """A refund of so much as a change of fees: the service fee first, which is the operator's own, then electricity."""
    service_fee_fen = min(amount_fen, charged.service_fee_fen)
    return Fees(service_fee_fen - amount_fen, -service_fee_fen)
