"""The signed result beside the plain parameters of the return URL: a compact JWS with the payment's
status, so that the shop can show the right page without a query.

RS256 with the shop's RSA key (RFC 7515, RFC 7518). The header names type and key, so that nothing
else is taken for a result and the shop knows which of its keys to use; a notification's body begins
with "{" and can never be the signed text of one.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc import jws
from joserfc.jwk import RSAKey

from checkout.ledger.rows import Payment
from checkout.model.status import OUTWARD, Status
from checkout.settings import Shop
from checkout.settings.signing_keys import proven

ALGORITHM: Final = "RS256"
TYPE: Final = "checkout-result"
KEY_ID_LENGTH: Final = 16  # characters; shops have one or two keys


def key_id(public_key: str) -> str:
    """Which key signed: the beginning of the SHA-256 of its DER, in URL-safe base64.

    `public_key` is base64 of the DER SubjectPublicKeyInfo, as shops have it."""
    digest = hashlib.sha256(b64decode(public_key)).digest()
    return urlsafe_b64encode(digest).decode()[:KEY_ID_LENGTH]


def signed_result(payment: Payment, status: Status, shop: Shop, now: float) -> str:
    """`token`, `uid`, `type`, `status`, `amount` (minor units), `currency`, `tracking_id`, `test`,
    `created_by`, and `iat`, the second in which it was signed."""
    claims = {
        "token": payment.token,
        "uid": payment.uid,
        "type": payment.order.transaction_type,
        "status": OUTWARD[status],
        "amount": payment.order.money.minor,
        "currency": payment.order.money.currency,
        "tracking_id": payment.order.tracking_id,
        "test": payment.order.test,
        "created_by": payment.created_by,
        "iat": int(now),
    }
    header = {"alg": ALGORITHM, "kid": key_id(shop.public_key), "typ": TYPE}
    key = _signer(shop.private_key)
    return jws.serialize_compact(header, msgspec.json.encode(claims), key, [ALGORITHM])


@lru_cache(maxsize=64)
def _signer(key: RSAPrivateKey) -> RSAKey:
    return RSAKey.import_key(proven(key))
