"""The self-signed certificate: made once, renewed in time, its key for the owner only."""

import ssl
import stat
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from chargecloud.kernel.clock import ManualClock
from chargecloud.main.certificates import LIFETIME, expires_at, self_signed, server_context


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    clock = ManualClock()
    certificate, _ = self_signed(tmp_path / "certificates", clock.now_ms())
    first = certificate.read_bytes()
    self_signed(tmp_path / "certificates", clock.now_ms() + 1000)
    assert certificate.read_bytes() == first


def test_it_is_renewed_before_it_expires(tmp_path: Path) -> None:
    clock = ManualClock()
    certificate, _ = self_signed(tmp_path, clock.now_ms())
    first = expires_at(certificate)
    clock.advance((LIFETIME - timedelta(days=29)) // timedelta(milliseconds=1))
    self_signed(tmp_path, clock.now_ms())
    assert expires_at(certificate) > first


def test_certificate_and_key_fit_and_name_the_hosts(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, ManualClock().now_ms(), hosts=["charge.example.com"])
    context = server_context(certificate, key)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_NONE
    assert b"charge.example.com" in ssl.PEM_cert_to_DER_cert(certificate.read_text("utf-8"))


def test_a_client_authority_makes_client_certificates_compulsory(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, ManualClock().now_ms())
    assert server_context(certificate, key, certificate).verify_mode is ssl.CERT_REQUIRED


def test_a_file_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nonsense", "utf-8")
    with pytest.raises(OSError):
        server_context(tmp_path / "x", tmp_path / "x")
    with pytest.raises(ValueError):
        expires_at(tmp_path / "x")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    _, key = self_signed(tmp_path, ManualClock().now_ms())
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
