"""The keys WeChat Pay signs with, by serial, and who we are to it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from chargecloud.infra.wechat.pay_crypto import APIV3_KEY_BYTES

PUBLIC_KEY_PREFIX = "PUB_KEY_ID_"


@dataclass(frozen=True, slots=True)
class Merchant:
    """The merchant as WeChat Pay knows it. Keys are kept out of every representation."""

    appid: str
    mchid: str
    serial_no: str
    """Of the merchant's API certificate."""
    private_key: RSAPrivateKey = field(repr=False)
    apiv3_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.apiv3_key) != APIV3_KEY_BYTES:
            raise ValueError(f"an APIv3 key has {APIV3_KEY_BYTES} bytes, this one has {len(self.apiv3_key)}")


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """One key WeChat Pay signs with. A public key of the merchant platform has no end (`until_ms` None)."""

    serial: str
    key: RSAPublicKey = field(repr=False)
    since_ms: int = 0
    until_ms: int | None = None


class KeyRing:
    """Which key verifies a message: the one its `Wechatpay-Serial` names, and no other.

    With a public key configured the ring begins with it and needs no download. Otherwise it begins empty and is filled
    by downloads of certificates; several are held at once while they rotate, and while a merchant moves from
    certificates to the public key, messages signed either way verify.
    """

    def __init__(self, fixed: Iterable[PlatformKey] = ()) -> None:
        self._fixed = {known.serial: known for known in fixed}
        self._downloaded: dict[str, PlatformKey] = {}

    def find(self, serial: str, now_ms: int) -> RSAPublicKey | None:
        """The key of this serial, unless its certificate is not valid at this moment."""
        known = self._fixed.get(serial) or self._downloaded.get(serial)
        if known is None or now_ms < known.since_ms or (known.until_ms is not None and now_ms >= known.until_ms):
            return None
        return known.key

    def replace_downloaded(self, keys: Iterable[PlatformKey]) -> None:
        """What the newest download says; certificates it no longer lists are forgotten."""
        self._downloaded = {known.serial: known for known in keys}

    def with_downloaded(self, keys: Iterable[PlatformKey]) -> "KeyRing":
        """What the ring would be with these."""
        other = KeyRing(self._fixed.values())
        other.replace_downloaded(keys)
        return other

    @property
    def asks_for(self) -> str:
        """What to send as `Wechatpay-Serial`, so that WeChat Pay answers with that key; empty in certificate mode."""
        return next((serial for serial in self._fixed if serial.startswith(PUBLIC_KEY_PREFIX)), "")

    @property
    def needs_download(self) -> bool:
        """Whether there is no key yet that could verify anything."""
        return not self._fixed and not self._downloaded

    def __iter__(self) -> Iterator[str]:
        return iter((*self._fixed, *self._downloaded))


class RefreshLimit:
    """At most one download of certificates in `every_ms`, whoever asks for it: strangers can name any serial."""

    def __init__(self, every_ms: int = 60_000) -> None:
        self._every_ms = every_ms
        self._last_ms: int | None = None

    def take(self, now_ms: int) -> bool:
        """Whether a download may begin now; then none may for a while, whatever becomes of this one."""
        if self._last_ms is not None and 0 <= now_ms - self._last_ms < self._every_ms:
            return False
        self._last_ms = now_ms
        return True
