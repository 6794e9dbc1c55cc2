"""Nothing a feature offers stays unwired, and nothing a charge point says stays unheard."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest

import chargecloud.features
from chargecloud.device import commands, events
from chargecloud.device.commands import DeviceCommand
from chargecloud.device.events import Beat, DeviceEvent, SessionEvent
from chargecloud.features.stations import http_commands
from chargecloud.main import features, role_worker
from tests.tidy.source import ROOT

OFFERED = {
    "router": ("http", lambda: features.ROUTERS),
    "SUBSCRIPTIONS": ("inbox", lambda: features.SUBSCRIPTIONS),
    "JOBS": ("jobs", lambda: features.JOBS),
    "LIVE_TOPICS": ("http", lambda: features.LIVE_TOPICS),
}


def rooms(name: str) -> Iterator[ModuleType]:
    for feature in pkgutil.iter_modules(chargecloud.features.__path__):
        package = importlib.import_module(f"chargecloud.features.{feature.name}")
        if name in {room.name for room in pkgutil.iter_modules(package.__path__)}:
            yield importlib.import_module(f"{package.__name__}.{name}")


@pytest.mark.parametrize("offer", OFFERED)
def test_what_a_feature_offers_is_wired(offer: str) -> None:
    room, wired = OFFERED[offer]
    for module in rooms(room):
        offered = getattr(module, offer, ())
        for each in offered if isinstance(offered, tuple) else (offered,):
            assert any(each is one for one in wired()), f"{module.__name__}.{offer} is not in chargecloud.main.features"


def test_lower_features_hear_first() -> None:
    order = [subscription.handler.__module__.split(".")[2] for subscription in features.SUBSCRIPTIONS]
    rank = ["operators", "stations", "drivers", "tariffs", "wallet", "payments", "sessions", "orders", "alarms"]
    rank += ["feedback", "statistics"]
    assert order == sorted(order, key=rank.index)


HEARD_LATER = {"FellSilent"}
ASKED_LATER: set[str] = set()
"""What only two-wheel protocols say and are asked; the business for them comes later. These lists only shrink."""


def leaves(root: type) -> Iterator[type]:
    for kind in root.__subclasses__():
        below = list(leaves(kind))
        yield from below or [kind]


def test_every_device_event_has_a_subscriber() -> None:
    heard = tuple(subscription.body for subscription in features.SUBSCRIPTIONS)
    told = [kind for kind in leaves(DeviceEvent) if kind.__module__ == events.__name__]
    assert {Beat, *SessionEvent.__subclasses__()} <= set(told)
    assert {kind.__name__ for kind in told if not issubclass(kind, heard)} == HEARD_LATER


def test_every_device_command_is_issued_somewhere() -> None:
    asked = [kind for kind in leaves(DeviceCommand) if kind.__module__ == commands.__name__]
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src/chargecloud/features").rglob("*.py"))
    assert {kind.__name__ for kind in asked if f"{kind.__name__}(" not in source} == ASKED_LATER
    assert http_commands.CommandIn


def test_jobs_have_names_of_their_own() -> None:
    names = [job.name for job in role_worker.JOBS]
    assert len(names) == len(set(names))
