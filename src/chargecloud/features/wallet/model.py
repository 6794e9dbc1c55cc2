"""The ledger's rules, without a database: what each transfer posts, and what it leaves in a wallet.

Whatever reaches a driver's cash or gifts pays arrears first, so a driver never has money and debts at the same time.
Cash is spent before gifts (docs/adr/0035).
"""

import hashlib
from dataclasses import dataclass

import msgspec

from chargecloud.features.wallet.messages import (
    Account,
    Adjustment,
    Capture,
    Correction,
    Freeze,
    PayIn,
    PayOut,
    Posting,
    WalletCommand,
)
from chargecloud.kernel.errors import ChargeCloudError, Invalid, Refused
from chargecloud.kernel.money import yuan_text

PLATFORM = 0
MAX_AMOUNT_FEN = 100_000_000_00
"""One hundred million yuan: above every honest amount, far below what a 64-bit column holds."""
MAX_ID_LENGTH = 80
"""Of an id that a caller chooses; the platform adds a suffix to some."""
MAX_TEXT_LENGTH = 200


class LedgerBroken(ChargeCloudError):
    """A transfer that would not sum to zero: a fault in this program, never in a request."""


@dataclass(frozen=True, slots=True)
class WalletState:
    """What a driver has: spendable cash, money set aside, debts, spendable gifts. None is ever negative."""

    cash_fen: int = 0
    held_fen: int = 0
    arrears_fen: int = 0
    gift_fen: int = 0

    @property
    def available_fen(self) -> int:
        """What may be spent."""
        return self.cash_fen + self.gift_fen

    def after(self, postings: tuple[Posting, ...]) -> "WalletState":
        """The wallet once these are written."""
        cash_fen, held_fen, arrears_fen, gift_fen = self.cash_fen, self.held_fen, self.arrears_fen, self.gift_fen
        for posting in postings:
            if posting.account is Account.DRIVER_CASH:
                cash_fen += posting.amount_fen
            elif posting.account is Account.DRIVER_GIFT:
                gift_fen += posting.amount_fen
            elif posting.account is Account.DRIVER_HELD:
                held_fen += posting.amount_fen
            elif posting.account is Account.DRIVER_ARREARS:
                arrears_fen -= posting.amount_fen
        return WalletState(cash_fen=cash_fen, held_fen=held_fen, arrears_fen=arrears_fen, gift_fen=gift_fen)


@dataclass(frozen=True, slots=True)
class Held:
    """What a hold has set aside: all of it, and the part that was a gift."""

    amount_fen: int
    gift_fen: int = 0

    @property
    def cash_fen(self) -> int:
        return self.amount_fen - self.gift_fen


def digest(command: WalletCommand) -> str:
    """What tells a repeated request from another one under the same id."""
    return hashlib.sha256(msgspec.json.encode(command)).hexdigest()


def check_id(name: str, value: str) -> None:
    """An id chosen by a caller fits its column and can be read."""
    if not value or len(value) > MAX_ID_LENGTH or not value.isascii() or not value.isprintable():
        raise Invalid(f"{name} 须为 1 至 {MAX_ID_LENGTH} 个可见 ASCII 字符", "invalid_transfer_id", field=name)


def fitting(text: str) -> str:
    """A memo that fits its column; one that does not is refused rather than cut."""
    if len(text) > MAX_TEXT_LENGTH:
        raise Invalid(f"说明最多 {MAX_TEXT_LENGTH} 个字符", "text_too_long", length=len(text))
    return text


def check_amount(name: str, amount_fen: int, least: int = 1) -> None:
    """An amount of honest size."""
    if not least <= amount_fen <= MAX_AMOUNT_FEN:
        raise Invalid(
            f"{name} 须在 {least} 至 {MAX_AMOUNT_FEN} 分之间",
            "invalid_amount",
            field=name,
            amount_fen=amount_fen,
        )


def balanced(*postings: Posting) -> tuple[Posting, ...]:
    """The lines that move something; they must sum to zero."""
    total = sum(posting.amount_fen for posting in postings)
    if total:
        raise LedgerBroken("a transfer does not sum to zero", "ledger_broken", total_fen=total)
    return tuple(posting for posting in postings if posting.amount_fen)


def top_up(state: WalletState, driver_id: int, amount_fen: int) -> tuple[Posting, ...]:
    """Money from outside."""
    return balanced(
        Posting(Account.TOP_UP_CLEARING, PLATFORM, -amount_fen), *_credit(state.arrears_fen, driver_id, amount_fen)
    )


def pay_in(state: WalletState, command: PayIn) -> tuple[Posting, ...]:
    """Money through a provider, and the gift that goes with it."""
    return balanced(
        Posting(Account.TOP_UP_CLEARING, PLATFORM, -command.amount_fen),
        Posting(Account.GIFTS, command.gift_from, -command.gift_fen),
        *_credit(state.arrears_fen, command.driver_id, command.amount_fen, command.gift_fen),
    )


def hold(driver_id: int, held: Held) -> tuple[Posting, ...]:
    """Money set aside."""
    return balanced(
        Posting(Account.DRIVER_CASH, driver_id, -held.cash_fen),
        Posting(Account.DRIVER_GIFT, driver_id, -held.gift_fen),
        Posting(Account.DRIVER_HELD, driver_id, held.amount_fen),
    )


