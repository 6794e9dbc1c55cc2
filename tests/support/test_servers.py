"""Private servers start, die and come back on the same port with what they had."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import servers
from tests.support.servers import MariaDb, RabbitMq, Redis, Server


def gone(group: int) -> bool:
    """Nobody in the process group runs; the dead that the machine's first process has not counted yet do not matter."""
    states = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = stat.read_text("utf-8").rpartition(")")[2].split()[:3]
            states += [state] if int(its_group) == group else []
    return set(states) <= {"Z"}


@pytest.mark.connected
@pytest.mark.parametrize("kind", [MariaDb, Redis, RabbitMq])
def test_a_private_server_dies_and_comes_back(kind: type[Server]) -> None:
    with kind() as server:
        assert server.answers()
        first = server.pid
        server.kill()
        assert not server.running
        assert gone(first)
        assert not server.answers()
        server.start()
        assert server.answers()
        second = server.pid
        server.stop()
        assert gone(second)
        assert not server.answers()


@pytest.fixture
def mariadb() -> Iterator[MariaDb]:
    with MariaDb() as server:
        yield server


def query(server: MariaDb, statement: str) -> str:
    command = ["mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={server.port}", "--user=root", "--batch"]
    return subprocess.run(
        [*command, "-e", statement, "chargecloud"], capture_output=True, text=True, encoding="utf-8", check=True
    ).stdout


@pytest.mark.connected
def test_mariadb_keeps_what_it_committed_over_a_kill(mariadb: MariaDb) -> None:
    query(mariadb, "CREATE TABLE kept (n INT) ENGINE=InnoDB; INSERT INTO kept VALUES (7)")
    mariadb.kill()
    mariadb.start()
    assert query(mariadb, "SELECT n FROM kept").split() == ["n", "7"]


@pytest.mark.connected
def test_rabbitmq_obeys_its_own_control_program() -> None:
    with RabbitMq() as server:
        server.ctl("add_vhost", "other")
        assert "other" in server.ctl("list_vhosts")


def test_a_server_that_ends_at_once_shows_its_log() -> None:
    with pytest.raises(RuntimeError, match="redis did not start"), Redis(options=("--no-such-option", "1")):
        raise AssertionError("it must not start")


def test_servers_that_do_not_answer_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, scheme in (("MARIADB", "mysql"), ("REDIS", "redis"), ("RABBITMQ", "amqp")):
        monkeypatch.setattr(servers, f"{name}_URL", f"{scheme}://127.0.0.1:1")
    assert servers.main() == 1
    told = capsys.readouterr().err
    assert [line.split()[0] for line in told.splitlines()] == ["MariaDB", "Redis", "RabbitMQ"]
    assert "127.0.0.1:1" in told
