"""What stands in the cells of a file, and what may be asked for."""

from decimal import Decimal

import pytest

from chargecloud.features.alarms.messages import AlarmLevel, AlarmState
from chargecloud.features.exports import model
from chargecloud.features.exports.messages import Format, Language, Texts, Wanted
from chargecloud.features.exports.model_lists import LISTS
from chargecloud.features.exports.model_words import TITLES, WORDS
from chargecloud.features.operators.messages import Role
from chargecloud.features.orders.messages import OrderState
from chargecloud.features.payments.messages import CaseState, PaymentState, Purpose, RefundKind, Standing
from chargecloud.features.sessions.messages import SessionState
from chargecloud.kernel.errors import Invalid

ZH, EN = Language.CHINESE, Language.ENGLISH
KINDS = {
    "orders.state": OrderState,
    "sessions.state": SessionState,
    "payments.state": PaymentState,
    "payments.purpose": Purpose,
    "refunds.standing": Standing,
    "refunds.kind": RefundKind,
    "payment-cases.state": CaseState,
    "alarms.level": AlarmLevel,
    "alarms.state": AlarmState,
    "staff.role": Role,
}


def want(name: str = "orders", columns: Texts | None = None, **filters: str) -> Wanted:
    return Wanted(list=name, format=Format.CSV, language=ZH, filters=filters, columns=columns or [])


@pytest.mark.parametrize(
    ("field", "value", "zh"),
    [
        ("total_fen", -1234, Decimal("-12.34")),
        ("energy_mwh", 12_345_600, Decimal("12.3456")),
        ("rated_power_w", 120_000, Decimal("120.000")),
        ("latitude_udeg", -31_230_400, Decimal("-31.230400")),
        ("placed_at", "2026-01-01T08:00:05.120+08:00", "2026-01-01 08:00:05"),
        ("amount_yuan", "1.2345", Decimal("1.2345")),
        ("frozen", True, "是"),
        ("state", "settled", "已结算"),
        ("state", "made up", "made up"),
        ("flags", ["clock", "late"], "clock、late"),
        ("facts", {"a": 1}, '{"a":1}'),
        ("facts", {}, ""),
        ("refund_fen", None, ""),
        ("driver_id", 5, 5),
    ],
)
def test_cells(field: str, value: object, zh: object) -> None:
    assert model.cell(LISTS["orders"], field, value, ZH) == zh


def test_english_cells() -> None:
    assert model.cell(LISTS["orders"], "frozen", False, EN) == "no"
    assert model.cell(LISTS["orders"], "flags", ["a", "b"], EN) == "a, b"
    assert model.cell(LISTS["orders"], "method", "card", EN) == "card"
    assert model.titles(["order_no", "total_fen"], EN) == ["Order", "Total (yuan)"]


def test_every_column_has_a_title_and_every_word_a_value() -> None:
    columns = {column for each in LISTS.values() for column in each.columns}
    assert columns == set(TITLES)
    for name, kind in KINDS.items():
        assert set(WORDS[name]) <= {each.value for each in kind}, name


def test_what_is_left_out_is_everything() -> None:
    whole = model.checked(want())
    assert tuple(whole.columns) == LISTS["orders"].columns
    assert model.checked(want(columns=["state", "order_no", "state"])).columns == ["state", "order_no"]


def test_what_is_wrong_is_named() -> None:
    for wrong, word in (
        (want("nothing"), "orders"),
        (want(columns=["order_no", "secret"]), "secret"),
        (want(limit="5"), "limit"),
        (want(before="x"), "before"),
        (want(number="9" * 300), "200"),
    ):
        with pytest.raises(Invalid, match=word):
            model.checked(wrong)
