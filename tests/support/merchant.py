"""A merchant's identity at Apple, and the tables of wallets in a shop's settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID

from checkout.process import write_private

CERTIFICATE, KEY, DOMAIN = "apple-pay.pem", "apple-pay.key", "apple-developer-domain"
GOOGLE_PAY: Final = {"gateway": "examplegateway", "gateway_merchant_id": "361", "country": "CY"}
APPLE_PAY: Final = {
    "merchant_id": "merchant.com.example",
    "certificate": f"file:{CERTIFICATE}",
    "private_key": f"file:{KEY}",
    "country": "CY",
}
WALLETS: Final = {"apple_pay": APPLE_PAY, "google_pay": GOOGLE_PAY}


@cache
def identity() -> tuple[str, str]:
    """(certificate, key), as PEM."""
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    name = Name([NameAttribute(NameOID.COMMON_NAME, "merchant.com.example")])
    certificate = (
        CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .sign(key, SHA256())
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM).decode(), plain.decode()


def write_identity(folder: Path) -> None:
    """The files that `APPLE_PAY` names."""
    for name, text in zip((CERTIFICATE, KEY), identity(), strict=True):
        write_private(folder / name, text)
