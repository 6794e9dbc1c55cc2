"""Dialects: where products leave the newest paper. A table of facts; without a match the newest form is tried first.

A profile's `product` is the type number of the registration as two hex digits, such as 31.
"""

from __future__ import annotations

from dataclasses import dataclass

from chargecloud.device.profile import Profile
from chargecloud.protocols.common import profiles


@dataclass(frozen=True, slots=True)
class StartForm:
    """How many bytes of the start command a board knows."""

    size: int

    def keep(self, ends_at: int, value: int) -> int | None:
        """The value of a column that ends there, or None when this form ends before."""
        return value if ends_at <= self.size else None


NEWEST, OF_2022, OLDEST = StartForm(38), StartForm(37), StartForm(29)
_FORMS = {form.size: form for form in (NEWEST, OF_2022, OLDEST)}


@dataclass(frozen=True, slots=True)
class Dialect(profiles.Dialect):
    """How one board speaks."""

    start_sizes: tuple[int, ...] = (38, 37, 29)
    """Bytes of the start command, tried one after the other, each until a start stays unanswered twice."""
    heartbeat_s: int = 180
    """How often it beats; after two and a half of them it counts as silent."""

    def __post_init__(self) -> None:
        if not self.start_sizes or not set(self.start_sizes) <= set(_FORMS):
            raise ValueError(f"start_sizes are some of {sorted(_FORMS)}, not {list(self.start_sizes)}")
        if not 1 <= self.heartbeat_s <= HEARTBEAT_MAX_S:
            raise ValueError(f"heartbeat_s is 1 to {HEARTBEAT_MAX_S}, not {self.heartbeat_s}")

    @property
    def start_forms(self) -> tuple[StartForm, ...]:
        """The forms of those sizes."""
        return tuple(_FORMS[size] for size in self.start_sizes)


HEARTBEAT_MAX_S = 3600
PLAIN = Dialect()
BUILT_IN: tuple[Profile, ...] = (
    Profile(
        name="two-sockets-31",
        why="Type 0x31 with firmware 6.40 was captured obeying 37 bytes; nothing shows that it knows 38.",
        product="31",
        firmware_below="6.41",
        changes={"start_sizes": (37, 29)},
    ),
)


def product_of(device_type: int) -> str:
    """What profiles call a type number."""
    return f"{device_type:02X}"
