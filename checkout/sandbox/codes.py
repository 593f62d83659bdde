"""Result codes: what each says to the shop and to the customer.

The letter is the outcome: `S` successful, `F` failed, `P` pending or incomplete, `E` error.
"""

from __future__ import annotations

from typing import NamedTuple


class ResultCode(NamedTuple):
    """`message` is for the shop, `friendly` for the customer, `bank` is the bank's own code."""

    message: str
    friendly: str
    bank: str


SUCCESS = "S.0000"
PENDING = "P.0000"
DECLINED = "F.0105"
EXPIRED_CARD = "F.0111"
DUPLICATE = "E.1018"
INVALID = "E.1005"
WRONG_PASSWORD = "F.0129"
NOT_AUTHENTICATED = "F.0130"
REJECTED_BY_CUSTOMER = "F.0132"
ABANDONED = "F.0998"
PROVIDER_ERROR = "F.0117"

CODES: dict[str, ResultCode] = {
    "S.0000": ResultCode("Successfully processed", "The operation is successful.", "00"),
    "P.0000": ResultCode("Waiting", "The operation is not finished yet.", ""),
    "F.0105": ResultCode(
        "Do not honour", "Your bank declined the payment. Ask your bank why.", "05"
    ),
    "F.0108": ResultCode(
        "Duplicate transaction", "This payment was already sent. Wait a moment.", "94"
    ),
    "F.0111": ResultCode("Card expired", "The card has expired. Use another card.", "54"),
    "F.0112": ResultCode("Wrong CVV", "The security code is wrong. Check it and try again.", "N7"),
    "F.0113": ResultCode("Currency not allowed", "This card can't pay in this currency.", "57"),
    "F.0114": ResultCode("Insufficient funds", "There isn't enough money on the card.", "51"),
    "F.0115": ResultCode("Suspected fraud", "The payment was declined. Use another card.", "59"),
    "F.0117": ResultCode("Provider error", "The payment could not be processed. Try later.", "96"),
    "F.0123": ResultCode("Limit exceeded", "The payment is above the card's limit.", "61"),
    "F.0129": ResultCode(
        "3-D Secure: wrong password", "Your bank did not confirm it was you.", "05"
    ),
    "F.0130": ResultCode(
        "3-D Secure: not authenticated", "Your bank did not confirm it was you.", "05"
    ),
    "F.0132": ResultCode("Rejected by the customer", "You cancelled the payment.", "05"),
    "F.0998": ResultCode("Abandoned by the customer", "The time to pay is over.", ""),
    "F.0999": ResultCode("Unknown error", "The payment failed. Try again later.", "96"),
}

BY_STATUS: dict[str, str] = {
    "successful": SUCCESS,
    "refunded": SUCCESS,
    "failed": DECLINED,
    "expired": ABANDONED,
    "deleted": ABANDONED,
    "error": PROVIDER_ERROR,
}
"""The code of a status when nobody names a better one."""
