"""Why each script and each style is needed: the written justification that PCI DSS 6.4.3 asks for.

A file without a line here is not authorised: a test holds this complete.
"""

from __future__ import annotations

from typing import Final

# static/js, and what of others is joined with it.
SCRIPTS: Final[dict[str, str]] = {
    "ask.js": "fetches a page of ours behind the page in sight",
    "auto.js": "sends a form by itself where nothing is left to ask",
    "address.js": "shows the fields of an address as the chosen country has them",
    "blocked.js": "says that a form can't be sent in a frame without an origin, before it is typed",
    "browser.js": "fills in the browser data that 3-D Secure 2 asks for",
    "card.js": "groups the card number while it is typed, recognises its brand",
    "challenge.js": "works while the card is typed, where cards are being tested: no robot would",
    "check.js": "shows slips of typing before the card is sent",
    "clock.js": "counts the time left and the time passed",
    "copy.js": "copies amounts and account numbers",
    "email.js": "asks whether another e-mail address was meant",
    "expiry.js": "writes the expiry date as on the card",
    "focus.js": "moves the focus to the headline or to the errors, for screen readers",
    "frame.js": "tells the shop's registered page around ours its height and state",
    "fresh.js": "asks for a page anew that comes out of the browser's back/forward cache",
    "language.js": "changes the page's language without losing what was typed",
    "late.js": "calls off the refresh for pages whose scripts have not come",
    "leave.js": "goes on to the bank's page",
    "method.js": "sends no card fields with a way to pay without a card",
    "print.js": "prints the receipt",
    "read.js": "reads digits and dates in every writing, as the server does",
    "return.js": "goes back to the shop after a countdown",
    "saved.js": "sends a saved card's code alone",
    "submit.js": "sends the payment once behind the page, so that nothing typed is lost",
    "time.js": "tells times by the clock of the customer's device",
    "wallets.js": "shows the wallets that the browser can pay with, sends what they give",
    "wait.js": "asks for the state while the customer waits",
    "../vendor/htmx-4.0.1.min.js": "fetches the state of the payment into the waiting page",
    "../vendor/hx-csp-4.0.1.min.js": "lets htmx act only on what carries the page's nonce",
}
STYLES: Final[dict[str, str]] = {
    "app.css": "how the pages look, light and dark as the customer's device",
    "app-light.css": "the same, always light",
    "app-dark.css": "the same, always dark",
}
THEME: Final = "the shop's own colours and corners, in the page itself"
WIDGET: Final = "opens the payment page in a frame on the shop's own page"
BUILD_FORM: Final = "the same for pages that were written for the script before it"
