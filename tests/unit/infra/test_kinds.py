"""Messages are told apart by the name of their class, in JSON and in msgpack."""

import msgspec
import pytest

from chargecloud.device.commands import ApplyTariff, DeviceTariff, TariffBand
from chargecloud.device.events import CommandEnded, CommandOutcome
from chargecloud.infra.kinds import Kinds
from chargecloud.kernel.message import Event, Message

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
    assert Kinds().unpack(type(message).__name__, msgspec.msgpack.encode(message)) == message


def test_a_name_nobody_bears_is_named() -> None:
    with pytest.raises(ValueError, match="'NeverDeclared'; was it renamed"):
        Kinds().decode("NeverDeclared", "{}")


def test_text_that_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="the stored CommandEnded does not fit"):
        Kinds().decode("CommandEnded", '{"type":"CommandEnded"}')
    with pytest.raises(ValueError, match="the CommandEnded that came does not fit"):
        Kinds().unpack("CommandEnded", msgspec.msgpack.encode({"type": "CommandEnded"}))


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
