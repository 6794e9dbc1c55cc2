"""Platform certificates: downloaded, opened, trusted, kept fresh.

With a public key configured nothing is downloaded by itself, only when a message names another serial: while a merchant
moves from certificates to the public key, WeChat Pay signs either way.
"""

import asyncio
import contextlib
import re

import msgspec
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from chargecloud.infra.wechat.pay_answers import decoded
from chargecloud.infra.wechat.pay_crypto import serial_text
from chargecloud.infra.wechat.pay_errors import NotAuthentic, PayError, PayUnknown
from chargecloud.infra.wechat.pay_http import Call, PayHttp
from chargecloud.infra.wechat.pay_keys import PlatformKey, RefreshLimit
from chargecloud.infra.wechat.pay_notice import Sealed, unseal
from chargecloud.infra.wechat.pay_verify import verify

log = structlog.get_logger("chargecloud.wechat_pay")

PATH = "/v3/certificates"
GOOD_FOR_MS = 12 * 3_600_000
"""WeChat Pay asks for a download every 12 to 24 hours."""
LOOK_AFTER_S = 3_600.0
_CERTIFICATE_SERIAL = re.compile(r"[0-9A-Fa-f]{8,64}")


class _Listed(msgspec.Struct, frozen=True):
    serial_no: str
    encrypt_certificate: Sealed


class _List(msgspec.Struct, frozen=True):
    data: list[_Listed]


class Certificates:
    """Keeps a key ring filled. One download at a time, at most one a minute whoever asks, one every 12 hours anyway."""

    def __init__(self, http: PayHttp, *, limit: RefreshLimit | None = None) -> None:
        self._http = http
        self._limit = limit or RefreshLimit()
        self._lock = asyncio.Lock()
        self._fresh_until_ms = 0
        self._wanted = asyncio.Event()

    def want(self, serial: str) -> None:
        """Somebody has sent a message signed with this serial, which we do not know. It may be anybody: nothing is done
        here, and `keep` downloads once a minute at most. The id of a public key is in no download.
        """
        if _CERTIFICATE_SERIAL.fullmatch(serial) and self._http.keys.find(serial, self._http.clock.now_ms()) is None:
            self._wanted.set()

    @property
    def is_wanted(self) -> bool:
        """Whether a download is to be made when one may."""
        return self._wanted.is_set()

    async def keep(self) -> None:
        """Keep the ring filled until cancelled: at once, every hour when it is due, and when an unknown serial came."""
        while True:
            try:
                await (self.refresh() if self._wanted.is_set() else self.ensure())
            except PayError as error:
                log.warning("wechat_pay.certificates_failed", why=str(error))
            self._wanted.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AFTER_S):
                    await self._wanted.wait()

    async def ensure(self) -> None:
        """Before a call whose answer is to be verified. Raises only when there is no key at all to verify with."""
        ring = self._http.keys
        if ring.asks_for:
            return
        if ring.needs_download or self._http.clock.now_ms() >= self._fresh_until_ms:
            try:
                await self.refresh()
            except PayError as error:
                if ring.needs_download:
                    raise
                log.warning("wechat_pay.certificates_stale", why=str(error))

    async def refresh(self) -> bool:
        """Download now, unless one was just made; False then. Raises PayError and leaves the ring as it was."""
        async with self._lock:
            now_ms = self._http.clock.now_ms()
            if not self._limit.take(now_ms):
                return False
            answer = await self._http.ask(Call("GET", PATH, verified=False))
            keys = [_trusted(listed, self._http.merchant.apiv3_key) for listed in decoded(answer.body, _List).data]
            try:
                verify(answer.headers, answer.body, self._http.keys.with_downloaded(keys), now_ms)
            except NotAuthentic as error:
                raise PayUnknown(f"the list of certificates is not signed by one of them: {error}") from None
            self._http.keys.replace_downloaded(keys)
            self._fresh_until_ms = now_ms + GOOD_FOR_MS
            log.info("wechat_pay.certificates_loaded", serials=sorted(key.serial for key in keys))
            return True


def _trusted(listed: _Listed, apiv3_key: bytes) -> PlatformKey:
    """A certificate trusted because of the APIv3 key it was sealed with, with the serial it is listed as."""
    try:
        certificate = x509.load_pem_x509_certificate(unseal(listed.encrypt_certificate, apiv3_key))
    except NotAuthentic as error:
        raise PayUnknown(f"certificate {listed.serial_no[:60]}: {error}; see whether the APIv3 key is right") from None
    except ValueError:
        raise PayUnknown(f"certificate {listed.serial_no[:60]}: is no PEM certificate") from None
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or serial_text(certificate) != listed.serial_no.lstrip("0").upper():
        raise PayUnknown(f"certificate {listed.serial_no[:60]}: has another serial number, or no RSA key")
    return PlatformKey(
        serial=listed.serial_no,
        key=key,
        since_ms=int(certificate.not_valid_before_utc.timestamp()) * 1000,
        until_ms=int(certificate.not_valid_after_utc.timestamp()) * 1000,
    )