def to_hold(state: WalletState, amount_fen: int) -> Held:
    """What a hold takes of what there is, cash first. Refused "arrears" or "balance_low"."""
    if state.arrears_fen:
        raise arrears_open(state.arrears_fen)
    if state.available_fen < amount_fen:
        raise balance_low(available_fen=state.available_fen, needed_fen=amount_fen)
    return Held(amount_fen, amount_fen - min(state.cash_fen, amount_fen))


def to_freeze(state: WalletState, command: Freeze) -> Held:
    """What a refund sets aside, exactly as it says. Refused "balance_low"."""
    if command.cash_fen > state.cash_fen or command.gift_fen > state.gift_fen:
        raise balance_low(available_fen=state.cash_fen, needed_fen=command.cash_fen)
    return Held(command.cash_fen + command.gift_fen, command.gift_fen)


def pay_out(driver_id: int, held: Held, command: PayOut) -> tuple[Posting, ...]:
    """Frozen money leaves; the rest of the hold goes back to whose gift it was."""
    return balanced(
        Posting(Account.DRIVER_HELD, driver_id, -held.amount_fen),
        Posting(Account.TOP_UP_CLEARING, PLATFORM, command.amount_fen),
        Posting(Account.GIFTS, command.gift_from, held.amount_fen - command.amount_fen),
    )


def release(state: WalletState, driver_id: int, held: Held) -> tuple[Posting, ...]:
    """A hold freed: cash stays cash, a gift stays a gift."""
    return balanced(
        Posting(Account.DRIVER_HELD, driver_id, -held.amount_fen),
        *_credit(state.arrears_fen, driver_id, held.cash_fen, held.gift_fen),
    )


def capture(state: WalletState, driver_id: int, held: Held, command: Capture) -> tuple[Posting, ...]:
    """Fees taken from a hold, its cash first: the rest is freed, an excess comes from what is free, then is arrears."""
    fees_fen = command.energy_fee_fen + command.service_fee_fen
    cash_fen = max(held.cash_fen - fees_fen, 0)
    gift_fen = held.gift_fen - max(min(fees_fen - held.cash_fen, held.gift_fen), 0)
    excess_fen = max(fees_fen - held.amount_fen, 0)
    return balanced(
        Posting(Account.DRIVER_HELD, driver_id, -held.amount_fen),
        *(
            _take(state, driver_id, excess_fen)
            if excess_fen
            else _credit(state.arrears_fen, driver_id, cash_fen, gift_fen)
        ),
        Posting(Account.ENERGY_REVENUE, command.operator_id, command.energy_fee_fen),
        Posting(Account.SERVICE_REVENUE, command.operator_id, command.service_fee_fen),
    )


def correct(state: WalletState, command: Correction) -> tuple[Posting, ...]:
    """What a settled charge cost, changed afterwards."""
    return balanced(
        *_settle(state, command.driver_id, -(command.energy_fee_fen + command.service_fee_fen)),
        Posting(Account.ENERGY_REVENUE, command.operator_id, command.energy_fee_fen),
        Posting(Account.SERVICE_REVENUE, command.operator_id, command.service_fee_fen),
    )


def adjust(state: WalletState, command: Adjustment) -> tuple[Posting, ...]:
    """Money given or taken by hand; taking never makes debts."""
    if -command.amount_fen > state.cash_fen:
        raise balance_low(available_fen=state.cash_fen, needed_fen=-command.amount_fen)
    return balanced(
        Posting(Account.ADJUSTMENTS, command.operator_id, -command.amount_fen),
        *_settle(state, command.driver_id, command.amount_fen),
    )


def balance_low(*, available_fen: int, needed_fen: int) -> Refused:
    """Too little money, with both amounts."""
    return Refused(
        f"可用余额 {yuan_text(available_fen)} 元，需要 {yuan_text(needed_fen)} 元，请先充值",
        "balance_low",
        available_fen=available_fen,
        needed_fen=needed_fen,
    )


def arrears_open(arrears_fen: int) -> Refused:
    """Debts come before the next charge."""
    return Refused(
        f"有 {yuan_text(arrears_fen)} 元欠费未结清，请先充值",
        "arrears",
        arrears_fen=arrears_fen,
    )


def _settle(state: WalletState, driver_id: int, change_fen: int) -> tuple[Posting, ...]:
    """A driver's side of a movement: gains pay arrears first, losses beyond the cash become arrears."""
    if change_fen >= 0:
        return _credit(state.arrears_fen, driver_id, change_fen)
    return _take(state, driver_id, -change_fen)


def _take(state: WalletState, driver_id: int, amount_fen: int) -> tuple[Posting, ...]:
    """So much from what is free: cash, then gifts, then debts."""
    cash_fen = min(state.cash_fen, amount_fen)
    gift_fen = min(state.gift_fen, amount_fen - cash_fen)
    return (
        Posting(Account.DRIVER_CASH, driver_id, -cash_fen),
        Posting(Account.DRIVER_GIFT, driver_id, -gift_fen),
        Posting(Account.DRIVER_ARREARS, driver_id, cash_fen + gift_fen - amount_fen),
    )


def _credit(arrears_fen: int, driver_id: int, cash_fen: int, gift_fen: int = 0) -> tuple[Posting, ...]:
    by_cash_fen = min(arrears_fen, cash_fen)
    by_gift_fen = min(arrears_fen - by_cash_fen, gift_fen)
    return (
        Posting(Account.DRIVER_ARREARS, driver_id, by_cash_fen + by_gift_fen),
        Posting(Account.DRIVER_CASH, driver_id, cash_fen - by_cash_fen),
        Posting(Account.DRIVER_GIFT, driver_id, gift_fen - by_gift_fen),
    )
