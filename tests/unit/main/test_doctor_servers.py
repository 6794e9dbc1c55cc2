"""What the servers of several processes lack is named, with the command that mends it and without secrets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis as Client

from chargecloud.main import doctor_servers
from chargecloud.main.doctor_finding import Finding, Level
from chargecloud.main.doctor_servers import servers
from chargecloud.main.settings import Settings
from tests.support.mariadb import own_database_now
from tests.support.servers import RabbitMq, Redis

NOWHERE = {"bus": "amqp://u:secret@127.0.0.1:1/v", "cache": "redis://:secret@127.0.0.1:1"}


def examined(**urls: str) -> dict[str, Finding]:
    settings = Settings.model_validate({name: {"url": url} for name, url in urls.items()})
    return {finding.subject: finding for finding in servers(settings)}


def test_one_process_needs_none() -> None:
    assert {name: finding.level for name, finding in examined().items()} == {"bus": Level.FINE, "cache": Level.FINE}


def test_servers_that_do_not_answer_are_named_without_secrets() -> None:
    found = examined(**NOWHERE)
    assert (found["bus"].level, found["cache"].level) == (Level.WRONG, Level.WRONG)
    assert all("127.0.0.1:1" in finding.text for finding in found.values())
    assert not [finding for finding in found.values() if "secret" in finding.text]


@pytest.mark.parametrize(("name", "package"), [("bus", "aiormq"), ("cache", "hiredis"), ("database", "asyncmy")])
def test_a_driver_that_is_not_installed(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_servers, "find_spec", lambda asked: None if asked == package else object())
    url = NOWHERE.get(name, "mysql://u:secret@127.0.0.1:1/n")
    found = examined(**{name: url})[name]
    assert found.level is Level.WRONG
    assert package in found.text and "pip install 'chargecloud[cluster]'" in found.text


@pytest.mark.parametrize(
    ("skew_ms", "level", "said"),
    [(5, Level.FINE, "ahead"), (-1500, Level.NOTE, "behind"), (60_000, Level.WRONG, "chrony")],
)
def test_clocks_that_are_apart(skew_ms: int, level: Level, said: str) -> None:
    (found,) = doctor_servers._skew("clock", skew_ms)
    assert found.level is level
    assert said in found.text


@pytest.fixture
def redis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with Redis(tmp_path, options=getattr(request, "param", ())) as server:
        yield server


@pytest.mark.connected
@pytest.mark.parametrize(
    ("redis", "subject", "mend"),
    [
        (("--maxmemory-policy", "allkeys-lru"), "cache memory", "CONFIG SET maxmemory-policy noeviction"),
        (("--maxmemory", "500kb"), "cache memory", "raise maxmemory"),
        (("--maxmemory", "500kb"), "cache", "used memory > 'maxmemory'"),
    ],
    indirect=["redis"],
)
def test_a_redis_that_will_not_do(redis: Redis, subject: str, mend: str) -> None:
    found = examined(cache=redis.url)[subject]
    assert found.level is Level.WRONG
    assert mend in found.text


@pytest.mark.connected
def test_a_redis_that_turns_us_away(redis: Redis) -> None:
    with Client.from_url(redis.url) as client:
        client.config_set("requirepass", "right")
    found = examined(cache=redis.url.replace("//", "//:wrong@"))["cache"]
    assert found.level is Level.WRONG
    assert "mend the name or password" in found.text and "wrong@" not in found.text


@pytest.mark.connected
def test_a_redis_and_a_database_that_are_fine(redis: Redis) -> None:
    with own_database_now() as database:
        found = examined(cache=redis.url, database=database)
    assert {finding.level for finding in found.values()} == {Level.FINE}
    assert {"cache", "clock of Redis", "clock of the database"} <= set(found)


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    with RabbitMq() as server:
        server.ctl("add_user", "platform", "right")
        server.ctl("add_vhost", "forbidden")
        server.ctl("add_vhost", "reading")
        server.ctl("set_permissions", "-p", "reading", "platform", "^$", "^$", ".*")
        server.ctl("add_vhost", "good")
        server.ctl("set_permissions", "-p", "good", "platform", ".*", ".*", ".*")
        yield server


@pytest.mark.connected
@pytest.mark.parametrize(
    ("account", "vhost", "level", "said"),
    [
        ("platform:right", "good", Level.FINE, "virtual host 'good'"),
        ("platform:wrong", "good", Level.WRONG, "mend name and password"),
        ("platform:right", "absent", Level.WRONG, "add_vhost 'absent'"),
        ("platform:right", "forbidden", Level.WRONG, "set_permissions"),
        ("platform:right", "reading", Level.WRONG, "set_permissions -p 'reading' platform"),
    ],
)
def test_rabbitmq(rabbitmq: RabbitMq, account: str, vhost: str, level: Level, said: str) -> None:
    found = examined(bus=f"amqp://{account}@127.0.0.1:{rabbitmq.port}/{vhost}")["bus"]
    assert found.level is level, found.text
    assert said in found.text
    assert "right" not in found.text and "wrong@" not in found.text
