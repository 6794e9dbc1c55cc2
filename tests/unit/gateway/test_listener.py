"""Listeners on real sockets of this machine: plain, TLS, mutual TLS, and settings that cannot work."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chargecloud.gateway.gateway import Gateway, GatewaySettings
from chargecloud.gateway.limits import GatewayLimits
from chargecloud.gateway.listener import ListenerSettings, tls_context
from chargecloud.gateway.switchboard import Surroundings
from chargecloud.kernel.clock import SystemClock
from chargecloud.kernel.errors import Invalid, Unavailable
from tests.unit.gateway.fake import FakePlugin, House

PATIENCE_S = 10
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate and its key, made for this run."""
    directory = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = directory / "cert.pem", directory / "key.pem"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_path, key_path


@asynccontextmanager
async def listening(*listeners: ListenerSettings, limits: GatewayLimits | None = None) -> AsyncIterator[Gateway]:
    """A gateway with real sockets and the real clock."""
    home = House()
    clock = SystemClock()
    around = Surroundings(clock, home.bus, home.cache, home.frame_log)
    settings = GatewaySettings("real", listeners, limits or GatewayLimits(sweep_s=0.02, refusal_delay_s=0.05))
    gateway = Gateway(settings, around, {"fake": FakePlugin()})
    await home.bus.start()
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()
        await home.bus.stop()


async def greet(port: int, code: str, context: ssl.SSLContext | None = None) -> bytes:
    """Log in and give the answer."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost" if context else None
    )
    writer.write(f"boot {code}\n".encode())
    answer = await asyncio.wait_for(reader.readline(), PATIENCE_S)
    writer.close()
    return answer


async def test_any_number_of_listeners() -> None:
    async with listening(*[ListenerSettings("fake", "127.0.0.1") for _ in range(3)]) as gateway:
        assert len(gateway.addresses()) == 3
        for number, (_, port) in enumerate(gateway.addresses()):
            assert await greet(port, str(number)) == b"welcome\n"


async def test_tls(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    async with listening(ListenerSettings("fake", "127.0.0.1", tls_cert=cert, tls_key=key)) as gateway:
        port = gateway.addresses()[0][1]
        assert await greet(port, "1", ssl.create_default_context(cafile=str(cert))) == b"welcome\n"


async def test_mutual_tls_turns_away_whoever_shows_no_certificate(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    listener = ListenerSettings("fake", "127.0.0.1", tls_cert=cert, tls_key=key, client_ca=cert)
    async with listening(listener) as gateway:
        port = gateway.addresses()[0][1]
        context = ssl.create_default_context(cafile=str(cert))
        with pytest.raises((ssl.SSLError, ConnectionError)):
            assert await greet(port, "1", context) == b""
            raise ConnectionError("closed without an answer")
        context.load_cert_chain(cert, key)
        assert await greet(port, "2", context) == b"welcome\n"


async def test_a_plain_client_at_a_tls_port_harms_nobody(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    async with listening(ListenerSettings("fake", "127.0.0.1", tls_cert=cert, tls_key=key)) as gateway:
        port = gateway.addresses()[0][1]
        with suppress(ConnectionError):
            assert not (await greet(port, "1")).startswith(b"welcome")
        assert await greet(port, "2", ssl.create_default_context(cafile=str(cert))) == b"welcome\n"


async def test_an_address_in_use_is_named_and_nothing_stays_open() -> None:
    async with listening(ListenerSettings("fake", "127.0.0.1")) as first:
        port = first.addresses()[0][1]
        home = House()
        around = Surroundings(home.clock, home.bus, home.cache, home.frame_log)
        listeners = (ListenerSettings("fake", "127.0.0.1"), ListenerSettings("fake", "127.0.0.1", port))
        second = Gateway(GatewaySettings("second", listeners), around, {"fake": FakePlugin()})
        with pytest.raises(Unavailable, match=f"127.0.0.1:{port}.*CHARGECLOUD_LISTENERS"):
            await second.start()
        assert second.addresses() == []


async def test_an_unknown_protocol_is_named_with_those_known() -> None:
    with pytest.raises(Invalid, match="'nothing'; known are fake"):
        async with listening(ListenerSettings("nothing", "127.0.0.1")):
            pass


def test_half_of_tls_is_refused(certificate: tuple[Path, Path]) -> None:
    with pytest.raises(Invalid, match="both tls_cert and tls_key"):
        tls_context(ListenerSettings("fake", tls_cert=certificate[0]))
    with pytest.raises(Invalid, match="both tls_cert and tls_key"):
        tls_context(ListenerSettings("fake", client_ca=certificate[0]))


def test_files_that_are_no_certificates_are_named(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"missing\.pem"):
        tls_context(ListenerSettings("fake", tls_cert=tmp_path / "missing.pem", tls_key=certificate[1]))
