"""Settings to adapters, by the scheme of each URL: the only place that knows which world the platform is in.

A role is given what it needs and nothing else: see role_gateway.py, role_api.py and role_worker.py.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chargecloud.infra import telemetry
from chargecloud.kernel.clock import Clock
from chargecloud.kernel.errors import Invalid, Unavailable
from chargecloud.main.settings import Settings

if TYPE_CHECKING:
    from chargecloud.features.payments.channels.catalog import Channels
    from chargecloud.infra.bus.contract import Audience, Bus
    from chargecloud.infra.bus.redelivery import PoisonHook
    from chargecloud.infra.cache.contract import Cache
    from chargecloud.infra.sql.engine import Database
    from chargecloud.infra.wechat.app import WechatApp
    from chargecloud.main.process import Part


class Role(StrEnum):
    """What a process does; `up` is all of it."""

    UP = "up"
    GATEWAY = "gateway"
    API = "api"
    WORKER = "worker"


SERVERS = {"database": ("mysql", "mariadb"), "bus": ("amqp", "amqps"), "cache": ("redis", "rediss")}
"""Schemes of what several processes can share."""
EMBEDDED = {"database": "sqlite", "bus": "memory", "cache": "memory"}
"""Schemes of what belongs to one process."""
SHARED_BY = {
    Role.UP: (),
    Role.GATEWAY: ("bus", "cache"),
    Role.API: ("database", "cache"),
    Role.WORKER: ("database", "bus", "cache"),
}
"""What a role has to share with the others, because it runs alone."""


def refuse_world(settings: Settings, role: Role) -> None:
    """Say clearly which URL is not known, and what cannot work in a process that has only this role."""
    for name in EMBEDDED:
        scheme = scheme_of(settings, name)
        if scheme != EMBEDDED[name] and scheme not in SERVERS[name]:
            raise Invalid(
                f"{name}.url: {scheme}:// is not known; use {EMBEDDED[name]}:// for one process or "
                f"{SERVERS[name][0]}:// for several",
                "world_unknown",
            )
    alone = [
        f"{name}.url is {scheme_of(settings, name)}://, which belongs to one process; give {SERVERS[name][0]}://…"
        for name in SHARED_BY[role]
        if scheme_of(settings, name) == EMBEDDED[name]
    ]
    if alone:
        raise Invalid(
            f"{role}: a role of its own shares its servers with the others: {'; '.join(alone)}. "
            "One process that does everything is `chargecloud up`",
            "alone",
        )


def scheme_of(settings: Settings, name: str) -> str:
    """The scheme of `database`, `bus` or `cache`; a driver named after a plus sign does not count."""
    url = {"database": settings.database_url, "bus": settings.bus.url, "cache": settings.cache.url}[name]
    return url.partition(":")[0].partition("+")[0].lower()


def is_shared(settings: Settings, name: str) -> bool:
    """Whether other processes may use the same `database`, `bus` or `cache`."""
    return scheme_of(settings, name) != EMBEDDED[name]


def open_bus(
    settings: Settings, clock: Clock, *, audiences: "Sequence[Audience]" = (), on_poison: "PoisonHook | None" = None
) -> "Bus":
    """The configured bus, not yet started. `audiences` are the groups that subscribe in other processes."""
    if scheme_of(settings, "bus") == EMBEDDED["bus"]:
        from chargecloud.infra.bus.memory import MemoryBus

        return MemoryBus(clock, on_poison=on_poison)
    with _driver_of("bus"):
        from chargecloud.infra.bus.rabbit import RabbitBus
    return RabbitBus(settings.bus.url, clock, groups=audiences, on_poison=on_poison)


def open_cache(settings: Settings, clock: Clock) -> "Cache":
    """The configured cache, not yet started."""
    if scheme_of(settings, "cache") == EMBEDDED["cache"]:
        from chargecloud.infra.cache.memory import MemoryCache

        return MemoryCache(clock)
    with _driver_of("cache"):
        from chargecloud.infra.cache.redis import RedisCache
    return RedisCache(settings.cache.url, clock)


def open_database(
    settings: Settings, clock: Clock, *, broadcast: Callable[[str, bytes], None] | None = None
) -> "Database":
    """The configured database, not yet started."""
    from chargecloud.infra.sql.engine import Database
    from chargecloud.infra.sql.options import ExportOptions, PaymentOptions
    from chargecloud.infra.sql.uow import Options

    options = Options(
        enrolment_open=settings.enrolment == "open",
        qr_prefix=settings.qr.prefix,
        qr_with_connector=settings.qr.with_connector,
        other_codes=tuple((each.pattern, each.first_connector) for each in settings.qr.others),
        new_driver_operator_id=settings.wechat.operator_id,
        message_kinds=frozenset(settings.wechat.messages) if settings.wechat.appid else frozenset(),
        payments=PaymentOptions(**settings.payments.model_dump()),
        second_factor_roles=frozenset(settings.staff.totp_required_roles),
        exports=ExportOptions(**settings.exports.model_dump()),
        **settings.orders.model_dump(),
    )
    store = settings.database.for_store()
    return Database(settings.database_url, clock, options=options, broadcast=broadcast, store=store)


def open_wechat_apps(settings: Settings, clock: Clock) -> "dict[str, WechatApp]":
    """The configured mini programs by appid, the usual one first; none without `wechat.appid`."""
    configured = settings.wechat
    if not configured.appid:
        return {}
    from chargecloud.infra.wechat.app import AppOptions, WechatApp, http_client

    options = AppOptions(
        appid=configured.appid,
        secret=configured.app_secret.get_secret_value(),
        base_url=configured.app_base_url,
        version=configured.version,
    )
    return {options.appid: WechatApp(options, http_client(), clock)}


@dataclass(frozen=True)
class Providers:
    """The ways of taking money, and what has to be started and stopped for them."""

    channels: "Channels"
    parts: "tuple[Part, ...]" = ()


def open_channels(settings: Settings, clock: Clock) -> Providers:
    """The configured ways of taking money; those that are not configured say what is missing."""
    from chargecloud.features.payments.channels.catalog import Channels
    from chargecloud.main.wechat_pay import WechatPay, missing_words

    missing = missing_words(settings.wechat)
    if missing:
        return Providers(Channels(closed={"wechat": missing}))
    pay = WechatPay(settings.wechat, clock)
    return Providers(Channels(pay.channel), (pay,))


def watch_servers(bus: "Bus | None", cache: "Cache") -> None:
    """Show what bus and cache count."""
    telemetry.watch("cache", cache.counts, states={"held", "buckets", "down"})
    if bus is not None:
        telemetry.watch("bus", bus.counts, states={"queued", "unconfirmed", "down"})


@contextmanager
def _driver_of(name: str) -> Iterator[None]:
    """Import what comes with the extra, or say how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"{name}.url needs the package {error.name}, which is not installed; pip install 'chargecloud[cluster]'",
            "driver_missing",
        ) from None
