"""The self-signed certificate the platform makes for itself when none is configured."""

import ipaddress
import os
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)


def self_signed(directory: Path, now_ms: int, *, hosts: Sequence[str] = ()) -> tuple[Path, Path]:
    """Certificate and key in this directory, made anew when absent or about to expire."""
    certificate, key = directory / "self-signed.crt", directory / "self-signed.key"
    now = datetime.fromtimestamp(now_ms // 1000, UTC)
    if not (certificate.is_file() and key.is_file()) or expires_at(certificate) - now < RENEW_BEFORE:
        _write(certificate, key, now, ["localhost", "127.0.0.1", "::1", *hosts])
    return certificate, key


def expires_at(certificate: Path) -> datetime:
    """When a PEM certificate stops being valid; ValueError when it is none."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def server_context(certificate: Path, key: Path, client_ca: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 and newer, as the server; with `client_ca` the peer must show a certificate. OSError when unusable."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(client_ca) if client_ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _write(certificate: Path, key: Path, now: datetime, hosts: Sequence[str]) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chargecloud self-signed")])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    certificate.parent.mkdir(parents=True, exist_ok=True)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key.unlink(missing_ok=True)
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
