"""Drivers, cards and what changes of them others are told."""

import msgspec

from chargecloud.kernel.message import Event


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who charges."""

    driver_id: int
    operator_id: int | None
    """The operator who looks after this driver; None for a driver of the platform."""
    name: str
    phone_masked: str
    frozen: bool


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who a driver is in a channel such as "wechat". An openid names a person and opens nothing."""

    channel: str
    appid: str
    openid: str
    unionid: str = ""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What a token opens, and what it is bound to."""

    driver: Driver
    token_id: int = 0
    """0 where an openid alone was enough."""
    openid: str = ""
    appid: str = ""
    device_id: str = ""
    """Empty where staff issued the token: any device may use it."""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A card and whom it belongs to."""

    card_pk: int
    card_id: str
    """Physical number, 16 hex digits."""
    card_label: str
    """Printed number, up to 16 digits."""
    frozen: bool
    password_salt: str
    password_digests: tuple[str, ...]
    """Salted digests of the forms in which a charge point may send the password; empty when none is set."""
    driver: Driver

    @property
    def has_password(self) -> bool:
        return bool(self.password_digests)


class DriverCreated(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """A driver exists."""

    driver_id: int
    operator_id: int | None


class DriverFrozen(Event, frozen=True, gc=False, kw_only=True, tag=True):
    """A driver may not start charges any more, or may again."""

    driver_id: int
    frozen: bool
