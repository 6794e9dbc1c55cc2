"""Where settings come from, and how each mistake is named."""

import os
from pathlib import Path

import pytest

from chargecloud.kernel.errors import Invalid
from chargecloud.main.settings_source import load_settings


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:

    for name in list(os.environ):
        if name.startswith("CHARGECLOUD_"):
            monkeypatch.delenv(name)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "chargecloud.toml"
    path.write_text(text, "utf-8")
    return path


def test_flags_win_over_environment_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, '[http]\nport = 1\nhost = "127.0.0.2"\n[https]\nport = 2\n')
    monkeypatch.setenv("CHARGECLOUD_HTTP__PORT", "11")
    monkeypatch.setenv("CHARGECLOUD_HTTPS__PORT", "12")
    settings = load_settings(path, {"https": {"port": 22}})
    assert (settings.http.host, settings.http.port, settings.https.port) == ("127.0.0.2", 11, 22)


def test_the_file_may_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGECLOUD_CONFIG", str(written(tmp_path, 'enrolment = "open"')))
    assert load_settings().enrolment == "open"


def test_lists_and_tables_are_json_in_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGECLOUD_LISTENERS", '[{"protocol":"ykc16","host":"127.0.0.1","port":7}]')
    monkeypatch.setenv("CHARGECLOUD_HTTP", '{"port": 9}')
    settings = load_settings()
    assert [listener.port for listener in settings.listeners] == [7]
    assert settings.http.port == 9


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("data_dirr = 'x'", "data_dirr: there is no such setting; did you mean data_dir?"),
        ("[http]\nprot = 1", "http.prot: there is no such setting; did you mean http.port?"),
        ("[http]\nport = 'abc'", "http.port (CHARGECLOUD_HTTP__PORT): "),
        ("[http]\nport = 'abc'", "got 'abc'"),
        ("[[listeners]]\nprotocol = 'ykc16'", "listeners.0.port: Field required"),
        ("enrolment = 'ajar'", "'closed' or 'open'"),
        ("[https]\ncert = 'c.pem'", "cert and key belong together"),
        ("http = = 1", "is not TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(Invalid) as caught:
        load_settings(written(tmp_path, text))
    assert complaint in caught.value.message


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        load_settings(written(tmp_path, "a_b_c = 1\n[http]\nport = -1\n"))
    assert len(caught.value.message.splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("CHARGECLOUD_HTTP__PROT", "1", "did you mean CHARGECLOUD_HTTP__PORT?"),
        ("CHARGECLOUD_NONSENSE_AT_ALL", "1", "docs/operating/settings.md"),
        ("CHARGECLOUD_LISTENERS", "[{", "CHARGECLOUD_LISTENERS: its value is not JSON"),
    ],
)
def test_a_mistake_in_the_environment_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Invalid) as caught:
        load_settings()
    assert complaint in caught.value.message


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        load_settings(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b"data_dir = '\xff'")
    with pytest.raises(Invalid, match="not UTF-8"):
        load_settings(tmp_path / "latin.toml")


@pytest.mark.parametrize(
    "text",
    [
        "[http]\nmetrics_token = 12345678\n",
        "[wechat]\napp_secret = 12345678\n",
        "[wechat]\napiv3_key = 12345678\n",
        '[wechat]\napiv3_key = "12345678"\n',
        '[wechat]\napiv2_key = "12345678"\n',
        '[wechat]\napi_v3_key = "12345678"\n',
    ],
)
def test_a_secret_is_never_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        load_settings(written(tmp_path, text))
    assert "12345678" not in caught.value.message


def with_secrets(folder: Path, monkeypatch: pytest.MonkeyPatch, **secrets: str) -> None:
    folder.mkdir()
    (folder / "..data").mkdir()
    for key, text in secrets.items():
        (folder / key.replace("__", ".")).write_text(text, "utf-8")
    monkeypatch.setenv("CHARGECLOUD_SECRETS", str(folder))


def test_secrets_win_over_the_file_and_lose_to_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, '[database]\nurl = "mysql://file@h/n"\nconnections = 3\n[bus]\nurl = "amqp://file"\n')
    with_secrets(tmp_path / "s", monkeypatch, database__url="mysql://secret@h/n\n", bus__url="amqp://secret")
    monkeypatch.setenv("CHARGECLOUD_BUS__URL", "amqp://environment")
    settings = load_settings(path)
    assert (settings.database.url, settings.database.connections) == ("mysql://secret@h/n", 3)
    assert settings.bus.url == "amqp://environment"


def test_a_secret_nobody_knows_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_secrets(tmp_path / "s", monkeypatch, databas__url="mysql://x")
    with pytest.raises(Invalid, match=r"databas\.url: there is no such setting; did you mean database\.url"):
        load_settings()


def test_a_folder_of_secrets_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGECLOUD_SECRETS", str(tmp_path / "gone"))
    with pytest.raises(Invalid, match="CHARGECLOUD_SECRETS"):
        load_settings()


def test_proxies_are_addresses_or_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGECLOUD_HTTP__PROXIES", '["10.0.0.0/24"]')
    assert load_settings().http.proxies == ("10.0.0.0/24",)
    monkeypatch.setenv("CHARGECLOUD_HTTP__PROXIES", '["proxy.example.com"]')
    with pytest.raises(Invalid, match=r"http\.proxies.*127\.0\.0\.1"):
        load_settings()
