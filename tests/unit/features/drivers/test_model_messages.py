"""A template's fields: filled, cut to what WeChat takes, never empty; and when a try is worth repeating."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargecloud.features.drivers.model_messages import (
    EMPTY,
    LIMITS,
    RETRY_AFTER_MS,
    WORTH_MS,
    Template,
    fill,
    filled,
    next_try_ms,
)

FACTS = {"order_no": "20261125001", "total_fen": 1234, "reason": None, "n": 7}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{order_no}", "20261125001"),
        ("共 {total_yuan} 元", "共 12.34 元"),
        ("{total_fen}", "1234"),
        ("{reason}{absent}{absent_yuan}", ""),
        ("{n} {{n}} {N}", "7 {7} {N}"),
    ],
)
def test_facts_take_the_place_of_their_names(text: str, said: str) -> None:
    assert fill(text, FACTS) == said


def test_fields_are_cut_and_never_empty() -> None:
    template = Template(
        template_id="T",
        data={"thing1": "很长" * 30, "phrase2": "充电已经完成", "amount3": "{total_yuan}", "thing4": "{absent}"},
    )
    data = filled(template, FACTS)
    assert data == {"thing1": ("很长" * 10)[:19] + "…", "phrase2": "充电已经…", "amount3": "12.34", "thing4": EMPTY}


@given(st.sampled_from(sorted(LIMITS)), st.text(max_size=100))
def test_no_text_is_longer_than_its_field(word: str, text: str) -> None:
    said = filled(Template(template_id="T", data={f"{word}1": text}), {})[f"{word}1"]
    assert 0 < len(said) <= LIMITS[word]


def test_tries_end() -> None:
    assert [next_try_ms(tries, 0, 0) for tries in (1, 2, 3, 4)] == [*RETRY_AFTER_MS, None]
    assert next_try_ms(1, 0, WORTH_MS) is None
