"""The browser's own interfaces of Apple Pay and Google Pay, played by a script that a page gets
before its own: `ApplePaySession` and `PaymentRequest`, as far as ours calls them. What happens is
told to `window.note`, where there is one, as a name and a value."""

from __future__ import annotations

import json
from typing import Any, Final

SCRIPT: Final = """
(() => {
  const { can, google, apple, address, closes } = CHOSEN;
  const note = (name, value) => window.note?.(name, value ?? null);
  const later = (act) => setTimeout(act, 20);
  window.PaymentRequest = class {
    constructor(methods, details) {
      Object.assign(this, { methods, details });
    }
    async canMakePayment() {
      return can.includes("google_pay") && this.methods[0].supportedMethods === "https://google.com/pay";
    }
    async show() {
      note("google_pay", { data: this.methods[0].data, total: this.details.total });
      if (closes) throw new DOMException("closed", "AbortError");
      const tokenizationData = { type: "PAYMENT_GATEWAY", token: google };
      const paymentMethodData = { type: "CARD", tokenizationData };
      return {
        details: { apiVersion: 2, apiVersionMinor: 0, paymentMethodData },
        complete: async (result) => note("complete", result),
      };
    }
  };
  window.ApplePaySession = class {
    static canMakePayments() {
      return can.includes("apple_pay");
    }
    constructor(version, request) {
      Object.assign(this, { version, request });
    }
    begin() {
      note("apple_pay", { version: this.version, request: this.request });
      later(() => this.onvalidatemerchant({ validationURL: address }));
    }
    completeMerchantValidation(session) {
      note("session", session);
      later(() => this.onpaymentauthorized({ payment: { token: { paymentData: apple } } }));
    }
    completePayment(result) {
      note("completePayment", result);
    }
    abort() {
      note("abort");
    }
  };
})();
"""


def wallet_browser(
    *can: str, address: str = "", closes: bool = False, card: str = "4200000000000000"
) -> str:
    """The script of a browser that can pay with these wallets. `address`: where Apple wants to be
    asked for a session; `closes`: the customer closes Google's sheet; `card`: a test card, in the
    place of the encrypted one, by which the sandbox knows what to do."""
    google = {"protocolVersion": "ECv2", "signedMessage": card, "signature": "MEUC"}
    apple = {"version": "EC_v1", "data": card, "signature": "MIAG", "header": {}}
    chosen: dict[str, Any] = {
        "can": can,
        "google": json.dumps(google),
        "apple": apple,
        "address": address,
        "closes": closes,
    }
    return SCRIPT.replace("CHOSEN", json.dumps(chosen))
