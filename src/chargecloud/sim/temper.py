"""Firmware tempers: what charge points of different makers do differently (文档 §4.14, §8)."""

from dataclasses import dataclass
from enum import StrEnum

from chargecloud.sim.tariff import Rounding


class Beats(StrEnum):
    """Which connectors a heartbeat speaks for (D11)."""

    ONE = "one"
    """One connector, a faulted one first."""
    TURNS = "turns"
    """Each connector in turn."""
    ALL = "all"
    """One heartbeat for every connector, every time."""


PARALLEL_AND_LOCK = frozenset({0x62, 0xA2, 0xA4})


@dataclass(frozen=True, slots=True, kw_only=True)
class Temper:
    """One firmware's habits. The defaults are a firmware that does everything as the document says."""

    name: str
    program: bytes = b"V1.6.0"
    version_byte: int = 0x10
    awaits_push: bool = False
    """Repeats 0x01 until a 0x58 comes (D12) instead of asking with 0x05 and 0x09."""
    records_before_tariff: bool = True
    """Uploads stored records before 0x05 instead of after 0x06 (D14)."""
    offline_wait_s: float = 0
    """Pause between 0x06 and 0x09."""
    first_beat_s: float = 10
    beats: Beats = Beats.ALL
    samples_in_turns: bool = False
    """One 0x13 every 15 s, the connectors in turn, idle or not."""
    first_sample_plugged: bool = False
    """Claims a plugged cable in the first 0x13 after login."""
    stores_samples: int = 8
    """How many 0x13 are kept while the link is down and sent after login."""
    counts_frames: bool = True
    """Sequence numbers count up and replies echo; otherwise both bytes are always zero (D2)."""
    resend_after_s: tuple[float, ...] = (30, 60, 90, 300)
    """When an unconfirmed record is sent again, seconds after the first time."""
    resends_same_bytes: bool = False
    obeys_illegal: bool = True
    """Stops uploading a record that was answered with 0x40 result 1 (D24)."""
    rounding: Rounding = Rounding.HALF_UP
    prices_of_unused_bands: bool = True
    loss_in_samples: bool = True
    reports_meter: bool = True
    crc_high_first: bool = False
    record_trailer: bytes = b""
    """Bytes after the record's table (D25)."""
    short_stop_reply: bool = False
    """0x35 of two bytes (D20)."""
    refusal_in_result: bool = False
    """0x33 carries the reason in the result byte (D21)."""
    idle_keeps_session: bool = False
    """Idle 0x13 still carries number and values of the last session."""
    blank_clock_reply: bool = False
    """0x55 with seven zero bytes (D5)."""
    ends_in_one_burst: bool = False
    """Stop, summary, record and idle sample leave in one write."""
    current_sign: int = -1
    """Sign of charging currents in 0x17 and 0x23 (D7)."""
    card_right_padded: bool = False
    """Physical card numbers padded on the right (D16)."""
    qr_success: int = 1
    stops_at_balance: bool = True
    ignores: frozenset[int] = frozenset()
    """Downlink types this firmware does not know."""


STANDARD = Temper(name="standard")
YKC16 = Temper(
    name="ykc16",
    program=b"YKC16",
    records_before_tariff=False,
    offline_wait_s=15,
    first_beat_s=25,
    beats=Beats.ONE,
    first_sample_plugged=True,
    stores_samples=0,
    prices_of_unused_bands=False,
    current_sign=1,
    qr_success=0,
    stops_at_balance=False,
    ignores=PARALLEL_AND_LOCK,
)
OPENUC = Temper(
    name="openuc",
    program=b"OPENUC",
    version_byte=0x0F,
    awaits_push=True,
    first_beat_s=0,
    beats=Beats.TURNS,
    samples_in_turns=True,
    stores_samples=0,
    counts_frames=False,
    resend_after_s=(10, 20, 30, 40, 50, 60),
    resends_same_bytes=True,
    obeys_illegal=False,
    short_stop_reply=True,
    refusal_in_result=True,
    idle_keeps_session=True,
    blank_clock_reply=True,
    ends_in_one_burst=True,
    qr_success=0,
    stops_at_balance=False,
    ignores=PARALLEL_AND_LOCK,
)
THRIFTY = Temper(
    name="thrifty",
    program=b"HM-2.31",
    version_byte=0x0A,
    offline_wait_s=3,
    rounding=Rounding.CENTS,
    prices_of_unused_bands=False,
    loss_in_samples=False,
    reports_meter=False,
    crc_high_first=True,
    record_trailer=bytes(2),
    card_right_padded=True,
    ignores=PARALLEL_AND_LOCK,
)
"""High byte first, amounts cut to cents, no meter readings: the charge points that test a platform's tolerance."""

TEMPERS = {temper.name: temper for temper in (STANDARD, YKC16, OPENUC, THRIFTY)}
