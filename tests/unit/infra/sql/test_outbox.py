"""Messages come out of the outbox as they went in."""

from dataclasses import dataclass

import msgspec
import pytest

from chargecloud.device.commands import ApplyTariff, DeviceTariff, TariffBand
from chargecloud.device.events import CommandEnded, CommandOutcome
from chargecloud.infra.sql.outbox import Kinds, envelope_of, message_id
from chargecloud.kernel.message import Event, Message


@dataclass
class Row:
    id: int = 255
    key: str = "1"
    kind: str = "CommandEnded"
    body: str = "{}"
    trace_id: str = "t"
    at_ms: int = 4096
    expires_at_ms: int = 5


MESSAGES = [
    CommandEnded(charge_point_code="1", command_id="c", command="Reboot", outcome=CommandOutcome.DONE),
    ApplyTariff(
        command_id="c",
        charge_point_code="1",
        expires_at_ms=1,
        tariff=DeviceTariff("0001", (TariffBand(1, 2),) * 4, bytes(48)),
    ),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_comes_back_by_the_name_of_its_class(message: Message) -> None:
    body = msgspec.json.encode(message).decode()
    assert Kinds().decode(type(message).__name__, body) == message


def test_an_envelope_keeps_everything() -> None:
    message = MESSAGES[0]
    row = Row(body=msgspec.json.encode(message).decode())
    envelope = envelope_of(row, Kinds())
    assert envelope.body == message
    assert (envelope.key, envelope.at_ms, envelope.trace_id, envelope.expires_at_ms) == ("1", 4096, "t", 5)
    assert envelope.id == message_id(row) == "1000.ff"


def test_a_name_nobody_bears_is_named() -> None:
    with pytest.raises(ValueError, match="'NeverDeclared'; was it renamed"):
        Kinds().decode("NeverDeclared", "{}")


def test_text_that_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="the stored CommandEnded does not fit"):
        Kinds().decode("CommandEnded", '{"type":"CommandEnded"}')


def test_two_classes_of_one_name_are_both_named() -> None:
    one = type("TwiceDeclared", (Event,), {"__module__": "first.place"})
    two = type("TwiceDeclared", (Event,), {"__module__": "second.place"})
    with pytest.raises(ValueError, match=r"first\.place, second\.place"):
        Kinds().decode(one.__name__, "{}")
    assert two.__name__ == one.__name__


def test_every_message_of_the_platform_has_a_name_of_its_own() -> None:
    names: dict[str, set[str]] = {}

    def walk(root: type[Message]) -> None:
        for child in root.__subclasses__():
            if child.__module__.startswith("chargecloud."):
                names.setdefault(child.__name__, set()).add(child.__module__)
            walk(child)

    walk(Message)
    assert {name: places for name, places in names.items() if len(places) > 1} == {}
