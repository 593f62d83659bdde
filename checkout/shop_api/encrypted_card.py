"""Opens a card that an app or a page of the shop has encrypted with the shop's public key.

Each field by itself: `$begatewaycsejs_1_0_0$` and base64 of RSA PKCS#1 v1.5 over its text, in
`encrypted_credit_card`; the iOS SDK sends the base64 alone, in `credit_card`'s own fields. Source:
the public documentation of client-side encryption, and what the public libraries for browsers, PHP,
Android and iOS write.

The key signs notifications too, so nobody may learn from an answer whether a padding was right
(Bleichenbacher): all fields are decrypted whatever becomes of the first, OpenSSL gives random bytes
for a wrong padding in the same time as for a right one, and what is no text of a card is one error
that names no field.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from checkout.model.validation.description import says
from checkout.model.validation.reader import Reader
from checkout.model.validation.table import Field, FieldTable

ENCRYPTED: Final = "encrypted_credit_card"
FIELDS: Final = (
    "number", "verification_value", "holder", "exp_month", "exp_year", "exp_date", "token",
)  # fmt: skip
LONGEST_PLAIN: Final = 64  # characters of a field that is not encrypted
LONGEST: Final = 2048  # characters of one that is: a key of 8192 bits, with line breaks
NOTHING: Final = (None, "")
UNREADABLE: Final = "can't be opened with the shop's key"
PREFIX: Final = "$begatewaycse"
_MARK: Final = re.compile(r"\$begatewaycse[a-z]*_[0-9_]{1,16}\$", re.ASCII)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]{65,}={0,2}\s*", re.ASCII)


@says("`$begatewaycsejs_1_0_0$` and base64", type="string", maxLength=LONGEST)
def _documented(value: Any) -> Any:
    """The rule of a field as the documents show it; `opened_card` reads it."""
    return value


TABLE: Final = FieldTable(dict.fromkeys(FIELDS, Field(_documented)))


def opened_card(
    card: Reader, encrypted: Reader, keys: Sequence[RSAPrivateKey]
) -> dict[str, Any] | None:
    """The fields of `credit_card` with the encrypted ones as they were typed; None where they can't
    be opened, which is then a problem of `encrypted_credit_card`, or of `credit_card` where they
    stand there. Fields that are not encrypted stay. `keys`: the shop's, either of which an app may
    have; all are tried, whichever fits."""
    beside = {name: value for name in FIELDS if (value := encrypted.data.get(name)) not in NOTHING}
    within = {name: value for name, value in card.data.items() if _is_encrypted(name, value)}
    sealed = within | beside
    tried = [{name: _opened(value, key) for name, value in sealed.items()} for key in keys]
    found = next((each for each in tried if None not in each.values()), None)
    if found is None:
        (encrypted if beside else card).wrong("", UNREADABLE)
        return None
    return {**card.data, **found}


def _is_encrypted(name: str, value: Any) -> bool:
    """Whether a field of `credit_card` is: by its mark, or longer than anything that is typed."""
    if name not in FIELDS or not isinstance(value, str):
        return False
    if value.startswith(PREFIX):
        return True
    return name != "token" and len(value) <= LONGEST and _BASE64.fullmatch(value) is not None


def _opened(value: Any, key: RSAPrivateKey) -> str | None:
    """The text in an encrypted value; None where there is none."""
    size = (key.key_size + 7) // 8
    sealed = _sealed(value, size)
    try:
        # Decrypted also where it is none, so that this takes no less time.
        plain = key.decrypt(sealed or bytes(size), PKCS1v15()).decode()
    except ValueError:  # no UTF-8; more than the modulus; a wrong padding, to OpenSSL before 3.2
        return None
    fits = len(plain) <= LONGEST_PLAIN and plain.isprintable()
    return plain if sealed and fits else None


def _sealed(value: Any, size: int) -> bytes:
    """The bytes that were made with a key of `size` bytes; empty where they are none."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return b""
    mark = _MARK.match(value)
    try:
        raw = b64decode("".join(value[mark.end() if mark else 0 :].split()), validate=True)
    except ValueError:
        return b""
    # The library for browsers writes a number, without the zeros that it begins with.
    return raw.rjust(size, b"\0") if size - 8 <= len(raw) <= size else b""
