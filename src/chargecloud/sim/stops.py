"""Why a charge ends, and what breaks: the numbers the charge point reports for it (文档 §7.1–7.5)."""

from dataclasses import dataclass

CONDITION, MANUAL, ABNORMAL, BY_CAR = 0b01, 0b0100, 0b010000, 0b01000000
"""Items of 0x21 charger_abort_reason, each set to `01`."""
TARGET_REACHED = 0b01
"""Item of 0x1D bms_abort_reason."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One way a charge ends."""

    code: int
    """Stop reason of the 0x3B."""
    reason: int = ABNORMAL
    """0x21 charger_abort_reason."""
    fault: int = 0
    """0x21 charger_abort_fault."""
    by_car: bool = False
    """The BMS ended it: 0x1D instead of 0x21."""
    bms_errors: bytes = b""
    """0x1B error_bytes, when car and charge point lost each other."""


REMOTE = Stop(0x40, MANUAL)
FULL = Stop(0x41, BY_CAR, by_car=True)
SCREEN = Stop(0x45, MANUAL)
BALANCE = Stop(0x6E, CONDITION)
UNPLUGGED = Stop(0x6B, ABNORMAL, 1 << 2)
POWER_LOSS = Stop(0x83)
NEVER_CONNECTED = Stop(0x4B, ABNORMAL, 1 << 2)
"""Authorised, but the cable was gone when the charge should have begun."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks at a connector: its bit in 0x13 hardware_fault and the way it ends a charge."""

    bit: int
    stop: Stop


FAULTS = {
    "emergency_stop": Fault(1, Stop(0x72, ABNORMAL, 1 << 8)),
    "module": Fault(2, Stop(0x71, ABNORMAL, 1 << 6)),
    "over_temp": Fault(3, Stop(0x74, ABNORMAL, 1 << 0)),
    "meter": Fault(7, Stop(0x6D)),
    "door": Fault(13, Stop(0x6A, ABNORMAL, 1 << 10)),
    "bms": Fault(0, Stop(0x86, ABNORMAL, 1 << 10, bms_errors=bytes((0, 0, 0, 0, 0, 0, 0b0001, 0)))),
}
"""By the name scenarios and the control line use. `bms` is the car's fault: no bit of the hardware is set."""
