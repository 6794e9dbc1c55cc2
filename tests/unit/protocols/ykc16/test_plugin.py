"""What the catalogue sees."""

from __future__ import annotations

from chargecloud.device.capability import Capability
from chargecloud.device.contract import ProtocolPlugin
from chargecloud.protocols.ykc16.plugin import Plugin
from tests.support import ykc


def test_name_title_and_capabilities() -> None:
    plugin: ProtocolPlugin = Plugin()
    assert (plugin.name, plugin.title) == ("ykc16", "云快充 V1.6")
    assert plugin.capabilities == frozenset(Capability) - {
        Capability.SEVERAL_CHARGE_POINTS,
        Capability.CHOOSES_CONNECTOR,
        Capability.CHARGE_LIMITS,
        Capability.CHANGE_LIMIT,
        Capability.TELL_BALANCE,
        Capability.LOCATE,
        Capability.PARAMETERS,
        Capability.MOVE_SERVER,
        Capability.VENDOR_COMMANDS,
        Capability.POWER_TIERS,
    }


def test_each_connection_is_fresh() -> None:
    plugin = Plugin()
    first, second = plugin.connect(0.0), plugin.connect(0.0)
    first.receive(ykc.login(), 0.0, 0)
    assert (first.charge_point_code, second.charge_point_code) == (ykc.CODE, "")


def test_decoding_for_people() -> None:
    (described,) = Plugin().decode(ykc.heartbeat())
    assert described["verdict"] == "decode"
