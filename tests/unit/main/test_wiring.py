"""Adapters by URL: what a role alone cannot work with is refused in words, and without secrets."""

import sys

import pytest

from chargecloud.infra.bus.memory import MemoryBus
from chargecloud.infra.bus.rabbit import RabbitBus
from chargecloud.infra.cache.memory import MemoryCache
from chargecloud.infra.cache.redis import RedisCache
from chargecloud.kernel.clock import ManualClock
from chargecloud.kernel.errors import Invalid, Unavailable
from chargecloud.main.audiences import AUDIENCES
from chargecloud.main.settings import Settings
from chargecloud.main.wiring import Role, open_bus, open_cache, open_database, refuse_world

SERVERS = {"database": "mysql+asyncmy://u:secret@h/n", "bus": "amqp://u:secret@h", "cache": "redis://:secret@h"}
NEEDS = {Role.UP: set(), Role.GATEWAY: {"bus", "cache"}, Role.API: {"database", "cache"}, Role.WORKER: set(SERVERS)}


def configured(**urls: str) -> Settings:
    return Settings.model_validate({name: {"url": url} for name, url in urls.items()})


@pytest.mark.parametrize("role", Role)
def test_a_role_is_content_with_the_servers_it_shares(role: Role) -> None:
    refuse_world(configured(**{name: SERVERS[name] for name in NEEDS[role]}), role)
    refuse_world(configured(**SERVERS), role)


@pytest.mark.parametrize(("role", "missing"), [(role, name) for role in Role for name in sorted(NEEDS[role])])
def test_a_role_alone_names_what_it_would_not_share(role: Role, missing: str) -> None:
    others = {name: url for name, url in SERVERS.items() if name != missing}
    with pytest.raises(Invalid, match=rf"^{role}: .*{missing}\.url.*chargecloud up") as caught:
        refuse_world(configured(**others), role)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("name", SERVERS)
def test_a_scheme_nobody_knows_is_refused_without_secrets(name: str) -> None:
    with pytest.raises(Invalid, match=rf"{name}\.url: smoke://") as caught:
        refuse_world(configured(**{name: "smoke://u:secret@h"}), Role.UP)
    assert "secret" not in caught.value.message


def test_the_embedded_world_is_in_memory_and_one_file() -> None:
    settings, clock = Settings(enrolment="open"), ManualClock()
    assert isinstance(open_bus(settings, clock), MemoryBus)
    assert isinstance(open_cache(settings, clock), MemoryCache)
    assert open_database(settings, clock).options.enrolment_open


def test_the_cache_of_several_processes_is_on_redis() -> None:
    settings = configured(cache="redis://:secret@127.0.0.1:1/0")
    assert isinstance(open_cache(settings, ManualClock()), RedisCache)


@pytest.mark.parametrize("scheme", ["amqp", "amqps"])
def test_the_bus_of_several_processes_is_on_rabbitmq(scheme: str) -> None:
    settings = configured(bus=f"{scheme}://u:secret@127.0.0.1/chargecloud")
    assert isinstance(open_bus(settings, ManualClock(), audiences=AUDIENCES), RabbitBus)


def test_a_driver_that_is_not_installed_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, missing in (("cache.redis", "cache.redis_line"), ("bus.rabbit", "bus.rabbit_line")):
        monkeypatch.delitem(sys.modules, f"chargecloud.infra.{module}")
        monkeypatch.setitem(sys.modules, f"chargecloud.infra.{missing}", None)
    with pytest.raises(Unavailable, match=r"cache\.url needs the package .*chargecloud\[cluster\]"):
        open_cache(configured(cache=SERVERS["cache"]), ManualClock())
    with pytest.raises(Unavailable, match=r"bus\.url needs the package .*chargecloud\[cluster\]"):
        open_bus(configured(bus=SERVERS["bus"]), ManualClock())


def test_a_server_is_a_pool_with_the_configured_deadlines() -> None:
    settings = Settings.model_validate({"database": {"url": SERVERS["database"], "connections": 3, "unit_s": 7}})
    store = settings.database.for_store()
    assert (store.connections, store.unit_s, store.synchronous) == (3, 7, "FULL")
    open_database(settings, ManualClock())
