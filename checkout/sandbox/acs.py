"""The challenge of the card issuer's page, its Access Control Server: a password, or Cancel."""

from __future__ import annotations

from checkout.sandbox import codes
from checkout.sandbox.basic_auth import same_secret

PASSWORD = "1111"
"""What the documented challenge cards ask for."""


def challenge_result(given: dict[str, str]) -> str:
    """The code of what the customer sent."""
    if given.get("choice") == "cancel":
        return codes.REJECTED_BY_CUSTOMER
    right = same_secret(given.get("password", ""), PASSWORD)
    return codes.SUCCESS if right else codes.WRONG_PASSWORD
