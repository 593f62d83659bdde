"""The keys by which a shop's client marks a request that it sends again."""

from __future__ import annotations

from typing import Final

from checkout.identifiers import fitting
from checkout.web.request import AppRequest, header

LONGEST_KEY: Final = 255  # characters of the ledger's column
# The prefix of an app's keys: no header can contain it, so an app's key never equals one of the
# shop's server.
APPS_OWN: Final = "\x1f"


def idempotency_key(request: AppRequest, *, by_app: bool = False) -> str | None:
    """By either of the names that clients know."""
    key = header(request, b"idempotency-key") or header(request, b"requestid")
    if not key:
        return None
    return APPS_OWN + fitting(key, LONGEST_KEY - 1) if by_app else fitting(key, LONGEST_KEY)


def request_id(request: AppRequest) -> str | None:
    """By the name that the family's gateways have for it."""
    key = header(request, b"requestid")
    return fitting(key, LONGEST_KEY) if key else None
