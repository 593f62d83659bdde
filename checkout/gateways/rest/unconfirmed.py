"""What no document of the REST platform that we have confirms, in one place: each entry is a `?` to
clear up with the gateway before it is used, and is listed in docs/rest.md.

What the entries belong to is switched off by a setting of the account: `registrations`,
`pay_with_token`, `payouts`. Then it is not offered, and refused where it is asked for all the same.
"""

from __future__ import annotations

from typing import Final

from checkout.gateways.rest.signature import Proof

# ? Registrations alone: the checksum is over the card's number; our key and the addresses that the
#   customer comes back to are read or ignored, never refused. These codes, beside an `id`, say that
#   the card is kept.
REGISTERED: Final = frozenset({"00001", "00002"})


def proof_of_registration(card_number: str) -> Proof:
    return Proof((card_number,))


# ? Payments by a registration: the checksum is over the registration and the amount; the platform
#   keeps our key with them, so that one whose answer was lost is found by it; 3-D Secure answers as
#   for a card.
def proof_of_token_payment(registration: str, amount: str) -> Proof:
    return Proof((registration, amount))


# ? Payouts: who gets the money is named by a registration, in this field. One public client names
#   an earlier payment instead, as "paymentId".
PAYOUT_TO: Final = "registrationId"
# ? Whether an inquiry by our key finds payouts. Until that is confirmed, "not found" doesn't prove
#   that none was made: a payout without an answer stays open until somebody has looked.
PAYOUTS_ARE_FOUND: Final = False


def proof_of_payout(key: str, amount: str) -> Proof:
    """Documented, unlike the fields beside it."""
    return Proof((key, amount), key_last=True)
