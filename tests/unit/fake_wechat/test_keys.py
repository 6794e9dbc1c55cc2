"""Keys are made once, kept private, and rotated with an overlap; the configuration written beside them can be read."""

import os
import stat
import tomllib
from pathlib import Path

import pytest

from chargecloud.fake_wechat import config
from chargecloud.fake_wechat.keys import FILE, load_or_make, save
from chargecloud.infra.wechat.pay_crypto import load_private_key, load_public_key
from chargecloud.main.settings import Settings

NOW_MS = 1_767_225_600_000


def test_keys_stay_the_same_and_belong_to_their_owner(tmp_path: Path) -> None:
    made = load_or_make(tmp_path / "fake", NOW_MS)
    again = load_or_make(tmp_path / "fake", NOW_MS + 1)
    assert (again.mchid, again.app_secret, again.apiv3_key) == (made.mchid, made.app_secret, made.apiv3_key)
    assert again.merchant.serial == made.merchant.serial and len(made.merchant.serial) == 40
    assert len(made.apiv3_key) == len(made.apiv2_key) == 32
    assert os.name != "posix" or stat.S_IMODE((tmp_path / "fake" / FILE).stat().st_mode) == 0o600
    shown = repr(made)
    assert made.apiv3_key not in shown and made.app_secret not in shown


def test_a_rotation_keeps_the_last_two(tmp_path: Path) -> None:
    keys = load_or_make(tmp_path, NOW_MS)
    first = keys.platforms[0].serial
    second = keys.rotate(NOW_MS).serial
    assert [each.serial for each in keys.platforms] == [first, second]
    third = keys.rotate(NOW_MS).serial
    save(keys, tmp_path)
    assert [each.serial for each in load_or_make(tmp_path, NOW_MS).platforms] == [second, third]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"mchid": 1}'])
def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ValueError, match="name another folder"):
        load_or_make(tmp_path, NOW_MS)
    assert (tmp_path / FILE).read_bytes() == content


@pytest.mark.parametrize("certificate_mode", [False, True])
def test_the_platform_reads_what_is_written(tmp_path: Path, certificate_mode: bool) -> None:
    keys = load_or_make(tmp_path, NOW_MS)
    found = config.values(
        keys,
        tmp_path,
        base_url="http://127.0.0.1:9780",
        notify_url="http://127.0.0.1:8080/wx_notify_url",
        certificate_mode=certificate_mode,
    )
    path = config.write(tmp_path, found)
    settings = Settings.model_validate(tomllib.loads(path.read_text("utf-8"))).wechat
    assert settings.missing_for_pay == ()
    assert settings.mch_key_file is not None and load_private_key(settings.mch_key_file.read_bytes())
    assert bool(settings.public_key_file) is not certificate_mode
    assert settings.public_key_file is None or load_public_key(settings.public_key_file.read_bytes())
    assert os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o600
