"""A card transaction: what the gateway keeps beyond what every gateway keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from checkout.sandbox.overpay.codes import NOT_SUPPORTED
from checkout.sandbox.overpay.request import reference
from checkout.sandbox.overpay.transaction import OverpayTransaction, operation_on

PROTOCOL = "overpay_cards"

SAVING_CONTRACTS = frozenset({"recurring", "oneclick", "credit", "card_on_file"})
"""The contracts whose answer brings a token of the card."""


@dataclass(slots=True, kw_only=True)
class CardTransaction(OverpayTransaction):
    """`three_d_secure` is the part that 3-D Secure plays in it; `avs` and `cvc` are what the bank
    finds of address and security code, in result codes.

    `automatic_capture_uid`: of a charge that becomes an authorization, the uid of the capture that
    follows by itself; `saved_token` is the token under which the card was saved.
    """

    contract: list[str]
    descriptor: str
    expected_bank_code: str | None
    iframe: bool
    avs: str = NOT_SUPPORTED
    cvc: str = NOT_SUPPORTED
    saved_token: str | None = None
    automatic_capture_uid: str | None = None
    auth_code: str = field(default_factory=lambda: reference()[:6])
    rrn: str = field(default_factory=reference)
    ref_id: str = field(default_factory=reference)

    @property
    def effective_type(self) -> str:
        """What a charge became; all else is what it is."""
        if self.type != "charge":
            return self.type
        return "payment" if self.automatic_capture_uid is None else "authorization"

    def operation(
        self, at: float, kind: str, amount: int, tracking_id: str | None
    ) -> CardTransaction:
        numbers: dict[str, Any] = {name: reference() for name in ("rrn", "ref_id")}
        if kind == "capture" and self.automatic_capture_uid is not None:
            numbers["uid"] = self.automatic_capture_uid
        return operation_on(
            self,
            at,
            kind,
            amount,
            tracking_id,
            **numbers,
            auth_code=reference()[:6],
            three_d_secure="none",
            contract=[],
            expected_bank_code=None,
            avs=NOT_SUPPORTED,
            cvc=NOT_SUPPORTED,
            saved_token=None,
            automatic_capture_uid=None,
        )

    @property
    def token(self) -> str | None:
        """The card's token, for those who asked for one and whose payment was made."""
        return self.saved_token if self.status in ("successful", "refunded") else None
