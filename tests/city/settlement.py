"""The city's own reading of a board's settlement, by the byte table of the vendor's document."""

from dataclasses import dataclass

from tests.city.wires import MW_PER_DW, MWH_PER_STEP, number_at

ORDER_AT, EARLY_AT, STEPS_AT = 13, 29, 4
UNPAID_ENDS = frozenset(
    {0x06, 0x08, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x14, 0x18, 0x19, 0x1A, 0x1B}
)
"""Overload, heat, water, fire, a stuck relay, its memory: the board failed, and only what was delivered is paid."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the city needs of one."""

    session_no: str
    connector_no: int
    charged_s: int
    energy_mwh: int
    max_mw: int
    early_mw: int | None
    by_fault: bool
    offline: bool

    @classmethod
    def of(cls, body: bytes) -> "Settlement":
        return cls(
            session_no=body[ORDER_AT : ORDER_AT + 16].hex().upper(),
            connector_no=body[6] + 1,
            charged_s=number_at(body, 0),
            energy_mwh=number_at(body, STEPS_AT) * MWH_PER_STEP,
            max_mw=number_at(body, 2) * MW_PER_DW,
            early_mw=number_at(body, EARLY_AT) * MW_PER_DW if len(body) > EARLY_AT + 1 else None,
            by_fault=body[12] in UNPAID_ENDS,
            offline=body[7] == 0,
        )


def altered(body: bytes, *, session_no: str = "", charged_s: int | None = None, steps: int | None = None) -> bytes:
    """The same settlement with another order, time or energy."""
    changed = bytearray(body)
    if session_no:
        changed[ORDER_AT : ORDER_AT + 16] = bytes.fromhex(session_no)
    if charged_s is not None:
        changed[0:2] = min(charged_s, 0xFFFF).to_bytes(2, "little")
    if steps is not None:
        changed[STEPS_AT : STEPS_AT + 2] = min(steps, 0xFFFF).to_bytes(2, "little")
    return bytes(changed)
