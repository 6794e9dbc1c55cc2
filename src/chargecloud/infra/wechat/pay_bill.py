"""Bills of WeChat Pay: a trade bill or a fund-flow bill as text, read by header name; yuan become fen without a float.

UTF-8 with a byte order mark, CRLF, a header without and cells with a grave accent in front, and two last lines: a
header of totals and the totals.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from chargecloud.kernel.clock import from_local

SI_PER_YUAN = 100_000
_TOTAL_OF = {
    "应结订单总金额": "应结订单金额",
    "退款总金额": "退款金额",
    "充值券退款总金额": "充值券退款金额",
    "手续费总金额": "手续费",
    "订单总金额": "订单金额",
    "申请退款总金额": "申请退款金额",
}
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,5})?")
Row = Mapping[str, str]


class BillMalformed(ValueError):
    """The bill is not what a bill of WeChat Pay looks like; the text names line and column."""


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill as read: rows by header name, and the line of totals."""

    header: Sequence[str]
    rows: Sequence[Row]
    totals: Row

    def disagreements(self) -> list[str]:
        """Totals that differ from the sums of their columns; empty for a bill that came whole."""
        wrong = []
        for total, column in _TOTAL_OF.items():
            if total in self.totals and column in self.header:
                said, summed = si_of(self.totals[total]), sum(si_of(row[column]) for row in self.rows)
                if said != summed:
                    wrong.append(f"{total}: {self.totals[total]} is not the sum of {column}")
        count = next((self.totals[name] for name in ("总交易单数", "资金流水总笔数") if name in self.totals), None)
        if count is not None and si_of(count) != len(self.rows) * SI_PER_YUAN:  # some bills say "45.0"
            wrong.append(f"{count} rows are said, {len(self.rows)} are there")
        return wrong


@dataclass(frozen=True, slots=True)
class BillPayment:
    """A payment or a refund in the trade bill. Amounts in fen, the fee in si, below zero when given back."""

    at_ms: int
    kind: str
    """SUCCESS is a payment, REFUND a refund, REVOKED a payment taken back."""
    appid: str
    mchid: str
    transaction_id: str
    payment_no: str
    refund_id: str
    refund_no: str
    openid: str
    amount_fen: int
    """Paid, or refunded: what the driver was asked for and what the driver is given back, coupons included."""
    settled_fen: int
    """What the merchant is owed for it, or gives back for it: without WeChat's own coupons."""
    currency: str
    refund_state: str
    fee_si: int


def parse_bill(text: str) -> Bill:
    """A bill's text; BillMalformed names the line that does not fit."""
    lines = text.removeprefix("\ufeff").split("\n")
    lines = [line.removesuffix("\r") for line in lines if line.strip()]
    if len(lines) < 3:
        raise BillMalformed(f"{len(lines)} lines; a bill has a header, a second header and totals at least")
    header = lines[0].split(",")
    if len(set(header)) != len(header):
        raise BillMalformed("line 1: a column comes twice")
    totals_header = lines[-2].split(",")
    rows = [_row(header, line, number) for number, line in enumerate(lines[1:-2], 2)]
    return Bill(header, rows, _row(totals_header, lines[-1], len(lines)))


def _row(header: Sequence[str], line: str, number: int) -> Row:
    """Cells are parted by `,` and a grave accent: a product's name may have a comma of its own."""
    if not line.startswith("`"):
        raise BillMalformed(f"line {number}: does not begin with a grave accent")
    cells = [cell.strip() for cell in line[1:].split(",`")]
    if len(cells) != len(header):
        raise BillMalformed(f"line {number}: {len(cells)} cells under {len(header)} headers")
    return dict(zip(header, cells, strict=True))


def payments_of(bill: Bill) -> Iterator[BillPayment]:
    """The rows of a trade bill in our words; a refund's row repeats the payment with its own amounts."""
    needed = (
        "交易时间",
        "微信订单号",
        "商户订单号",
        "交易状态",
        "应结订单金额",
        "订单金额",
        "申请退款金额",
        "退款金额",
    )
    missing = [name for name in needed if name not in bill.header]
    if missing:
        raise BillMalformed(f"not a trade bill: no column {', '.join(missing)}")
    for row in bill.rows:
        refund = row["交易状态"] == "REFUND"
        yield BillPayment(
            at_ms=_moment(row["交易时间"]),
            kind=row["交易状态"],
            appid=row.get("公众账号ID", ""),
            mchid=row.get("商户号", ""),
            transaction_id=row["微信订单号"],
            payment_no=row["商户订单号"],
            refund_id=row.get("微信退款单号", "") if refund else "",
            refund_no=row.get("商户退款单号", "") if refund else "",
            openid=row.get("用户标识", ""),
            amount_fen=fen_of(row["申请退款金额" if refund else "订单金额"]),
            settled_fen=fen_of(row["退款金额" if refund else "应结订单金额"]),
            currency=row.get("货币种类", "CNY"),
            refund_state=row.get("退款状态", "") if refund else "",
            fee_si=si_of(row.get("手续费", "0")),
        )


def fen_of(yuan: str) -> int:
    """ "12.34" as 1234; BillMalformed for anything finer than a fen."""
    si = si_of(yuan)
    fen, rest = divmod(si, SI_PER_YUAN // 100)
    if rest:
        raise BillMalformed(f"{yuan[:20]!r} is finer than a fen")
    return fen


def si_of(yuan: str) -> int:
    """Yuan with up to five decimals as whole 0.00001 yuan; BillMalformed for anything else."""
    if not _AMOUNT.fullmatch(yuan):
        raise BillMalformed(f"{yuan[:20]!r} is no amount in yuan")
    try:
        return int(Decimal(yuan).scaleb(5))
    except InvalidOperation:
        raise BillMalformed(f"{yuan[:20]!r} is no amount in yuan") from None


def yuan_of(fen: int) -> str:
    """1234 as "12.34", the way bills write amounts."""
    return f"{Decimal(fen).scaleb(-2):.2f}"


def _moment(text: str) -> int:
    try:
        return from_local(datetime.fromisoformat(text))
    except ValueError:
        raise BillMalformed(f"{text[:30]!r} is no time such as 2026-01-31 08:00:00") from None
