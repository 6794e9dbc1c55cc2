"""Bills: by header name, yuan to fen without a float, and a complaint that names the line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.infra.wechat.pay_bill import (
    Bill,
    BillMalformed,
    fen_of,
    parse_bill,
    payments_of,
    si_of,
    yuan_of,
)
from tests.support.golden import golden_entries

HEADER = "交易时间,微信订单号,商户订单号,交易状态,应结订单金额,退款金额,订单金额,申请退款金额,商品名称,手续费"
TOTALS = "总交易单数,应结订单总金额,退款总金额,订单总金额,申请退款总金额,手续费总金额"
PAID = "`2026-01-01 08:00:00,`4200,`P1,`SUCCESS,`99.00,`0.00,`100.00,`0.00,`充值, 100 元,`0.54000"
BACK = "`2026-01-01 09:00:00,`4200,`P1,`REFUND,`0.00,`49.50,`0.00,`50.00,`充值, 100 元,`-0.27000"


def text(*rows: str, header: str = HEADER, totals: str = "`2,`99.00,`49.50,`100.00,`50.00,`0.27000") -> str:
    return "\ufeff" + "\r\n".join([header, *rows, TOTALS, totals]) + "\r\n"


def test_a_payment_and_its_refund_with_a_comma_in_the_name() -> None:
    bill = parse_bill(text(PAID, BACK))
    assert bill.disagreements() == []
    assert bill.rows[0]["商品名称"] == "充值, 100 元"
    paid, back = payments_of(bill)
    assert (paid.kind, paid.payment_no, paid.amount_fen, paid.settled_fen, paid.fee_si) == (
        "SUCCESS", "P1", 10_000, 9_900, 54_000,
    )  # fmt: skip
    assert (back.kind, back.amount_fen, back.settled_fen, back.fee_si) == ("REFUND", 5_000, 4_950, -27_000)
    assert paid.at_ms == 1_767_225_600_000


def test_columns_are_found_wherever_they_are() -> None:
    first = next(iter(payments_of(parse_bill(text(PAID)))))
    names, cells = HEADER.split(","), PAID[1:].split(",`")
    turned = text("`" + ",`".join(reversed(cells)), header=",".join(reversed(names)))
    assert next(iter(payments_of(parse_bill(turned)))) == first


def test_totals_that_do_not_fit_are_named() -> None:
    wrong = parse_bill(text(PAID, totals="`2,`99.00,`0.00,`100.01,`0.00,`0.54000")).disagreements()
    assert [complaint.partition(":")[0] for complaint in wrong] == ["订单总金额", "2 rows are said, 1 are there"]


def test_a_fund_flow_bill_is_read_by_the_same_reader() -> None:
    flow = (
        "\ufeff记账时间,资金流水单号,收支类型,收支金额(元)\r\n`2026-01-01 08:00:00,`1,`收入,`100.00\r\n"
        "资金流水总笔数,收入金额\r\n`1,`100.00\r\n"
    )
    bill = parse_bill(flow)
    assert (bill.rows[0]["收支金额(元)"], bill.disagreements()) == ("100.00", [])
    with pytest.raises(BillMalformed, match="not a trade bill"):
        list(payments_of(bill))


@pytest.mark.parametrize(
    ("broken", "word"),
    [
        ("", "0 lines"),
        ("a,b\r\nc,d", "2 lines"),
        (text(PAID.replace(",`0.54000", "")), "line 2: 9 cells under 10"),
        (text(PAID, BACK[1:]), "line 3: does not begin"),
        (text(PAID, header=HEADER.replace("手续费", "商品名称")), "comes twice"),
        (text(PAID, totals="`1"), "line 4: 1 cells"),
    ],
)
def test_a_bill_that_is_none(broken: str, word: str) -> None:
    with pytest.raises(BillMalformed, match=word):
        parse_bill(broken)


def test_a_row_without_a_time_is_named() -> None:
    with pytest.raises(BillMalformed, match="no time"):
        list(payments_of(parse_bill(text(PAID.replace("2026-01-01 08:00:00", "yesterday")))))


@given(st.integers(min_value=-(10**12) + 1, max_value=10**12 - 1))
def test_fen_survive_the_way_there_and_back(fen: int) -> None:
    assert fen_of(yuan_of(fen)) == fen


@pytest.mark.parametrize(
    "amount", ["", " 1.00", "1e2", "NaN", "Infinity", "1,000.00", "0.001", "١", "--1", "1.", "0x1", "9" * 13]
)
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(BillMalformed):
        fen_of(amount)


def test_fees_are_finer_than_a_fen() -> None:
    assert (si_of("0.08000"), si_of("-0.00001"), si_of("3")) == (8_000, -1, 300_000)


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_bill_cut_anywhere_is_refused_or_disagrees(cut: int) -> None:
    (body,) = [entry["body"] for _, entry in golden_entries("wechatpay") if entry["kind"] == "trade_bill_csv"]
    lines = body.split("\r\n")
    del lines[cut]
    bill = parse_bill("\r\n".join(lines))
    assert isinstance(bill, Bill) and bill.disagreements()
