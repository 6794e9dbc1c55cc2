"""What a model can do; drives buttons in the console and refusals in services, never `if vendor`."""

from enum import StrEnum


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
