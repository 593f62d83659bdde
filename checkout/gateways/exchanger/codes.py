"""What the exchanger's words for an order mean.

From public clients of its script. The customer may say "I have paid", so only the payout proves a
payment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checkout.gateways.parsing import Codes
from checkout.model.outcome import DeclineReason
from checkout.model.status import Status

NEW: Final = "new"
CONFIRMED: Final = "inProgress"
WITHDRAWN: Final = "deleted"

# REQUIRES_ACTION here is PENDING where the order doesn't say how it is paid; what is final is
# PENDING where it doesn't say how much was paid.
STATUS: Final[Codes] = {
    NEW: Status.REQUIRES_ACTION,
    "waitPayment": Status.REQUIRES_ACTION,
    CONFIRMED: Status.PENDING,
    "inProgressPayout": Status.PENDING,
    "errorPayout": Status.PENDING,  # a person at the exchanger has to look
    "hold": Status.PENDING,  # the same
    "done": Status.PAID,
    "errorPayment": Status.DECLINED,
    "returned": Status.REFUNDED,
    WITHDRAWN: Status.CANCELLED,
}
REASON: Final[Mapping[str, DeclineReason]] = {
    "errorPayment": DeclineReason.UNKNOWN,  # the customer's transfer may still arrive
    "returned": DeclineReason.RETURNED,
}
WAITING: Final = frozenset(
    word for word, status in STATUS.items() if status is Status.REQUIRES_ACTION
)
STUCK: Final = frozenset({"errorPayout", "hold", "returned"})  # a person has to look
