"""What the catalogue sees."""

from __future__ import annotations

from chargecloud.device.capability import Capability
from chargecloud.device.contract import ProtocolPlugin
from chargecloud.protocols.dny.plugin import Plugin
from tests.support import dny


def test_name_title_and_capabilities() -> None:
    plugin: ProtocolPlugin = Plugin()
    assert (plugin.name, plugin.title) == ("dny", "DNY / AP3000 两轮电单车充电桩")
    assert {Capability.SEVERAL_CHARGE_POINTS, Capability.CHARGE_LIMITS} <= plugin.capabilities
    assert not {Capability.TARIFF, Capability.CLOCK, Capability.OFFLINE_CARDS} & plugin.capabilities


def test_each_connection_is_fresh() -> None:
    plugin = Plugin()
    first, second = plugin.connect(0.0), plugin.connect(0.0)
    first.receive(dny.register(), 0.0, 0)
    assert (first.charge_point_code, second.charge_point_code) == (dny.CODE, "")


def test_decoding_for_people() -> None:
    assert [unit["unit"] for unit in Plugin().decode(dny.ICCID + b"link" + dny.heartbeat())] == [
        "iccid", "link", "frame",
    ]  # fmt: skip
