"""The configurations in `deploy/` are accepted by the programs that read them."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.proxies import PROGRAMS, check_command, site_of, without_tls


def write_certificate(folder: Path) -> None:
    """Write a certificate and its key under the names that the configurations use."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "voyagent.example")])
    today = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today)
        .not_valid_after(today + dt.timedelta(days=9999))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "fullchain.pem").write_bytes(certificate)
    (folder / "key.pem").write_bytes(private)
    (folder / "site.pem").write_bytes(certificate + private)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("is_broken", [False, True])
def test_a_proxy_accepts_its_configuration(tmp_path: Path, name: str, is_broken: bool) -> None:
    if PROGRAMS[name] is None:
        pytest.skip(f"{name} is not installed")
    write_certificate(tmp_path)
    site = site_of(name).replace("/etc/ssl/voyagent", str(tmp_path))
    if is_broken:
        site = site.replace("60s", "60 seconds", 1)
    done = subprocess.run(
        check_command(name, tmp_path, site), capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) == is_broken, done.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_fault_tests_change_only_addresses_and_tls(name: str) -> None:
    site = site_of(name)
    kept = without_tls(site, 4001, (4002, 4003)).splitlines()
    lost = [line.strip() for line in site.splitlines() if line not in kept]
    assert all(
        any(word in line for word in ("500", "443", ":80", "listen", "ssl", "http2", "https"))
        or line in {"server {", "server_name voyagent.example;", "}"}
        for line in lost
    ), lost
