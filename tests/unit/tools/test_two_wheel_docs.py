"""The generated page about two-wheel billing."""

from tools import two_wheel_docs

from chargecloud.features.tariffs import model_two_wheel
from chargecloud.features.tariffs.messages import Rule
from chargecloud.kernel.money import yuan_text


def test_every_example_is_there_with_its_price() -> None:
    text = two_wheel_docs.render()
    for example in two_wheel_docs.EXAMPLES:
        granted = model_two_wheel.grant(example.plan, example.choice, example.value)
        bill, _ = model_two_wheel.charge(example.plan, example.usage, granted.prepaid_fen)
        assert f"**{example.title}.**" in text and f"Cost {yuan_text(bill.total_fen)}, refund" in text


def test_the_examples_show_the_rules_that_matter() -> None:
    text = two_wheel_docs.render()
    assert all(f"(`{rule.value}`)" in text for rule in (Rule.USED, Rule.FREE, Rule.FAULT))
