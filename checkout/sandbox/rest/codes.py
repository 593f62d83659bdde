"""The platform's words: result codes of its answers, and the two status words of a payment."""

from __future__ import annotations

from typing import NamedTuple

FOUND = ("00026", "Your record found successfully")
NOT_FOUND = ("10009", "Record not found")
RESULTS = {
    "Y": ("00001", "Transaction succeeded"),
    "P": ("10004", "Transaction is pending"),
    "N": ("10001", "Transaction failed"),
    "C": ("10001", "Transaction failed"),
}
"""Short word -> code and description of a payment's own answer."""


class StatusWords(NamedTuple):
    """`short` is `transactionStatus`, `long` is `status`."""

    short: str
    long: str


LONG_STATUS: dict[str, str] = {
    "incomplete": "authstarted",
    "pending": "authstarted",
    "failed": "authfailed",
    "error": "failed",
    "expired": "cancelled",
    "deleted": "cancelled",
    "successful": "capturesuccess",
    "refunded": "reversed",
}
"""What each status of the ledger is called by the platform."""

SHORT_STATUS: dict[str, str] = {
    "begun": "P",
    "authstarted": "P",
    "authsuccessful": "Y",
    "authfailed": "N",
    "authcancelled": "Y",
    "cancelled": "C",
    "capturesuccess": "Y",
    "capturefailed": "N",
    "settled": "Y",
    "setteled": "Y",
    "markedforreversal": "Y",
    "reversed": "Y",
    "failed": "N",
    "payoutsuccessful": "Y",
    "payoutfailed": "N",
}
"""Long word -> the short one beside it. Of a word that isn't here the platform says that there is
no such record."""

AUTHORIZED = "authsuccessful"
PAYOUTS = {"successful": "payoutsuccessful", "failed": "payoutfailed"}
"""The same of a payout."""

METHODS = {
    "CC": "credit_card",
    "DC": "credit_card",
    "NB": "net_banking",
    "EW": "wallet",
    "PV": "voucher",
    "SEPA": "sepa",
}
"""`paymentMode` -> how the ledger calls the method."""
