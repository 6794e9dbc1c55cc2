"""WeChat Pay's side of the signatures: answers signed, notices sealed and signed, with the key of the mode in force."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from chargecloud.fake_wechat.world import World
from chargecloud.infra.wechat.pay_crypto import seal, sign
from chargecloud.infra.wechat.pay_signing import SCHEMA, answer_message
from chargecloud.kernel.clock import rfc3339

CERTIFICATE_AAD = "certificate"


@dataclass(frozen=True, slots=True)
class Message:
    """Headers and body, ready to be sent."""

    headers: Mapping[str, str]
    body: bytes


def signing_key(world: World, wanted: str = "") -> tuple[str, RSAPrivateKey]:
    """Serial and key: the one the merchant asked for with `Wechatpay-Serial`, else the one of the mode."""
    keys = world.keys
    newest = keys.platforms[-1]
    if wanted == keys.public_key_id or (not wanted and world.mode == "public_key"):
        return keys.public_key_id, keys.public_key
    if world.mode == "mixed" and not wanted and world.number() % 2:
        return keys.public_key_id, keys.public_key
    named = next((each for each in keys.platforms if each.serial == wanted), newest)
    return named.serial, named.key


def signature_headers(
    world: World, body: bytes, wanted: str = "", *, late_s: int = 0, nonce: str = ""
) -> dict[str, str]:
    """The five Wechatpay headers over this body; `late_s` makes them older than they are."""
    serial, key = signing_key(world, wanted)
    timestamp, nonce = str(world.clock.signing_ms() // 1000 - late_s), nonce or secrets.token_hex(16)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": sign(key, answer_message(timestamp, nonce, body)),
        "Wechatpay-Signature-Type": SCHEMA,
        "Request-ID": secrets.token_hex(16).upper(),
    }


def sealed(world: World, plaintext: bytes, associated_data: str) -> dict[str, str]:
    """As it stands in a notice or in the list of certificates."""
    nonce = secrets.token_hex(6)
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": nonce,
        "associated_data": associated_data,
        "ciphertext": seal(world.keys.apiv3_key.encode(), nonce, associated_data, plaintext),
    }


def notice_body(world: World, *, event: str, kind: str, summary: str, content: Mapping[str, object]) -> bytes:
    """A notice's body. It is made once: every repetition has the same id and the same bytes."""
    plaintext = json.dumps(content, ensure_ascii=False).encode()
    body = {
        "id": f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-5{secrets.token_hex(2)[1:]}-{secrets.token_hex(8)}",
        "create_time": rfc3339(world.now_ms()),
        "resource_type": "encrypt-resource",
        "event_type": event,
        "summary": summary,
        "resource": {"original_type": kind, **sealed(world, plaintext, kind)},
    }
    return json.dumps(body, ensure_ascii=False).encode()


def certificates(world: World) -> dict[str, object]:
    """GET /v3/certificates."""
    return {
        "data": [
            {
                "serial_no": each.serial,
                "effective_time": rfc3339(int(each.certificate.not_valid_before_utc.timestamp()) * 1000),
                "expire_time": rfc3339(int(each.certificate.not_valid_after_utc.timestamp()) * 1000),
                "encrypt_certificate": sealed(world, each.pem, CERTIFICATE_AAD),
            }
            for each in world.keys.platforms
        ]
    }
