"""The doctor finds what is planted and says how to mend it."""

import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chargecloud.kernel.clock import SystemClock
from chargecloud.main import schema
from chargecloud.main.certificates import self_signed
from chargecloud.main.doctor import examine
from chargecloud.main.doctor_finding import Finding, Level
from chargecloud.main.settings import ListenerSettings, Settings
from tests.support.mariadb import own_database_now

HEALTHY = {
    "http": {"port": 0},
    "https": {"port": 0},
    "listeners": [{"protocol": "ykc16", "port": 0}],
    "metrics": {"gateway_port": 0, "api_port": 0, "worker_port": 0},
}


def examined(tmp_path: Path, **changes: object) -> dict[str, Finding]:
    settings = Settings.model_validate({"data_dir": tmp_path, **HEALTHY, **changes})
    return {finding.subject: finding for finding in examine(settings)}


def test_a_healthy_installation(tmp_path: Path) -> None:
    schema.upgrade(f"sqlite:///{(tmp_path / 'chargecloud.db').as_posix()}")
    found = examined(tmp_path)
    assert not [finding for finding in found.values() if finding.level is Level.WRONG]
    assert "sum to zero" in found["ledger"].text
    assert found["integrity"].level is Level.FINE


@pytest.mark.connected
def test_a_server_is_examined_too(tmp_path: Path) -> None:
    with own_database_now() as url:
        assert examined(tmp_path, database={"url": url})["database"].level is Level.NOTE
        schema.upgrade(url)
        found = examined(tmp_path, database={"url": url})
        assert found["database"].level is Level.FINE
        assert "sum to zero" in found["ledger"].text
    assert examined(tmp_path, database={"url": url})["database"].level is Level.WRONG


def test_an_empty_directory_is_only_noted_and_stays_empty(tmp_path: Path) -> None:
    found = examined(tmp_path / "new")
    assert found["database"].level is Level.NOTE
    assert "chargecloud migrate" in found["database"].text
    assert not (tmp_path / "new").exists()


def test_a_damaged_database(tmp_path: Path) -> None:
    (tmp_path / "chargecloud.db").write_bytes(b"nonsense " * 1000)
    assert examined(tmp_path)["database"].level is Level.WRONG


def test_a_ledger_that_does_not_add_up(tmp_path: Path) -> None:
    path = tmp_path / "chargecloud.db"
    schema.upgrade(f"sqlite:///{path.as_posix()}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("INSERT INTO wallet_postings VALUES ('t', 1, 'adjustments', 0, 5, 1)")
        connection.commit()
    assert examined(tmp_path)["ledger"].level is Level.WRONG


def test_ports_and_protocols(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        listeners = [{"protocol": "smoke", "port": 0}, {"protocol": "ykc16", "host": "127.0.0.1", "port": port}]
        found = examined(tmp_path, listeners=listeners)
    assert "ykc16" in found["listener 0.0.0.0:0"].text
    assert found[f"listener 127.0.0.1:{port}"].level is Level.WRONG
    assert (found["bus"].level, found["cache"].level) == (Level.FINE, Level.FINE)


def test_a_gateway_that_fell_silent_is_worth_a_note(tmp_path: Path) -> None:
    path = tmp_path / "chargecloud.db"
    schema.upgrade(f"sqlite:///{path.as_posix()}")
    with closing(sqlite3.connect(path)) as connection:
        for name, silent in (("east-1", None), ("east-2", 1_767_225_600_000)):
            row = (name, 1, 1_767_225_500_000, 7, silent, silent)
            connection.execute("INSERT INTO gateways VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.commit()
    found = examined(tmp_path)
    assert "7 charge points" in found["gateway east-1"].text
    assert (found["gateway east-2"].level, found["gateway east-1"].level) == (Level.NOTE, Level.FINE)


@pytest.mark.parametrize(
    ("protocol", "changes", "level", "says"),
    [
        ("dny", {"heartbeat_s": 60}, Level.FINE, "dny"),
        ("ykc16", {"fault_shift": 1, "seconds_lost": True}, Level.FINE, "ykc16"),
        ("dny", {"heartbeat": 60}, Level.WRONG, "heartbeat_s"),
        ("smoke", {"heartbeat_s": 60}, Level.WRONG, "'smoke'"),
    ],
)
def test_profiles(tmp_path: Path, protocol: str, changes: dict[str, object], level: Level, says: str) -> None:
    profile = {"protocol": protocol, "name": "hall", "code_prefix": "04", "changes": changes}
    found = examined(tmp_path, profiles=[profile])["profile hall"]
    assert found.level is level and says in found.text


def test_no_listener_is_worth_a_note(tmp_path: Path) -> None:
    assert "CHARGECLOUD_LISTENERS" in examined(tmp_path, listeners=[])["listeners"].text


@pytest.mark.parametrize("usable", [True, False])
def test_certificates(tmp_path: Path, usable: bool) -> None:
    certificate, key = self_signed(tmp_path / "pki", SystemClock().now_ms())
    if not usable:
        key.write_text("nonsense", "utf-8")
    listener = ListenerSettings(protocol="ykc16", host="127.0.0.1", port=0, tls_cert=certificate, tls_key=key)
    findings = examine(Settings.model_validate({"data_dir": tmp_path, **HEALTHY, "listeners": [listener]}))
    levels = [finding.level for finding in findings if str(certificate) in finding.text]
    assert levels == [Level.FINE if usable else Level.WRONG]


@pytest.mark.skipif(sys.platform == "win32", reason="rights are another matter there")
@pytest.mark.parametrize(("mode", "level"), [(0o755, Level.NOTE), (0o700, Level.FINE)])
def test_a_data_directory_others_may_look_into(tmp_path: Path, mode: int, level: Level) -> None:
    tmp_path.chmod(mode)
    findings = examine(Settings.model_validate({"data_dir": tmp_path, **HEALTHY}))
    assert next(finding.level for finding in findings if finding.subject == "data directory") is level
