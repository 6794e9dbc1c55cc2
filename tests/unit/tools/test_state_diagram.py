"""The generated state diagrams."""

from tools.state_diagram import render

from chargecloud.features.orders.messages import OrderState
from chargecloud.features.payments.messages import PartState, PaymentState
from chargecloud.features.sessions.messages import SessionState


def test_every_state_is_drawn() -> None:
    text = render()
    for state in (*SessionState, *OrderState, *PaymentState, *PartState):
        assert f" {state.value} -->" in text or f"--> {state.value}" in text
