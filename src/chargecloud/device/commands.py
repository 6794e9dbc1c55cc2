"""What a charge point can be asked. Each command expires; each that reaches a gateway ends in one `CommandEnded`."""

from enum import StrEnum

import msgspec

from chargecloud.kernel.message import Command


class ReplyRefusal(StrEnum):
    """Why the platform will not let a driver start at the charge point."""

    NONE = "none"
    UNKNOWN_ACCOUNT = "unknown_account"
    FROZEN = "frozen"
    BALANCE_LOW = "balance_low"
    UNSETTLED = "unsettled"
    OUT_OF_SERVICE = "out_of_service"
    NOT_ALLOWED_HERE = "not_allowed_here"
    WRONG_PASSWORD = "wrong_password"
    CAPACITY = "capacity"
    UNKNOWN_VIN = "unknown_vin"
    CHARGE_POINT_UNSETTLED = "charge_point_unsettled"
    NO_CARDS_HERE = "no_cards_here"


class DeviceCommand(Command, frozen=True, gc=False, kw_only=True, tag=True):
    """Root of what charge points are asked."""

    command_id: str
    charge_point_code: str
    expires_at_ms: int
    """Wall clock; a command that has not left for the wire by then never will."""


class TariffBand(msgspec.Struct, frozen=True, gc=False):
    """Energy and service price of one band."""

    energy_si_per_kwh: int
    service_si_per_kwh: int


class DeviceTariff(msgspec.Struct, frozen=True, gc=False):
    """A tariff as a charge point holds it."""

    tariff_no: str
    """Four decimal digits."""
    bands: tuple[TariffBand, TariffBand, TariffBand, TariffBand]
    """Sharp, peak, flat, valley."""
    half_hours: bytes
    """48 band numbers 0…3, one for each half hour of the local day."""


class ChargeMode(StrEnum):
    """What a charge ends by, where the charge point is told."""

    UNTIL_FULL = "until_full"
    BY_TIME = "by_time"
    BY_ENERGY = "by_energy"
    PER_USE = "per_use"
    """One price a charge; ends when full."""
    SUBSCRIPTION = "subscription"
    """Paid by the month; ends when full."""


class PowerTier(msgspec.Struct, frozen=True, gc=False):
    """A price by power: so many fen for so many seconds while the charge takes no more than this."""

    up_to_mw: int
    price_fen: int
    per_s: int


class ChargeLimit(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How far a charge may go; a limit of 0 is the charge point's own."""

    mode: ChargeMode = ChargeMode.UNTIL_FULL
    duration_s: int = 0
    """By time: so long in all."""
    energy_mwh: int = 0
    """By energy: so much in all."""
    stop_when_full: bool = False
    """By time: end earlier when the battery is full."""
    max_duration_s: int = 0
    max_power_mw: int = 0
    tiers: tuple[PowerTier, ...] = ()
    """Lowest first, for charge points that count by tier and end when the balance is used up; others count samples."""


class AnswerBoot(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Admit a charge point or turn it away; answers `Booted`, addressed to the connection `link_id`."""

    link_id: str
    accepted: bool
    reason: str = ""
    qr_prefix: str = ""
    qr_with_connector: bool = True


class StartCharging(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Start a session (YKC 0x34; 0xA4 when `parallel_no` is set; DNY 0x82)."""

    connector_no: int
    """0: the charge point chooses, where it can."""
    session_no: str
    card_label: str
    """Printed number of the driver's card, up to 16 digits; zeros when none."""
    card_id: str
    """Physical number of the card that may stop this session, 16 hex digits; zeros when none."""
    balance_fen: int
    parallel_no: str = ""
    limit: ChargeLimit | None = None
    """None: until the battery is full or the charge is stopped."""


class StopCharging(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Stop whatever the connector does (YKC 0x36), or this session (DNY 0x82); repeated until answered."""

    connector_no: int
    session_no: str


class ConfirmRecord(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """The record is durable (YKC 0x40; DNY 0x03). Issued in the transaction that stored it."""

    connector_no: int
    session_no: str
    accepted: bool = True
    digest: str = ""
    """`digest_of` its bytes: which of several records under one number is meant. Empty: whichever came last."""


class AnswerStart(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Answer to `StartRequested`."""

    request_id: str
    connector_no: int
    accepted: bool
    refusal: ReplyRefusal
    session_no: str
    card_label: str
    balance_fen: int
    limit: ChargeLimit | None = None


class AnswerBalance(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Answer to `BalanceAsked`: what the charge point tells the driver."""

    request_id: str
    refusal: ReplyRefusal
    balance_fen: int


class ReadSample(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Ask for live values now (YKC 0x12)."""

    connector_no: int


class UpdateBalance(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """The driver of a running session topped up (YKC 0x42)."""

    connector_no: int
    card_id: str
    balance_fen: int


class OfflineCard(msgspec.Struct, frozen=True, gc=False):
    """A card a charge point may accept while it has no connection."""

    card_label: str
    card_id: str


class StoreCards(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Put cards on the offline list (YKC 0x44)."""

    cards: tuple[OfflineCard, ...]


class RemoveCards(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Take cards off the offline list (YKC 0x46)."""

    card_ids: tuple[str, ...]


class QueryCards(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Ask which cards are on the offline list (YKC 0x48)."""

    card_ids: tuple[str, ...]


class SetWorkParameters(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Take a charge point in or out of use and limit its power (YKC 0x52)."""

    in_service: bool
    power_limit_pct: int


class SyncClock(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Set the charge point's clock to ours (YKC 0x56)."""


class ApplyTariff(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Give the charge point a tariff (YKC 0x58); it counts from the next session on."""

    tariff: DeviceTariff


class MoveLock(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Raise or lower a parking lock (YKC 0x62)."""

    connector_no: int
    up: bool


class Reboot(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Restart, at once or when idle (YKC 0x92)."""

    when_idle: bool = True


class UpdateFirmware(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Fetch and install a program (YKC 0x94)."""

    is_dc: bool
    power_kw: int
    host: str
    port: int
    username: str
    password: str
    path: str
    when_idle: bool
    timeout_s: int


class ChangeLimit(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Give a running session another total of time or energy (DNY 0x8A); less than already used ends it."""

    connector_no: int
    session_no: str
    limit: ChargeLimit


class Locate(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Make the charge point sound and flash (DNY 0x96)."""

    duration_s: int


class MoveServer(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Send the charge point, and all that share its connection, to another server (DNY 0x34)."""

    host: str
    port: int
    network_type: int
    """As the charge point's vendor numbers its modems."""


class ReadParameters(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Read a group of settings (DNY 0x90 to 0x93); names and units are the protocol's."""

    group: str


class WriteParameters(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Write a group of settings and read it back (DNY 0x83 to 0x86)."""

    group: str
    values: dict[str, int | str]


class VendorCommand(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Anything else the protocol's documents define, by its name and columns there."""

    name: str
    values: dict[str, int | str]
    """Bytes as hex digits."""


class SetQrPrefix(DeviceCommand, frozen=True, gc=False, kw_only=True):
    """Text the charge point puts before its code in its QR code (YKC 0xF0)."""

    prefix: str
    with_connector: bool
