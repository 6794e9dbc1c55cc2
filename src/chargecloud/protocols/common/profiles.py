"""Dialects: the plain one of a protocol, changed by every profile that matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from chargecloud.device.profile import Profile
from chargecloud.kernel.errors import Invalid


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one charge point speaks. A protocol adds fields of plain values; its defaults accept what any maker sends."""

    names: tuple[str, ...] = ()
    """The profiles that made this dialect."""


D = TypeVar("D", bound=Dialect)


def dialect_of(plain: D, profiles: Sequence[Profile], *, code: str, firmware: str, product: str = "") -> D:
    """The dialect of a charge point: later profiles win."""
    dialect = plain
    for profile in profiles:
        if profile.matches(code=code, product=product, firmware=firmware):
            dialect = changed(dialect, profile)
    return dialect


def changed(dialect: D, profile: Profile) -> D:
    """The dialect with what a profile changes; Invalid names the field that is unknown or does not take the value."""
    known = {field.name: getattr(dialect, field.name) for field in fields(dialect) if field.name != "names"}
    for name, value in profile.changes.items():
        if name not in known:
            raise _invalid(profile, f"there is no {name}; there are {', '.join(sorted(known)) or 'none'}")
        if type(value) is not type(known[name]):
            raise _invalid(profile, f"{name} is {type(known[name]).__name__}, not {value!r}")
    changes: dict[str, Any] = {**profile.changes, "names": (*dialect.names, profile.name)}
    try:
        return replace(dialect, **changes)
    except ValueError as error:
        raise _invalid(profile, str(error)) from error


def checked(plain: Dialect, profiles: Sequence[Profile]) -> tuple[Profile, ...]:
    """The profiles, when each of them fits; Invalid names the first that does not."""
    for profile in profiles:
        changed(plain, profile)
    return tuple(profiles)


def _invalid(profile: Profile, what: str) -> Invalid:
    return Invalid(f"profile {profile.name}: {what}", "profile_invalid", profile=profile.name)
