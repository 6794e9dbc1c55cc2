"""What requests about drivers carry and what they are answered. Phones and VINs go out masked."""

from typing import Annotated, Self

from pydantic import Field

from chargecloud.features.drivers.messages import Card, Driver
from chargecloud.features.drivers.service import IssuedToken
from chargecloud.features.drivers.views import DriverDetail, TokenRow, VehicleRow
from chargecloud.features.drivers.views_cards import CardRow
from chargecloud.infra.http.model import ApiModel, Moment

Name = Annotated[str, Field(min_length=1, max_length=80)]
Phone = Annotated[str, Field(max_length=32, description="电话号码，空串表示没有")]
Reason = Annotated[str, Field(min_length=1, max_length=200, description="原因，记入操作日志")]
Label = Annotated[str, Field(max_length=40)]


class NewDriverBody(ApiModel):
    """Somebody who is to charge."""

    name: Name
    phone: Phone = ""


class DriverChange(ApiModel):
    """What is to change; what is left out stays."""

    name: Name | None = None
    phone: Phone | None = None


class FreezeBody(ApiModel):
    """Bar from new charges, or lift the bar."""

    frozen: bool
    reason: Reason


class ReasonBody(ApiModel):
    """Why."""

    reason: Reason


class DriverOut(ApiModel):
    """A driver."""

    id: int
    operator_id: int | None
    name: str
    phone_masked: str
    frozen: bool
    frozen_reason: str
    created_at: Moment

    @classmethod
    def of(cls, detail: DriverDetail) -> Self:
        driver = detail.driver
        return cls(
            id=driver.driver_id,
            operator_id=driver.operator_id,
            name=driver.name,
            phone_masked=driver.phone_masked,
            frozen=driver.frozen,
            frozen_reason=detail.frozen_reason,
            created_at=detail.created_at_ms,
        )


class MyselfOut(ApiModel):
    """A driver as the driver sees it."""

    id: int
    name: str
    phone_masked: str
    frozen: bool

    @classmethod
    def of(cls, driver: Driver) -> Self:
        return cls(id=driver.driver_id, name=driver.name, phone_masked=driver.phone_masked, frozen=driver.frozen)


class PhoneOut(ApiModel):
    """A whole phone number."""

    phone: str


class NewCardBody(ApiModel):
    """A card to hand out."""

    card_id: Annotated[str, Field(min_length=2, max_length=16, description="物理卡号，十六进制")]
    card_label: Annotated[str, Field(min_length=1, max_length=16, description="卡面号")]
    password: Annotated[str, Field(max_length=16, description="刷卡密码，空串表示没有")] = ""


class CardChange(ApiModel):
    """What is to change; what is left out stays. An empty password takes it away."""

    frozen: bool | None = None
    password: Annotated[str, Field(max_length=16)] | None = None


class CardOut(ApiModel):
    """A card."""

    id: int
    card_id: str
    card_label: str
    frozen: bool
    has_password: bool

    @classmethod
    def of(cls, card: Card) -> Self:
        return cls(
            id=card.card_pk,
            card_id=card.card_id,
            card_label=card.card_label,
            frozen=card.frozen,
            has_password=card.has_password,
        )


class CardsOut(ApiModel):
    """All of them."""

    items: list[CardOut]


class ListedCardOut(ApiModel):
    """A card among all of them, with who holds it."""

    id: int
    card_id: str
    card_label: str
    frozen: bool
    has_password: bool
    driver_id: int
    driver_name: str
    created_at: Moment

    @classmethod
    def of(cls, row: CardRow) -> Self:
        return cls(
            id=row.card_pk,
            card_id=row.card_id,
            card_label=row.card_label,
            frozen=row.frozen,
            has_password=row.has_password,
            driver_id=row.driver_id,
            driver_name=row.driver_name,
            created_at=row.created_at_ms,
        )


class NewVehicleBody(ApiModel):
    """A vehicle that may start charges."""

    vin: Annotated[str, Field(min_length=17, max_length=17)]
    label: Label = ""


class VehicleOut(ApiModel):
    """A vehicle."""

    id: int
    vin_masked: str
    label: str
    created_at: Moment

    @classmethod
    def of(cls, row: VehicleRow) -> Self:
        return cls(id=row.vehicle_id, vin_masked=row.vin_masked, label=row.label, created_at=row.created_at_ms)


class VehiclesOut(ApiModel):
    """All of them."""

    items: list[VehicleOut]


class NewTokenBody(ApiModel):
    """What a token is for."""

    label: Label = ""


class IssuedTokenOut(ApiModel):
    """A bearer token, shown this once."""

    id: int
    token: str
    expires_at: Moment

    @classmethod
    def of(cls, issued: IssuedToken) -> Self:
        return cls(id=issued.token_id, token=issued.token, expires_at=issued.expires_at_ms)


class TokenOut(ApiModel):
    """A bearer token, without the token."""

    id: int
    label: str
    appid: str
    device_id: str
    current: bool = Field(description="whether it is the one that asks")
    created_at: Moment
    used_at: Moment
    expires_at: Moment

    @classmethod
    def of(cls, row: TokenRow, current_id: int = 0) -> Self:
        return cls(
            id=row.token_id,
            label=row.label,
            appid=row.appid,
            device_id=row.device_id,
            current=row.token_id == current_id,
            created_at=row.created_at_ms,
            used_at=row.used_at_ms,
            expires_at=row.expires_at_ms,
        )


class TokensOut(ApiModel):
    """All of them."""

    items: list[TokenOut]
