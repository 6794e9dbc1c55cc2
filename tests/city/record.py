"""The oracle's own reading of a transaction record's body, by the byte table of the vendor's document."""

from dataclasses import dataclass

BANDS_AT, TOTAL_AT, AMOUNT_AT, MARK_AT = 38, 112, 120, 141
MWH_PER_UNIT = 100


def number(body: bytes, at: int, size: int = 4) -> int:
    """An unsigned integer, low byte first."""
    return int.from_bytes(body[at : at + size], "little")


@dataclass(frozen=True, slots=True)
class Record:
    """What the city needs of a record."""

    session_no: str
    connector_no: int
    energy_mwh: int
    bands_mwh: tuple[int, ...]
    mark: int

    @classmethod
    def of(cls, body: bytes) -> "Record":
        bands = tuple(number(body, BANDS_AT + 16 * band + 4) * MWH_PER_UNIT for band in range(4))
        return cls(body[:16].hex(), int(body[23:24].hex()), number(body, TOTAL_AT) * MWH_PER_UNIT, bands, body[MARK_AT])


def altered(body: bytes, *, session_no: str = "", energy_units: int | None = None, extra_amount: int = 0) -> bytes:
    """The same record with another number, other energy (all of it in the first used band), or another amount."""
    changed = bytearray(body)
    if session_no:
        changed[:16] = bytes.fromhex(session_no)
    if energy_units is not None:
        for band in range(4):
            value = energy_units if band == 0 else 0
            for at in (BANDS_AT + 16 * band + 4, BANDS_AT + 16 * band + 8):
                changed[at : at + 4] = value.to_bytes(4, "little")
        for at in (TOTAL_AT, TOTAL_AT + 4):
            changed[at : at + 4] = energy_units.to_bytes(4, "little")
    amount = number(body, AMOUNT_AT) + extra_amount
    changed[AMOUNT_AT : AMOUNT_AT + 4] = amount.to_bytes(4, "little")
    return bytes(changed)
