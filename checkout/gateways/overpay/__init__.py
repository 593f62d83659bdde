"""Overpay: cards on one host, online payment systems on another; both are one protocol.

Documents: Overpay's charge request ("Запрос на взимание платы") and its page on online payment
systems, completed by the public documentation of the same family. HTTP Basic (Shop ID, Secret Key)
and JSON; amounts in minor units of ISO 4217; our key travels as `tracking_id` and finds the payment
again; the `RequestID` header makes a repeated call harmless for 24 h.

    gateway        what both hosts share         request      what all requests share
    cards          the gateway host              payouts      money to a card: credits, payouts
    apm            the api host                  response     reading transactions
    options        an account's settings         errors       reading refusals
    codes          its words to ours             operations   capture, void, refund, chargeback
    signature      proof of notifications
"""

from __future__ import annotations

from typing import Final

from checkout.gateways.overpay import apm, cards

ADAPTERS: Final = {"overpay_cards": cards, "overpay_apm": apm}
