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
