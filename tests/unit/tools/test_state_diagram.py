"""The generated state diagrams."""

from tools.state_diagram import TARGET, render

from chargecloud.features.orders.messages import OrderState
from chargecloud.features.sessions.messages import SessionState


def test_the_committed_document_is_what_the_generator_produces() -> None:
    assert TARGET.read_text("utf-8") == render(), "run `make docs`"


def test_every_state_is_drawn() -> None:
    text = render()
    for state in (*SessionState, *OrderState):
        assert f" {state.value} -->" in text or f"--> {state.value}" in text
