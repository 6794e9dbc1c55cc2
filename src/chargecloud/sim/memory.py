"""What a charge point remembers over a power cycle."""

from dataclasses import dataclass, field

from chargecloud.protocols.ykc16.frames import TransactionRecord
from chargecloud.sim.tariff import HeldTariff
from chargecloud.sim.truth import SessionTruth

RECORD_ROOM = 500
CARD_ROOM = 1_000
NO_TARIFF = "0000"


@dataclass(slots=True)
class StoredRecord:
    """A record that waits for its confirmation."""

    frame: TransactionRecord
    truth: SessionTruth
    sequence: bytes = b""
    """Of the first upload, for firmware that repeats the same bytes."""
    sent: int = 0
    first_sent: float = 0
    refused: bool = False


@dataclass(slots=True)
class Memory:
    """The EEPROM: records by session number, tariff, offline cards (physical → printed number), settings."""

    records: dict[str, StoredRecord] = field(default_factory=dict)
    tariff: HeldTariff | None = None
    cards: dict[bytes, str] = field(default_factory=dict)
    in_service: bool = True
    power_limit_pct: int = 100
    program: bytes = b""
    offline_counter: int = 0

    @property
    def full(self) -> bool:
        """Whether no further record fits; a charge point that could not keep its record does not start."""
        return len(self.records) >= RECORD_ROOM

    def lose(self) -> None:
        """The memory fails: everything is gone, and the truth knows which records never arrived."""
        for record in self.records.values():
            record.truth.lost = not record.truth.confirmed
        self.records.clear()
        self.cards.clear()
        self.tariff = None
        self.in_service = True
        self.power_limit_pct = 100
