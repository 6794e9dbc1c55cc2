"""What people may ask of charge points over the API, each kind with its own fields."""

from typing import Annotated, Literal

from pydantic import Field

from chargecloud.device import commands as device
from chargecloud.infra.http.model import ApiModel

ConnectorNo = Annotated[int, Field(ge=1, le=16)]
CardId = Annotated[str, Field(pattern="^[0-9A-Fa-f]{16}$", description="physical number, 16 hex digits")]
CardIds = Annotated[list[CardId], Field(min_length=1, max_length=500)]
Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9_:\-]+$")]
Value = int | Annotated[str, Field(max_length=600, pattern=r"^[\x20-\x7e]*$")]
Values = Annotated[dict[Annotated[str, Field(max_length=40)], Value], Field(max_length=256)]
"""Names, units and bounds are the protocol's; bytes are hex digits."""
Text = Annotated[str, Field(max_length=200, pattern=r"^[\x20-\x7e]*$")]


class Address(ApiModel):
    """Fields every command carries: its id, whom it is for, how long it is good."""

    command_id: str
    charge_point_code: str
    expires_at_ms: int


class RebootIn(ApiModel):
    """Restart."""

    kind: Literal["reboot"]
    when_idle: bool = True

    def command(self, to: Address) -> device.DeviceCommand:
        return device.Reboot(**to.model_dump(), when_idle=self.when_idle)


class SyncClockIn(ApiModel):
    """Set the clock."""

    kind: Literal["sync_clock"]

    def command(self, to: Address) -> device.DeviceCommand:
        return device.SyncClock(**to.model_dump())


class WorkParametersIn(ApiModel):
    """Take in or out of service, limit the power."""

    kind: Literal["set_work_parameters"]
    in_service: bool
    power_limit_pct: Annotated[int, Field(ge=30, le=100)] = 100

    def command(self, to: Address) -> device.DeviceCommand:
        return device.SetWorkParameters(
            **to.model_dump(), in_service=self.in_service, power_limit_pct=self.power_limit_pct
        )


class ReadSampleIn(ApiModel):
    """Ask for live values."""

    kind: Literal["read_sample"]
    connector_no: ConnectorNo

    def command(self, to: Address) -> device.DeviceCommand:
        return device.ReadSample(**to.model_dump(), connector_no=self.connector_no)


class MoveLockIn(ApiModel):
    """Raise or lower a parking lock."""

    kind: Literal["move_lock"]
    connector_no: ConnectorNo
    up: bool

    def command(self, to: Address) -> device.DeviceCommand:
        return device.MoveLock(**to.model_dump(), connector_no=self.connector_no, up=self.up)


class QrPrefixIn(ApiModel):
    """Text before the code in the QR code; an empty one is our own address with this charge point's alias."""

    kind: Literal["set_qr_prefix"]
    prefix: Annotated[str, Field(max_length=180, pattern=r"^[\x20-\x7e]*$")] = ""
    with_connector: bool = True

    def command(self, to: Address) -> device.DeviceCommand:
        return device.SetQrPrefix(**to.model_dump(), prefix=self.prefix, with_connector=self.with_connector)


class FirmwareIn(ApiModel):
    """Fetch and install a program."""

    kind: Literal["update_firmware"]
    is_dc: bool
    power_kw: Annotated[int, Field(ge=0, le=65_535)]
    host: Annotated[str, Field(min_length=1, max_length=16, pattern=r"^[0-9A-Za-z.\-]+$")]
    port: Annotated[int, Field(ge=1, le=65_535)]
    username: Annotated[str, Field(max_length=16, pattern=r"^[\x20-\x7e]*$")]
    password: Annotated[str, Field(max_length=16, pattern=r"^[\x20-\x7e]*$")]
    path: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[\x20-\x7e]*$")]
    when_idle: bool = True
    timeout_s: Annotated[int, Field(ge=60, le=15_300)] = 1800

    def command(self, to: Address) -> device.DeviceCommand:
        return device.UpdateFirmware(**to.model_dump(), **self.model_dump(exclude={"kind"}))


