"""What lies in deploy/ fits the program: every variable, command, option and configuration; nothing is run here."""

import configparser
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from chargecloud.main.cli import app
from chargecloud.main.settings import Settings, keys, variable
from chargecloud.main.settings_source import CONFIG_VARIABLE, SECRETS_VARIABLE, load_settings
from chargecloud.main.wiring import Role, refuse_world
from tests.integration.deploy.units import read
from tests.tidy.documents import VARIABLE
from tests.tidy.source import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSED = sorted((DEPLOY / "docker").glob("compose.*.yml"))
SERVERS = {"database.url": "mysql://u:p@h/n", "bus.url": "amqp://u:p@h/v", "cache.url": "redis://:p@h/0"}
OURS = "chargecloud"
PASSWORD = re.compile(r"\$\{([A-Z_]+):\?[^}]*\}")


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {CONFIG_VARIABLE, SECRETS_VARIABLE, *(variable(key) for key in keys())}:
        monkeypatch.delenv(name, raising=False)


def check_command(words: list[str]) -> None:
    """A sub-command with options it has."""
    commands = getattr(typer.main.get_command(app), "commands", {})
    options = {name for parameter in commands[words[0]].params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_variable_exists() -> None:
    known = {CONFIG_VARIABLE, SECRETS_VARIABLE, *(variable(key) for key in keys())}
    named = {
        found for path in DEPLOY.rglob("*") if path.is_file() for found in VARIABLE.findall(path.read_text("utf-8"))
    }
    assert named and named <= known


def test_the_embedded_configuration() -> None:
    settings = load_settings(DEPLOY / "config" / "embedded.toml")
    refuse_world(settings, Role.UP)
    assert settings.https.enabled is False and settings.http.host == "127.0.0.1"


def with_secrets(folder: Path, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in names:
        (folder / name).write_text(SERVERS.get(name, "secret"), "utf-8")
    monkeypatch.setenv(SECRETS_VARIABLE, str(folder))


@pytest.mark.parametrize("role", [Role.GATEWAY, Role.API, Role.WORKER])
def test_the_configuration_of_the_cluster(role: Role, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With exactly the secrets the role's unit hands over."""
    handed = read(DEPLOY / "systemd" / f"chargecloud-{role}@.service")["Service"]["LoadCredential"]
    with_secrets(tmp_path, [line.partition(":")[0] for line in handed], monkeypatch)
    settings = load_settings(DEPLOY / "config" / "cluster.toml")
    refuse_world(settings, role)
    assert (settings.database.url == "") == (role is Role.GATEWAY)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_what_a_unit_starts(path: Path) -> None:
    service = read(path)["Service"]
    (line,) = service["ExecStart"]
    program, *words = shlex.split(line)
    assert program.endswith("/bin/chargecloud")
    check_command(words)
    config = Path(words[words.index("--config") + 1])
    assert config.parent == Path("/etc/chargecloud")
    example = "embedded.toml" if config.name == "chargecloud.toml" else config.name
    assert load_settings(DEPLOY / "config" / example).data_dir == Path("/var/lib/chargecloud")
    for credential in service.get("LoadCredential", []):
        name, _, source = credential.partition(":")
        assert name in set(keys()) and Path(source).name == name
    assert (service["Type"] == ["notify"]) == (words[0] not in {"migrate", "backup"})


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_unit_is_confined_alike(path: Path) -> None:
    def confinement(path: Path) -> str:
        return path.read_text("utf-8").partition("# What it may do.\n")[2].partition("\n\n")[0].strip()

    assert confinement(path) == confinement(UNITS[0])
    assert {"UMask=0077", "StateDirectoryMode=0700", "NoNewPrivileges=yes"} <= set(confinement(path).splitlines())


@pytest.mark.parametrize("path", COMPOSED, ids=lambda path: path.name)
def test_what_a_compose_file_starts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    for name, service in services(path):
        if service["image"] == OURS:
            environment = service.get("environment", {})
            check_command(service["command"])
            monkeypatch.setattr("os.environ", {key: filled(value) for key, value in environment.items()})
            seen.add(started(service["command"][0], load_settings()))
        check_volumes(path, name, service)
    assert seen == ({"up"} if "embedded" in path.name else {"migrate", "gateway", "api", "worker"})


def services(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    composed = yaml.safe_load(path.read_text("utf-8"))
    names = set(composed["services"])
    for name, service in composed["services"].items():
        assert set(service.get("depends_on", [])) <= names
        yield name, service


def started(command: str, settings: Settings) -> str:
    if command != "migrate":
        refuse_world(settings, Role(command))
    assert settings.http.host == "0.0.0.0" or command not in {"api", "up"}, "nobody would reach it"
    return command


def filled(value: object) -> str:
    """As compose fills passwords in."""
    assert isinstance(value, str), "a variable is a text; quote it"
    return PASSWORD.sub("secret", value)


def check_volumes(path: Path, name: str, service: Mapping[str, Any]) -> None:
    composed = yaml.safe_load(path.read_text("utf-8"))
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith(".."):
            assert (path.parent / source).exists(), f"{name}: {source}"
        elif not source.startswith("."):
            assert source in composed["volumes"], f"{name}: {source}"


def test_the_listeners_of_containers_are_published() -> None:
    for path in COMPOSED:
        for _, service in services(path):
            listeners = json.loads(service.get("environment", {}).get("CHARGECLOUD_LISTENERS", "[]"))
            for listener in listeners:
                assert f"{listener['port']}:{listener['port']}" in service["ports"]


def test_the_image_copies_what_is_there() -> None:
    text = (DEPLOY / "docker" / "Dockerfile").read_text("utf-8")
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {word for line in re.findall(r"^COPY (?!--)(.+) \S+$", text, re.MULTILINE) for word in line.split()}
    assert copied <= kept and all((ROOT / name).exists() for name in copied)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert all(pinned in makefile for pinned in re.findall(r"uv==[\d.]+", text))


def test_the_servers_settings_pass_our_own_check() -> None:
    from chargecloud.infra.sql.mysql_safety import faults

    parsed = configparser.ConfigParser(allow_no_value=True)
    parsed.read(DEPLOY / "mariadb" / "chargecloud.cnf", "utf-8")
    section = dict(parsed["mysqld"]) | {"default_storage_engine": "InnoDB"}
    section |= {"log_bin": "1", "charset": section["character_set_server"]}
    assert not list(faults(section))
