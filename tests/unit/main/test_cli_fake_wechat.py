"""`chargecloud fake-wechat` refuses what would be dangerous, and as a process serves what it says it serves."""

import json
import signal
import stat
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chargecloud.kernel.errors import Invalid
from chargecloud.main.cli import app
from chargecloud.main.cli_fake_wechat import banner, refuse_true_keys
from chargecloud.main.settings import Settings
from chargecloud.main.settings_wechat import WechatSettings


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--host", "0.0.0.0"], "--public"),
        (["--host", "charge.example.com"], "--public"),
        (["--mode", "none"], "certificate"),
    ],
)
def test_what_is_dangerous_or_none_is_named(tmp_path: Path, arguments: list[str], word: str) -> None:
    with pytest.raises(Invalid, match=word):
        CliRunner().invoke(app, ["fake-wechat", "--data", str(tmp_path), *arguments], catch_exceptions=False)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_somebody_elses_is_named(tmp_path: Path) -> None:
    (tmp_path / "fake-wechat.json").write_text("{}", "utf-8")
    with pytest.raises(Invalid, match="name another folder"):
        CliRunner().invoke(app, ["fake-wechat", "--data", str(tmp_path)], catch_exceptions=False)


def test_it_does_not_run_beside_true_keys() -> None:
    true = {"appid": "wx1", "app_secret": "s", "mchid": "1900000001"}
    with pytest.raises(Invalid, match="CHARGECLOUD_WECHAT__MCHID"):
        refuse_true_keys(WechatSettings.model_validate(true))
    refuse_true_keys(WechatSettings.model_validate(true | {"pay_base_url": "http://127.0.0.1:9780"}))
    refuse_true_keys(WechatSettings())


def test_the_banner_says_how_to_go_on() -> None:
    said = banner("http://127.0.0.1:9780", Path("/x/chargecloud.toml"))
    assert "chargecloud up --config /x/chargecloud.toml" in said and "/cashier" in said


def test_the_process_serves_and_writes_a_configuration(tmp_path: Path) -> None:
    data = tmp_path / "fake"
    command = [sys.executable, "-m", "chargecloud.main", "fake-wechat", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        settings = Settings.model_validate(tomllib.loads((data / "chargecloud.toml").read_text("utf-8"))).wechat
        base = settings.pay_base_url
        with urllib.request.urlopen(f"{base}/control/world", timeout=10) as answer:
            world = json.load(answer)
        with urllib.request.urlopen(f"{base}/healthz", timeout=10) as answer:
            assert json.load(answer)["service"] == "fake-wechat"
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    assert base in "".join(lines)
    assert (world["appid"], world["mchid"]) == (settings.appid, settings.mchid)
    assert stat.S_IMODE((data / "chargecloud.toml").stat().st_mode) & 0o077 == 0 or sys.platform == "win32"
