"""The gateway's words: of the bank's answer, of 3-D Secure, of the checks of address and code."""

from __future__ import annotations

from checkout.sandbox import codes

APPROVED = {"successful": "approved", "refunded": "approved"}

MESSAGE_TYPES = {"charge": "payment"}
"""What messages call a type, where that isn't its name."""

THREE_D_SECURE: dict[str, dict[str, object]] = {
    "frictionless": {"status": "successful", "pa_status": "Y", "eci": "05"},
    "challenge": {"status": "successful", "pa_status": "Y", "eci": "05"},
    "failed": {"status": "failed", "pa_status": "N", "eci": "07"},
}
"""`three_d_secure_verification` by the part that 3-D Secure played."""

CHALLENGE_FAILED = frozenset({codes.WRONG_PASSWORD, codes.REJECTED_BY_CUSTOMER})

NOT_SUPPORTED = "1"
AVS = {(True, True): "M", (True, False): "B", (False, True): "P", (False, False): "U"}
"""The address check by whether a street and a postal code came."""
CVC = {True: "Y", False: "P"}
"""The check of the security code by whether one came."""
