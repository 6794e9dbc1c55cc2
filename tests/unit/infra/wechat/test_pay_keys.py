"""The ring finds a key by serial and validity; strangers cannot make us download."""

import pytest

from chargecloud.infra.wechat.pay_keys import KeyRing, Merchant, PlatformKey, RefreshLimit
from tests.support.wechat_pay import APIV3_KEY, NOW_MS, PUBLIC_KEY_ID, merchant, rsa_key


def key(serial: str, number: int = 0, since_ms: int = 0, until_ms: int | None = None) -> PlatformKey:
    return PlatformKey(serial, rsa_key(number).public_key(), since_ms, until_ms)


def numbers(ring: KeyRing, serial: str, now_ms: int) -> object:
    found = ring.find(serial, now_ms)
    return found and found.public_numbers()


def test_public_key_and_certificates_side_by_side() -> None:
    ring = KeyRing([key(PUBLIC_KEY_ID)])
    ring.replace_downloaded([key("AB12", 1, until_ms=NOW_MS), key("AB13", 2, since_ms=NOW_MS)])
    assert ring.asks_for == PUBLIC_KEY_ID
    assert numbers(ring, PUBLIC_KEY_ID, NOW_MS) == rsa_key().public_key().public_numbers()
    assert numbers(ring, "AB12", NOW_MS - 1) == rsa_key(1).public_key().public_numbers()
    assert ring.find("AB12", NOW_MS) is None
    assert ring.find("AB13", NOW_MS - 1) is None
    assert numbers(ring, "AB13", NOW_MS) == rsa_key(2).public_key().public_numbers()
    assert ring.find("", NOW_MS) is None
    ring.replace_downloaded([key("AB13", 2)])
    assert list(ring) == [PUBLIC_KEY_ID, "AB13"]


def test_an_empty_ring_needs_a_download_and_asks_for_no_key() -> None:
    ring = KeyRing()
    assert (ring.needs_download, ring.asks_for) == (True, "")
    ring.replace_downloaded([key("AB12")])
    assert (ring.needs_download, ring.asks_for) == (False, "")


def test_one_download_a_minute_whoever_asks() -> None:
    limit = RefreshLimit()
    assert [limit.take(NOW_MS + at) for at in (0, 1, 59_999, 60_000, 60_001)] == [True, False, False, True, False]
    assert limit.take(NOW_MS - 3_600_000)  # a clock that was set back does not lock us out


def test_a_merchant_shows_no_key_and_has_a_whole_one() -> None:
    shown = repr(merchant())
    assert APIV3_KEY.decode() not in shown and "RSAPrivateKey" not in shown
    with pytest.raises(ValueError, match="32 bytes, this one has 5"):
        Merchant("wx", "1900000001", "AB", rsa_key(7), b"short")
