"""What a model can do; drives buttons in the console and refusals in services, never `if vendor`."""

from collections.abc import Mapping
from enum import StrEnum

from chargecloud.device import commands


class Capability(StrEnum):
    """One thing a protocol, and so a charge point, can be asked."""

    START = "start"
    STOP = "stop"
    PARALLEL = "parallel"
    BALANCE = "balance"
    OFFLINE_CARDS = "offline_cards"
    WORK_PARAMETERS = "work_parameters"
    CLOCK = "clock"
    TARIFF = "tariff"
    PARKING_LOCK = "parking_lock"
    REBOOT = "reboot"
    FIRMWARE = "firmware"
    QR_PREFIX = "qr_prefix"
    READ_SAMPLE = "read_sample"
    SEVERAL_CHARGE_POINTS = "several_charge_points"
    """One connection may carry many (a hub with what hangs on it)."""
    CHOOSES_CONNECTOR = "chooses_connector"
    CHARGE_LIMITS = "charge_limits"
    CHANGE_LIMIT = "change_limit"
    TELL_BALANCE = "tell_balance"
    LOCATE = "locate"
    PARAMETERS = "parameters"
    MOVE_SERVER = "move_server"
    VENDOR_COMMANDS = "vendor_commands"
    POWER_TIERS = "power_tiers"
    """Counts time by tier of power, when the start tells the tiers."""


NEEDS: Mapping[type[commands.DeviceCommand], Capability] = {
    commands.StartCharging: Capability.START,
    commands.StopCharging: Capability.STOP,
    commands.UpdateBalance: Capability.BALANCE,
    commands.StoreCards: Capability.OFFLINE_CARDS,
    commands.RemoveCards: Capability.OFFLINE_CARDS,
    commands.QueryCards: Capability.OFFLINE_CARDS,
    commands.SetWorkParameters: Capability.WORK_PARAMETERS,
    commands.SyncClock: Capability.CLOCK,
    commands.ApplyTariff: Capability.TARIFF,
    commands.MoveLock: Capability.PARKING_LOCK,
    commands.Reboot: Capability.REBOOT,
    commands.UpdateFirmware: Capability.FIRMWARE,
    commands.SetQrPrefix: Capability.QR_PREFIX,
    commands.ReadSample: Capability.READ_SAMPLE,
    commands.ChangeLimit: Capability.CHANGE_LIMIT,
    commands.Locate: Capability.LOCATE,
    commands.ReadParameters: Capability.PARAMETERS,
    commands.WriteParameters: Capability.PARAMETERS,
    commands.MoveServer: Capability.MOVE_SERVER,
    commands.VendorCommand: Capability.VENDOR_COMMANDS,
    commands.AnswerBalance: Capability.TELL_BALANCE,
}
"""What a command takes; those that are missing here belong to every conversation."""