class OfflineCardIn(ApiModel):
    """A card to accept without a connection."""

    card_label: Annotated[str, Field(pattern="^[0-9]{1,16}$")]
    card_id: CardId


class StoreCardsIn(ApiModel):
    """Put cards on the offline list."""

    kind: Literal["store_cards"]
    cards: Annotated[list[OfflineCardIn], Field(min_length=1, max_length=500)]

    def command(self, to: Address) -> device.DeviceCommand:
        cards = tuple(device.OfflineCard(card.card_label, card.card_id.upper()) for card in self.cards)
        return device.StoreCards(**to.model_dump(), cards=cards)


class RemoveCardsIn(ApiModel):
    """Take cards off the offline list."""

    kind: Literal["remove_cards"]
    card_ids: CardIds

    def command(self, to: Address) -> device.DeviceCommand:
        return device.RemoveCards(**to.model_dump(), card_ids=tuple(card.upper() for card in self.card_ids))


class QueryCardsIn(ApiModel):
    """Ask which cards are on the offline list."""

    kind: Literal["query_cards"]
    card_ids: CardIds

    def command(self, to: Address) -> device.DeviceCommand:
        return device.QueryCards(**to.model_dump(), card_ids=tuple(card.upper() for card in self.card_ids))


class UpdateBalanceIn(ApiModel):
    """Tell a running session another balance."""

    kind: Literal["update_balance"]
    connector_no: ConnectorNo
    balance_fen: Annotated[int, Field(ge=0, le=4_294_967_295)]
    card_id: CardId = "0" * 16

    def command(self, to: Address) -> device.DeviceCommand:
        return device.UpdateBalance(
            **to.model_dump(), connector_no=self.connector_no, card_id=self.card_id, balance_fen=self.balance_fen
        )


class LocateIn(ApiModel):
    """Sound and flash."""

    kind: Literal["locate"]
    duration_s: Annotated[int, Field(ge=1, le=255)] = 10

    def command(self, to: Address) -> device.DeviceCommand:
        return device.Locate(**to.model_dump(), duration_s=self.duration_s)


class MoveServerIn(ApiModel):
    """Connect to another server from now on, with all that share the connection."""

    kind: Literal["move_server"]
    host: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[0-9A-Za-z.\-]+$")]
    port: Annotated[int, Field(ge=1, le=65_535)]
    network_type: Annotated[int, Field(ge=0, le=255, description="as the vendor numbers its modems")] = 0

    def command(self, to: Address) -> device.DeviceCommand:
        return device.MoveServer(**to.model_dump(), host=self.host, port=self.port, network_type=self.network_type)


class ReadParametersIn(ApiModel):
    """Read a group of settings."""

    kind: Literal["read_parameters"]
    group: Name

    def command(self, to: Address) -> device.DeviceCommand:
        return device.ReadParameters(**to.model_dump(), group=self.group)


class WriteParametersIn(ApiModel):
    """Write a group of settings, and read it back."""

    kind: Literal["write_parameters"]
    group: Name
    values: Values

    def command(self, to: Address) -> device.DeviceCommand:
        return device.WriteParameters(**to.model_dump(), group=self.group, values=dict(self.values))


class VendorCommandIn(ApiModel):
    """Anything else the protocol's document defines, by its name and columns there."""

    kind: Literal["vendor_command"]
    name: Name
    values: Values = {}

    def command(self, to: Address) -> device.DeviceCommand:
        return device.VendorCommand(**to.model_dump(), name=self.name, values=dict(self.values))


CommandIn = Annotated[
    RebootIn
    | SyncClockIn
    | WorkParametersIn
    | ReadSampleIn
    | MoveLockIn
    | QrPrefixIn
    | FirmwareIn
    | StoreCardsIn
    | RemoveCardsIn
    | QueryCardsIn
    | UpdateBalanceIn
    | LocateIn
    | MoveServerIn
    | ReadParametersIn
    | WriteParametersIn
    | VendorCommandIn,
    Field(discriminator="kind"),
]
"""Tariffs are pushed by station (tariffs), charges are stopped by order (orders)."""
