"""Whether sign-in and payments through WeChat are configured whole, with keys that work. Asks nobody outside."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from chargecloud.infra.wechat.pay_crypto import load_private_key, load_public_key
from chargecloud.main.doctor_finding import Finding, fine, note, wrong
from chargecloud.main.settings import Settings, variable
from chargecloud.main.settings_wechat import WechatSettings

SIGN_IN, PAY, SECRETS = "wechat sign-in", "wechat pay", "wechat keys"


def wechat(settings: Settings) -> Iterator[Finding]:
    """Sign-in, merchant, keys, and where notices come to."""
    given = settings.wechat
    if not given.appid:
        yield note(SIGN_IN, "no mini program: drivers cannot sign in through WeChat; see CHARGECLOUD_WECHAT__APPID")
    else:
        yield fine(SIGN_IN, f"mini program {given.appid} at {given.app_base_url}")
    begun = [name for name in ("mchid", "mch_serial", "mch_key_file", "public_key_id") if getattr(given, name)]
    if not begun:
        yield note(PAY, "no merchant: nobody can pay through WeChat; see docs/wechat-pay.md")
        return
    if given.missing_for_pay:
        missing = ", ".join(variable(f"wechat.{name}") for name in given.missing_for_pay)
        yield wrong(PAY, f"half configured, payments answer 503: give {missing}")
        return
    mode = f"public key {given.public_key_id}" if given.public_key_id else "platform certificates"
    yield fine(PAY, f"merchant {given.mchid} at {given.pay_base_url}, verified by {mode}")
    yield from _keys(given)
    yield from _notify_url(given)


def _keys(given: WechatSettings) -> Iterator[Finding]:
    readers = ((given.mch_key_file, load_private_key), (given.public_key_file, load_public_key))
    for path, read in readers:
        if path is None:
            continue
        try:
            read(path.read_bytes())
        except (OSError, ValueError) as error:
            yield wrong(SECRETS, f"{path} cannot be used: {error}")
            continue
        if read is load_private_key and _open_to_others(path):
            yield wrong(SECRETS, f"others on this machine may read {path}; chmod 600 it, and ask for a new key")
        else:
            yield fine(SECRETS, f"{path} can be used")
    if given.apiv2_key.get_secret_value():
        yield note(
            SECRETS, "notices of APIv2 (XML) are taken as well; take CHARGECLOUD_WECHAT__APIV2_KEY away unless needed"
        )


def _open_to_others(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)


def _notify_url(given: WechatSettings) -> Iterator[Finding]:
    address = urlsplit(given.notify_url)
    if given.web_base_url:
        yield note(PAY, f"{given.web_base_url} stands in for WeChat: no money moves")
    elif address.scheme != "https":
        yield wrong(PAY, "wechat.notify_url is not HTTPS; WeChat Pay would send notices where others can read them")
    elif address.hostname in ("localhost", "127.0.0.1", "::1"):
        yield wrong(PAY, "wechat.notify_url names this machine; WeChat Pay has to reach it from the internet")
