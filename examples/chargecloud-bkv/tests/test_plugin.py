"""What the catalogue sees."""

from __future__ import annotations

from chargecloud.device.capability import Capability
from chargecloud.device.contract import ProtocolPlugin
from chargecloud.protocols.catalog import ENTRY_POINT_GROUP, protocol
from chargecloud_bkv import virtual
from chargecloud_bkv.mapping.uplink import Charge
from chargecloud_bkv.memory import CHARGES_MAX, Memory
from chargecloud_bkv.plugin import Plugin


def test_it_is_found_by_its_entry_point() -> None:
    found: ProtocolPlugin = protocol("bkv")
    assert isinstance(found, Plugin) and ENTRY_POINT_GROUP == "chargecloud.protocols"


def test_capabilities() -> None:
    assert {Capability.POWER_TIERS, Capability.CHARGE_LIMITS, Capability.TELL_BALANCE} <= Plugin.capabilities
    assert not {Capability.TARIFF, Capability.CLOCK, Capability.REBOOT} & Plugin.capabilities


def test_each_connection_is_fresh() -> None:
    plugin = Plugin()
    first, second = plugin.connect(0.0), plugin.connect(0.0)
    first.receive(virtual.heartbeat(), 0.0, 0)
    assert (first.charge_point_code, second.charge_point_code) == (virtual.GATEWAY, "")


def test_the_memory_of_numbers_is_bounded_and_forgets_the_oldest() -> None:
    memory = Memory()
    for number in range(CHARGES_MAX + 1):
        memory.learn(("g", number // 60_000, number % 60_000 + 1), Charge(str(number)))
    assert memory.find(("g", 0, 1)) is None
    newest = memory.find(("g", 0, CHARGES_MAX + 1))
    assert newest is not None and newest.session_no == str(CHARGES_MAX)
    assert memory.find(("g", 0, 0)) is None, "0 is nobody's"
