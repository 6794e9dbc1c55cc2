"""The configuration a platform needs to run against this world: written beside the keys, readable by its owner only."""

from pathlib import Path

from chargecloud.fake_wechat.keys import Keys, private_pem, public_pem, write_private

FILE = "chargecloud.toml"
MERCHANT_KEY, PUBLIC_KEY = "apiclient_key.pem", "pub_key.pem"
HEAD = "# Written by `chargecloud fake-wechat`: a WeChat that is none. Use: chargecloud up --config <this file>"


def values(
    keys: Keys, directory: Path, *, base_url: str, notify_url: str, certificate_mode: bool = False
) -> dict[str, str]:
    """The settings of the group `wechat`, and the two PEM files they name; the public key only where it is used."""
    where = directory.absolute()
    write_private(where / MERCHANT_KEY, private_pem(keys.merchant.key))
    write_private(where / PUBLIC_KEY, public_pem(keys.public_key))
    found = {
        "app_base_url": base_url,
        "pay_base_url": base_url,
        "web_base_url": base_url,
        "appid": keys.appid,
        "app_secret": keys.app_secret,
        "mchid": keys.mchid,
        "mch_serial": keys.merchant.serial,
        "mch_key_file": (where / MERCHANT_KEY).as_posix(),
        "apiv3_key": keys.apiv3_key,
        "notify_url": notify_url,
    }
    if certificate_mode:
        return found
    return found | {"public_key_id": keys.public_key_id, "public_key_file": (where / PUBLIC_KEY).as_posix()}


def write(directory: Path, found: dict[str, str]) -> Path:
    """`chargecloud.toml` with these values."""
    lines = [HEAD, "[wechat]", *(f"{name} = {_quoted(value)}" for name, value in found.items())]
    path = directory.absolute() / FILE
    write_private(path, ("\n".join(lines) + "\n").encode())
    return path


def _quoted(value: str) -> str:
    """A TOML basic string."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
