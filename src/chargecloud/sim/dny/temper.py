"""Firmware of two-wheel boards: how long their frames are, and what each edition does differently."""

from dataclasses import dataclass

from chargecloud.sim.dny.ebike import ChargerFault

TYPE_CODES = {2: 0x04, 10: 0x05, 12: 0x07, 16: 0x06}
"""First byte of the id a board with so many sockets has."""
HOST_TYPE_CODE = 0x09
MAX_DEVICE_NO = 0xFFFFFF
MAX_SLAVES = 50
BOARD_FAULTS = (*ChargerFault, "4", *map(str, range(6, 17)))
"""What a step `fault:` may name: a charger's fault, or the number of a port state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardTemper:
    """One edition's habits. The defaults are the newest paper."""

    name: str
    device_type: int = 0x29
    firmware_version: int = 886
    power_board_version: int | None = 0
    start_bytes: int = 38
    """A longer start command is not understood, and not answered."""
    progress_bytes: int = 45
    settlement_bytes: int = 35
    legacy_beats: bool = False
    """Every second heartbeat is an 0x01."""
    temperature: bool = True
    asks_time: bool = True
    """Without, its clock stays in 1970."""
    full_notices: bool = False
    """Tells with 0x43 that a battery is full."""
    offline_cards: bool = False
    """Lets cards start while there is no link."""
    iccid: bool = True


STANDARD = BoardTemper(name="standard")
F640 = BoardTemper(
    name="f640",
    device_type=0x31,
    firmware_version=640,
    power_board_version=None,
    start_bytes=37,
    legacy_beats=True,
)
"""As captured: type 0x31, short registration, both heartbeats in turn."""
OLD = BoardTemper(
    name="old",
    device_type=0x20,
    firmware_version=602,
    start_bytes=29,
    progress_bytes=41,
    settlement_bytes=31,
    temperature=False,
    asks_time=False,
    iccid=False,
)
"""Short frames, no clock, no ICCID line."""
CABINET = BoardTemper(name="cabinet", device_type=0x30, full_notices=True, offline_cards=True)
TEMPERS = {temper.name: temper for temper in (STANDARD, F640, OLD, CABINET)}
