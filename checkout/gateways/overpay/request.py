"""What Overpay's requests share, whatever they pay with: money, addresses, our key.

Documents: Overpay's charge request. Our key is the `tracking_id`; the `RequestID` header makes a
repeated call harmless for 24 h.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from checkout.gateways.base import Charge, merged

LONGEST_DESCRIPTION: Final = 255
LAST_MOMENT: Final = 253402300799  # the end of the year 9999, in seconds since 1970
LANGUAGES: Final = frozenset({
    "az", "be", "bn", "da", "de", "en", "es", "et", "fi", "fr", "it", "ja", "ka",
    "kk", "lv", "no", "pl", "pt", "ro", "ru", "sr", "sv", "tg", "tr", "uk", "zh",
})  # fmt: skip
_REQUESTS: Final = uuid.UUID("0d3e9c5e-6a0b-5b8e-9d53-3c1f6f1f7a42")  # names RequestIDs, no secret


def request_id(key: str) -> str:
    """The same for the same attempt: sent twice, the gateway answers the second as the first."""
    return str(uuid.uuid5(_REQUESTS, key))


def common(charge: Charge) -> dict[str, Any]:
    """What every request has, whatever it pays with."""
    order = charge.order
    language = charge.language.partition("-")[0].lower()
    return merged(
        {
            "amount": charge.money.minor,
            "currency": charge.money.currency,
            "description": order.description[:LONGEST_DESCRIPTION],
            "tracking_id": charge.key,
            "expired_at": _moment(order.expires_at),
            "language": language if language in LANGUAGES else None,
            "notification_url": charge.notify_url,
            "return_url": charge.return_url,
            "test": order.test,
        }
    )


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without nulls, empty texts and empty lists or objects; false and 0 are values."""
    return {name: value for name, value in fields.items() if value not in (None, "", (), [], {})}


def _moment(seconds: float) -> str | None:
    """YYYY-MM-DDThh:mm:ss+00:00; None for what no calendar has."""
    if not 0 < seconds < LAST_MOMENT:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()
