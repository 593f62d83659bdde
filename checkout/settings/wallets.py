"""The tables `[shops.ID.apple_pay]` and `[shops.ID.google_pay]`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from checkout.model.validation.reader import Invalid, Reader, Rule
from checkout.model.validation.rules import choice, country, many, matching
from checkout.model.wallet import APPLE_PAY, GOOGLE_PAY, NETWORKS
from checkout.settings.rules import nonempty_text
from checkout.settings.values import ApplePay, GooglePay

USUAL: Final = ("visa", "master")
_NETWORKS: Final[dict[str, Rule[tuple[str, ...]]]] = {
    wallet: many(choice(tuple(brands)), least=1) for wallet, brands in NETWORKS.items()
}
_NAME: Final = matching(r"[A-Za-z0-9._-]{1,64}", "must be letters, digits, . _ and - (at most 64)")
_GOOGLES: Final = matching(r"[A-Z0-9]{8,32}", "must be Google's: capital letters and digits")
_APPLES: Final = matching(
    r"merchant\.[A-Za-z0-9.-]{1,200}", "must be Apple's, like merchant.com.example"
)


def google_pay(shop: Reader, *, sandbox: bool) -> GooglePay | None:
    """A shop's `[shops.ID.google_pay]`; valid only where it has no problems."""
    if not shop.has(GOOGLE_PAY):
        return None
    fields = shop.child(GOOGLE_PAY)
    found = GooglePay(
        gateway=fields.need("gateway", _NAME),
        gateway_merchant_id=fields.need("gateway_merchant_id", _NAME),
        country=fields.need("country", country),
        merchant_id=fields.get("merchant_id", _GOOGLES),
        networks=fields.get("networks", _NETWORKS[GOOGLE_PAY], USUAL),
    )
    if not sandbox and not fields.has("merchant_id"):
        fields.wrong("merchant_id", "is required, but while sandbox = true: Google gives it")
    fields.no_others()
    return found


def apple_pay(shop: Reader) -> ApplePay | None:
    """A shop's `[shops.ID.apple_pay]`; valid only where it has no problems."""
    if not shop.has(APPLE_PAY):
        return None
    fields = shop.child(APPLE_PAY)
    found = ApplePay(
        merchant_id=fields.need("merchant_id", _APPLES),
        certificate=fields.need("certificate", _certificate),
        private_key=fields.need("private_key", _key),
        country=fields.need("country", country),
        networks=fields.get("networks", _NETWORKS[APPLE_PAY], USUAL),
    )
    if found.certificate and found.private_key and not _fit(found):
        fields.wrong("private_key", "is not the one that certificate was made for")
    fields.no_others()
    return found


def _certificate(value: Any) -> str:
    """A rule: a certificate as PEM."""
    text = nonempty_text(value)
    try:
        load_pem_x509_certificate(text.encode())
    except ValueError:
        raise Invalid("must be the merchant identity certificate as PEM") from None
    return text


def _key(value: Any) -> str:
    """A rule: a private key as PEM, without a passphrase."""
    text = nonempty_text(value)
    try:
        _loaded(text)
    except TypeError:
        raise Invalid("must be without a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Invalid("must be the private key of certificate, as PEM") from None
    return text


def _loaded(pem: str) -> PrivateKeyTypes:
    """Without OpenSSL's check of an RSA key's numbers, which takes 70 ms."""
    return load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)


def ends_at(merchant: ApplePay) -> datetime:
    """When its certificate ends."""
    return load_pem_x509_certificate(merchant.certificate.encode()).not_valid_after_utc


def _fit(merchant: ApplePay) -> bool:
    public = load_pem_x509_certificate(merchant.certificate.encode()).public_key()
    key = _loaded(merchant.private_key)
    return public == key.public_key()
