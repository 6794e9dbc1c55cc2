"""The command line: help and version, exit codes, refusals in words."""

import os
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chargecloud.infra import telemetry
from chargecloud.kernel.errors import Conflict, Invalid, NotFound
from chargecloud.main import cli, cli_options, cli_platform, cli_staff
from chargecloud.main.schema_state import newest

COMMANDS = (
    "demo",
    "up",
    "gateway",
    "api",
    "worker",
    "migrate",
    "sim",
    "decode",
    "doctor",
    "audit",
    "staff",
    "version",
    "backup",
    "restore",
    "copy-database",
)


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CHARGECLOUD_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CHARGECLOUD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CHARGECLOUD_HTTP__PORT", "0")
    monkeypatch.setenv("CHARGECLOUD_HTTPS__PORT", "0")
    monkeypatch.setenv("CHARGECLOUD_LISTENERS", "[]")
    for role in ("GATEWAY", "API", "WORKER"):
        monkeypatch.setenv(f"CHARGECLOUD_METRICS__{role}_PORT", "0")
    # The log would keep writing to the stream of the first test that set it up.
    monkeypatch.setattr(telemetry, "set_up_log", lambda *_: None)


def output(*arguments: str, text: str = "", code: int = 0) -> str:
    result = CliRunner().invoke(cli.app, arguments, input=text, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def ran(monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]) -> int | str | None:
    """The exit code of the real entry point."""
    monkeypatch.setattr(sys, "argv", ["chargecloud", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.run()
    return ended.value.code


def test_every_command_of_the_contract_is_there() -> None:
    told = output("--help")
    assert all(f"\n  {command} " in told for command in COMMANDS)


def test_version() -> None:
    assert output("version").strip() == version("chargecloud")


def test_migrate_twice() -> None:
    assert output("migrate") == f"schema {newest()}, was empty\n"
    assert output("migrate") == f"schema {newest()} already\n"


@pytest.mark.parametrize("role", ["gateway", "api", "worker"])
def test_one_role_alone_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    with pytest.raises(Invalid, match=rf"{role}: .*cache\.url is memory://.*redis://.*chargecloud up"):
        output(role, "--number", "2")
    assert ran(monkeypatch, [role]) == 2


@pytest.mark.parametrize("role", ["gateway", "api", "worker"])
def test_several_of_a_role_are_refused_like_one_and_a_number_belongs_to_one(
    monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert ran(monkeypatch, [role, "--processes", "2"]) == 2
    assert ran(monkeypatch, [role, "--processes", "2", "--number", "1"]) == 2
    monkeypatch.setattr(sys, "platform", "win32")
    assert ran(monkeypatch, [role, "--processes", "2"]) == 1


def test_refusals_are_told_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong.toml").write_text("colour = 'red'", "utf-8")
    assert ran(monkeypatch, ["up", "--config", str(tmp_path / "wrong.toml")]) == 2
    assert ran(monkeypatch, ["up", "--nonsense"]) == 2
    monkeypatch.setenv("CHARGECLOUD_BUS__URL", "smoke://127.0.0.1")
    assert ran(monkeypatch, ["up"]) == 2
    told = capsys.readouterr().err
    assert "chargecloud: colour: there is no such setting" in told
    assert "bus.url" in told
    assert "Traceback" not in told


def test_doctor_tells_and_fails_only_for_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ok    cache: in memory" in output("doctor")
    assert "ok  " not in output("doctor", "--quiet")
    monkeypatch.setenv("CHARGECLOUD_CACHE__URL", "redis://127.0.0.1:1")
    assert "BAD   cache: the cache at 127.0.0.1:1" in output("doctor", code=1)


def test_the_first_administrator() -> None:
    assert "boss" in output("staff", "add", "boss", "--name", "老板", text="a long enough secret\n")
    made = output("staff", "add", "night", "--role", "dispatcher", "--generate")
    password = made.rpartition("password: ")[2].strip()
    assert len(password) >= 15
    listed = output("staff", "list").splitlines()
    assert [line.split()[1] for line in listed] == ["boss", "night"]
    assert "老板" in listed[0]
    with pytest.raises(Conflict, match="boss"):
        output("staff", "add", "boss", "--generate")


def test_a_lost_phone_on_the_command_line(tmp_path: Path) -> None:
    output("staff", "add", "boss", "--generate")
    with pytest.raises(NotFound, match="staff list"):
        output("staff", "reset-totp", "nobody")
    with pytest.raises(Conflict, match="动态验证码"):
        output("staff", "reset-totp", "boss")
    with closing(sqlite3.connect(tmp_path / "data" / "chargecloud.db")) as database, database:
        database.execute("INSERT INTO staff_second_factors VALUES (1, 'GEZDGNBV', 1, -1)")
    assert "second factor" in output("staff", "list")
    assert "boss" in output("staff", "reset-totp", "Boss")
    assert "second factor" not in output("staff", "list")


@pytest.mark.parametrize(
    ("arguments", "text", "word"),
    [
        (["--role", "king"], "", "administrator"),
        (["--role", "demo"], "", "administrator"),
        ([], "short\n", "8"),
        ([], "", "8"),
    ],
)
def test_an_account_that_will_not_do(arguments: list[str], text: str, word: str) -> None:
    with pytest.raises(Invalid, match=word):
        output("staff", "add", "boss", *arguments, text=text)


@pytest.mark.parametrize("command", [["up"], ["demo"], ["demo", "--once"], ["migrate"], ["staff", "list"]])
def test_a_data_directory_that_cannot_be_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CHARGECLOUD_DATA_DIR", str(tmp_path / "file" / "data"))
    assert ran(monkeypatch, command) == 1
    told = capsys.readouterr().err
    assert "CHARGECLOUD_DATA_DIR" in told and "Traceback" not in told


@pytest.mark.parametrize(
    ("configured", "quiet", "level"),
    [(None, False, "info"), (None, True, "warning"), ("debug", False, "debug"), ("debug", True, "debug")],
)
def test_the_log_is_as_configured_and_quiet_where_people_read(
    monkeypatch: pytest.MonkeyPatch, configured: str | None, quiet: bool, level: str
) -> None:
    given: list[object] = []
    monkeypatch.setattr(telemetry, "set_up_log", lambda *arguments: given.extend(arguments[:2]))
    if configured:
        monkeypatch.setenv("CHARGECLOUD_LOG__LEVEL", configured)
    cli_options.settings_of(None, quiet=quiet)
    assert given == [level, "console"]


def test_parts_of_the_command_line_hang_together() -> None:
    names = {command.name or command.callback.__name__ for command in cli.app.registered_commands if command.callback}
    assert {"demo", "up", "sim", "decode", "version"} <= names
    assert cli_platform.up.__doc__
    assert cli_staff.app.registered_commands
    assert cli_options.Config


def test_what_is_written_is_the_accounts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    masks: list[int] = []
    monkeypatch.setattr(os, "umask", masks.append)
    assert ran(monkeypatch, ["version"]) == 0
    assert masks == [0o077]
