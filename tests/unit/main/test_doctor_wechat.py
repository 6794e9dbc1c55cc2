"""The doctor finds a WeChat that is half configured and keys that do not work."""

from pathlib import Path

import pytest

from chargecloud.main.doctor_finding import Finding, Level
from chargecloud.main.doctor_wechat import wechat
from chargecloud.main.settings import Settings
from tests.support.fake_wechat import merchant_files

SECRET = "canary-app-secret"
APIV3 = "canary-apiv3-key-of-32-bytes-xxx"


def examined(**given: object) -> list[Finding]:
    return list(wechat(Settings.model_validate({"wechat": given})))


def whole(tmp_path: Path) -> dict[str, object]:
    key, public = merchant_files(tmp_path)
    return {
        "appid": "wx1",
        "app_secret": SECRET,
        "mchid": "1900000001",
        "mch_serial": "AB12",
        "mch_key_file": key,
        "apiv3_key": APIV3,
        "notify_url": "https://charge.example.com/wx_notify_url",
        "public_key_id": "PUB_KEY_ID_01",
        "public_key_file": public,
    }


def test_nothing_configured_is_noted() -> None:
    assert [finding.level for finding in examined()] == [Level.NOTE, Level.NOTE]


def test_everything_configured_is_fine(tmp_path: Path) -> None:
    found = examined(**whole(tmp_path))
    assert {finding.level for finding in found} == {Level.FINE}
    assert len(found) == 4
    told = " ".join(finding.text for finding in found)
    assert SECRET not in told and APIV3 not in told


@pytest.mark.parametrize("name", ["mch_serial", "mch_key_file", "apiv3_key", "notify_url"])
def test_what_is_missing_is_named_by_its_variable(tmp_path: Path, name: str) -> None:
    given = whole(tmp_path)
    del given[name]
    (found,) = [finding for finding in examined(**given) if finding.level is Level.WRONG]
    assert f"CHARGECLOUD_WECHAT__{name.upper()}" in found.text


def test_a_key_file_that_is_none_or_open_to_all_is_wrong(tmp_path: Path) -> None:
    given = whole(tmp_path)
    Path(str(given["mch_key_file"])).chmod(0o644)
    assert any("chmod 600" in finding.text for finding in examined(**given))
    Path(str(given["mch_key_file"])).write_text("nonsense", "utf-8")
    Path(str(given["public_key_file"])).unlink()
    wrong = [finding.text for finding in examined(**given) if finding.level is Level.WRONG]
    assert len(wrong) == 2 and "not a PEM private key" in wrong[0]


@pytest.mark.parametrize(
    ("changes", "level", "word"),
    [
        ({"notify_url": "http://charge.example.com/wx_notify_url"}, Level.WRONG, "HTTPS"),
        ({"notify_url": "https://127.0.0.1/wx_notify_url"}, Level.WRONG, "internet"),
        ({"apiv2_key": "x" * 32}, Level.NOTE, "APIv2"),
        (
            {"web_base_url": "http://127.0.0.1:9780", "pay_base_url": "http://127.0.0.1:9780"},
            Level.NOTE,
            "no money moves",
        ),
    ],
)
def test_what_is_dangerous_is_said(tmp_path: Path, changes: dict[str, object], level: Level, word: str) -> None:
    found = examined(**(whole(tmp_path) | changes))
    assert any(finding.level is level and word in finding.text for finding in found)
