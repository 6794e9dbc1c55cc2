"""Certificates: trusted through the APIv3 key, several at once, one download a minute, and never in public-key mode."""

import json
from collections.abc import Callable

import httpx
import pytest
from cryptography import x509

from chargecloud.infra.wechat.pay_certificates import GOOD_FOR_MS, Certificates
from chargecloud.infra.wechat.pay_crypto import seal, serial_text
from chargecloud.infra.wechat.pay_errors import PayNotFound, PayUnknown
from chargecloud.infra.wechat.pay_keys import KeyRing
from tests.support.wechat_pay import (
    APIV3_KEY,
    NOW_MS,
    Provider,
    certificate,
    certificate_pem,
    refusal,
    rsa_key,
    signed,
)

OLD, NEW = certificate(rsa_key(1), from_ms=NOW_MS - 86_400_000), certificate(rsa_key(2))


def listed(
    *made: x509.Certificate, sealed_with: bytes = APIV3_KEY, signer: int = 1, at_ms: int = NOW_MS
) -> httpx.Response:
    body = json.dumps(
        {
            "data": [
                {
                    "serial_no": serial_text(each),
                    "effective_time": "2026-01-01T08:00:00+08:00",
                    "expire_time": "2030-12-31T08:00:00+08:00",
                    "encrypt_certificate": {
                        "algorithm": "AEAD_AES_256_GCM",
                        "nonce": "abcdefghijkl",
                        "associated_data": "certificate",
                        "ciphertext": seal(sealed_with, "abcdefghijkl", "certificate", certificate_pem(each)),
                    },
                }
                for each in made
            ]
        }
    ).encode()
    with_key = {1: OLD, 2: NEW}[signer]
    headers = signed(body, key=rsa_key(signer), serial=serial_text(with_key), now_ms=at_ms)
    return httpx.Response(200, content=body, headers=headers)


async def test_the_first_download_fills_the_ring_and_a_rotation_keeps_both() -> None:
    provider = Provider(listed(OLD), keys=KeyRing())
    kept = Certificates(provider.http)
    await kept.ensure()
    await kept.ensure()
    assert list(provider.keys) == [serial_text(OLD)]
    provider.clock.advance(GOOD_FOR_MS)
    provider.answers = [listed(OLD, NEW, at_ms=provider.clock.now_ms())]
    await kept.ensure()
    assert set(provider.keys) == {serial_text(OLD), serial_text(NEW)}
    assert len(provider.asked) == 2


async def test_a_rotated_out_certificate_is_forgotten() -> None:
    provider = Provider(listed(OLD, NEW), listed(NEW, signer=2), keys=KeyRing())
    kept = Certificates(provider.http)
    await kept.refresh()
    provider.clock.advance(60_000)
    await kept.refresh()
    assert list(provider.keys) == [serial_text(NEW)]


async def test_one_download_a_minute_however_often_it_is_asked_for() -> None:
    provider = Provider(listed(OLD), listed(OLD), keys=KeyRing())
    kept = Certificates(provider.http)
    assert [await kept.refresh() for _ in range(20)] == [True] + [False] * 19
    provider.clock.advance(60_000)
    assert await kept.refresh() is True
    assert len(provider.asked) == 2


async def test_public_key_mode_downloads_nothing() -> None:
    provider = Provider()
    await Certificates(provider.http).ensure()
    assert provider.asked == []


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (lambda: listed(OLD, sealed_with=b"j" * 32), "APIv3 key"),
        (lambda: listed(OLD, signer=2), "not signed by one of them"),
        (lambda: httpx.Response(200, content=b"{}"), "something else"),
    ],
)
async def test_a_list_that_cannot_be_trusted_leaves_the_ring_alone(
    answer: Callable[[], httpx.Response], word: str
) -> None:
    provider = Provider(listed(OLD), answer(), keys=KeyRing())
    kept = Certificates(provider.http)
    await kept.refresh()
    provider.clock.advance(60_000)
    with pytest.raises(PayUnknown, match=word):
        await kept.refresh()
    assert list(provider.keys) == [serial_text(OLD)]


async def test_a_certificate_under_another_serial_is_refused() -> None:
    answer = listed(OLD)
    body = answer.content.replace(serial_text(OLD).encode(), serial_text(NEW).encode())
    forged = httpx.Response(200, content=body, headers=signed(body, key=rsa_key(1), serial=serial_text(NEW)))
    provider = Provider(forged, keys=KeyRing())
    with pytest.raises(PayUnknown, match="another serial"):
        await Certificates(provider.http).refresh()


async def test_without_any_key_the_reason_is_told_and_with_an_old_one_we_go_on() -> None:
    provider = Provider(refusal(404, "RESOURCE_NOT_EXISTS", "无可用的平台证书"), keys=KeyRing())
    with pytest.raises(PayNotFound, match="无可用的平台证书"):
        await Certificates(provider.http).ensure()
    provider = Provider(listed(OLD), refusal(404, "RESOURCE_NOT_EXISTS"), keys=KeyRing())
    kept = Certificates(provider.http)
    await kept.ensure()
    provider.clock.advance(GOOD_FOR_MS)
    await kept.ensure()
    assert list(provider.keys) == [serial_text(OLD)]
