"""A notice of WeChat Pay APIv3: verified, then opened. Moves no money and knows no order."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from chargecloud.infra.wechat.pay_crypto import open_sealed
from chargecloud.infra.wechat.pay_errors import NotAuthentic, Rejection
from chargecloud.infra.wechat.pay_keys import KeyRing
from chargecloud.infra.wechat.pay_verify import verify

MAX_BODY = 64 * 1024
ALGORITHM = "AEAD_AES_256_GCM"


class Sealed(msgspec.Struct, frozen=True):
    """The encrypted part of a notice, or of a certificate."""

    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str = ""
    original_type: str = ""


class _Envelope(msgspec.Struct, frozen=True):
    id: str
    event_type: str
    resource_type: str
    resource: Sealed
    create_time: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class OpenedNotice:
    """What WeChat Pay says. `notice_id` is the same in every repetition."""

    notice_id: str
    event_type: str
    plaintext: bytes = field(repr=False)


def open_notice(
    headers: Mapping[str, str], body: bytes, *, keys: KeyRing, apiv3_key: bytes, now_ms: int
) -> OpenedNotice:
    """Size, headers, window, serial, signature, envelope, seal: NotAuthentic names the first of them that fails."""
    if len(body) > MAX_BODY:
        raise NotAuthentic(Rejection.BODY, f"{len(body)} bytes; a notice has at most {MAX_BODY}")
    verify(headers, body, keys, now_ms)
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAuthentic(Rejection.BODY, f"not the JSON of a notice: {error}") from None
    if envelope.resource_type != "encrypt-resource" or not envelope.id:
        raise NotAuthentic(Rejection.BODY, "no encrypted resource, or no id")
    return OpenedNotice(envelope.id, envelope.event_type, unseal(envelope.resource, apiv3_key))


def unseal(sealed: Sealed, apiv3_key: bytes) -> bytes:
    """The plaintext; NotAuthentic when it does not open."""
    if sealed.algorithm != ALGORITHM:
        raise NotAuthentic(Rejection.SEALED, f"algorithm {sealed.algorithm[:40]!r} instead of {ALGORITHM}")
    try:
        return open_sealed(apiv3_key, sealed.nonce, sealed.associated_data, sealed.ciphertext)
    except ValueError as error:
        raise NotAuthentic(Rejection.SEALED, str(error)) from None
