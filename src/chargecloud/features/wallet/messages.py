"""What the wallet can be asked, and what it answers.

Whoever asks chooses the id of the transfer. The same id with the same content is a success and moves nothing a second
time; the same id with other content is a Conflict.
"""

from enum import StrEnum

import msgspec

from chargecloud.kernel.message import Event


class Account(StrEnum):
    """The accounts of the ledger; each exists once per owner. Positive: the platform owes the owner."""

    DRIVER_CASH = "driver_cash"
    """What a driver may spend; never negative."""
    DRIVER_GIFT = "driver_gift"
    """What a driver was given on top of top-ups: spent after cash, never paid out; never negative."""
    DRIVER_HELD = "driver_held"
    """What open holds have set aside; never negative."""
    DRIVER_ARREARS = "driver_arrears"
    """What a driver owes, as a negative balance."""
    ENERGY_REVENUE = "energy_revenue"
    """Energy fees an operator earned."""
    SERVICE_REVENUE = "service_revenue"
    """Service fees an operator earned."""
    TOP_UP_CLEARING = "top_up_clearing"
    """Money that came in from outside, as a negative balance; owner 0 is the platform."""
    GIFTS = "gifts"
    """What an operator gave on top of top-ups, as a negative balance; owner 0 is the platform."""
    ADJUSTMENTS = "adjustments"
    """What staff of an operator granted or took by hand."""


class TransferKind(StrEnum):
    """DIRECT moves, HOLD reserves, CAPTURE takes part of a hold and frees the rest, RELEASE frees it."""

    DIRECT = "direct"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """A driver's money: `cash_fen` and `gift_fen` are all of it, `held_fen` of it is set aside, the rest available."""

    driver_id: int
    cash_fen: int
    """Everything but free gifts: free cash, and whatever is held."""
    held_fen: int
    available_fen: int
    """What may be spent: free cash, and gifts."""
    arrears_fen: int
    gift_fen: int = 0
    """Gifts that may be spent."""

    @property
    def refundable_fen(self) -> int:
        """Free cash: what could be paid back at most."""
        return self.available_fen - self.gift_fen


class WalletCommand(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Root of what moves money; its content makes the digest of the transfer."""


class TopUp(WalletCommand, frozen=True, kw_only=True):
    """Money came in from outside. Arrears are paid first, the rest becomes available."""

    driver_id: int
    transfer_id: str
    amount_fen: int
    source: str
    """Where it came from: "counter", "wechat:<number>", …"""
    reason: str = ""
    actor: str = "system"


class PayIn(WalletCommand, frozen=True, kw_only=True):
    """A payment arrived through a provider, with a gift on top or not. Arrears are paid first, by the cash first."""

    driver_id: int
    transfer_id: str
    amount_fen: int
    gift_fen: int = 0
    gift_from: int = 0
    """The operator whose gift it is; 0 is the platform."""
    memo: str = ""


class Freeze(WalletCommand, frozen=True, kw_only=True):
    """Set money aside that is to be paid back, and the gift that goes with it."""

    hold_id: str
    driver_id: int
    cash_fen: int
    gift_fen: int = 0
    reason: str = ""


class PayOut(WalletCommand, frozen=True, kw_only=True):
    """Frozen money has left through the provider; what was frozen beyond `amount_fen` goes back to the giver."""

    hold_id: str
    transfer_id: str
    amount_fen: int
    gift_from: int = 0
    memo: str = ""


class Hold(WalletCommand, frozen=True, kw_only=True):
    """Set money aside, cash before gifts; refused when too little is available or arrears are open."""

    hold_id: str
    driver_id: int
    amount_fen: int
    reason: str = ""


class Capture(WalletCommand, frozen=True, kw_only=True):
    """Take fees from a hold and free the rest; what exceeds the hold comes from cash, then becomes arrears."""

    hold_id: str
    transfer_id: str
    energy_fee_fen: int
    service_fee_fen: int
    operator_id: int
    memo: str = ""


class Release(WalletCommand, frozen=True, kw_only=True):
    """Free a hold without taking anything."""

    hold_id: str
    reason: str = ""


class ToppedUp(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """A driver has more money than before; a running charge may use it."""

    driver_id: int


class Correction(WalletCommand, frozen=True, kw_only=True):
    """Change what a settled charge cost, linked by `memo`; positive fees charge the driver more, negative pay back."""

    transfer_id: str
    driver_id: int
    operator_id: int
    energy_fee_fen: int
    service_fee_fen: int
    memo: str


class Adjustment(WalletCommand, frozen=True, kw_only=True):
    """Staff give (positive) or take (negative) money by hand; they cannot take more than is available."""

    transfer_id: str
    driver_id: int
    operator_id: int
    amount_fen: int
    reason: str
    actor: str


class Posting(msgspec.Struct, frozen=True):
    """One line of a transfer."""

    account: Account
    owner_id: int
    amount_fen: int


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer as it was written; `repeated` when this very request had been carried out before."""

    transfer_id: str
    kind: TransferKind
    driver_id: int
    hold_id: str | None
    postings: tuple[Posting, ...]
    at_ms: int
    repeated: bool = False


class HoldState(StrEnum):
    """An open hold ends exactly once."""

    OPEN = "open"
    CAPTURED = "captured"
    RELEASED = "released"


class HoldInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A hold as it stands."""

    hold_id: str
    driver_id: int
    amount_fen: int
    state: HoldState
    placed_at_ms: int
    ended_at_ms: int | None
    closing_transfer_id: str | None
    gift_fen: int = 0
    """The part of `amount_fen` that was a gift."""


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the ledger proves itself (I1: transfers sum to zero, I2: balances are the sums of their postings)."""

    transfers: int
    postings: int
    drivers: int
    open_holds: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems
