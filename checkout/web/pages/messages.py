"""The texts of the pages, in English and marked for the catalogues. The reasons why a payment was
not made are in `declines`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from checkout.i18n import N_
from checkout.model.order import BANK, CARD, CARD_METHOD, TOKENIZATION
from checkout.model.product import Sale
from checkout.model.status import Status


class Message(NamedTuple):
    title: str
    text: str
    tone: str


ByKind = Mapping[str, str]  # a text by the kind of the method
ELSE: Final = ""  # the kinds that a table does not name


def of_kind(table: ByKind, kind: str) -> str:
    return table.get(kind, table[ELSE])


STATUS: Final[dict[Status, Message]] = {
    Status.OPEN: Message(N_("Ready to pay"), N_("This payment has not been made yet."), "info"),
    Status.PENDING: Message(
        N_("We are checking with the bank"),
        N_("Please do not pay again. You can close this page: the shop will be told the result."),
        "wait",
    ),
    Status.REQUIRES_ACTION: Message(
        N_("Waiting for you to finish"),
        N_("Finish the payment on your bank's or payment service's page."),
        "wait",
    ),
    Status.PAID: Message(N_("Paid"), N_("Thank you. Your payment has been made."), "good"),
    Status.AUTHORIZED: Message(
        N_("Payment approved"),
        N_("The amount is reserved on your card. The shop will collect it later."),
        "good",
    ),
    Status.DECLINED: Message(N_("Payment declined"), N_("Nothing was charged."), "bad"),
    Status.CANCELLED: Message(N_("Payment cancelled"), N_("This payment was cancelled."), "info"),
    Status.EXPIRED: Message(N_("Time is up"), N_("This payment was not made in time."), "info"),
    Status.REFUNDED: Message(
        N_("Refunded"), N_("The shop has sent the money back to you."), "info"
    ),
}

WAITING_TEXT: Final = N_("Your payment is on its way. This page updates by itself.")
NO_METHOD: Final = Message(
    N_("The shop can't take payments right now"),
    N_("Nothing was charged. Please try again later, or ask the shop."),
    "bad",
)
ONE_MORE_CHECK: Final = Message(
    N_("One more check"),
    N_("Nothing was charged. Please enter the card again: the check runs while you do."),
    "info",
)
# What the customer waits for, by kind.
CHECKING: Final[ByKind] = {
    CARD: N_("We are checking with the bank"),
    BANK: N_("We are checking with the bank"),
    ELSE: N_("We are checking the payment"),
}
WAITING: Final[ByKind] = {
    CARD: N_("Waiting for the bank"),
    BANK: N_("Waiting for the bank"),
    ELSE: N_("Waiting for the payment service"),
}
BACK_EARLY: Final[ByKind] = {
    CARD: N_("Waiting for your bank's answer"),
    BANK: N_("Waiting for your bank's answer"),
    ELSE: N_("Waiting for the payment service's answer"),
}
BACK_EARLY_TEXT: Final[ByKind] = {
    CARD: N_("If you did not finish at your bank, you can go back there or pay another way."),
    BANK: N_("If you did not finish at your bank, you can go back there or pay another way."),
    ELSE: N_("If you did not finish there, you can go back or pay another way."),
}
GO_AGAIN: Final[ByKind] = {
    CARD: N_("Go to your bank again"),
    BANK: N_("Go to your bank again"),
    ELSE: N_("Go to the payment page again"),
}
RESERVED: Final[ByKind] = {
    CARD: N_("The amount is reserved on your card. The shop will collect it later."),
    ELSE: N_("The amount is reserved. The shop will collect it later."),
}

LEAVING: Final = Message(
    N_("Taking you to your bank"),
    N_("Your bank wants to make sure that it is you. Then you will come back here."),
    "info",
)
LEAVING_PROVIDER: Final = Message(
    N_("Taking you to the payment page"),
    N_("You pay on the payment service's page. Then you will come back here."),
    "info",
)
INSTRUCTIONS: Final = Message(
    N_("How to pay"),
    N_("Pay with the details below. This page updates by itself once the money has arrived."),
    "wait",
)
CONFIRMED: Final = Message(
    N_("Looking for your payment"),
    N_("You can close this page. The shop will be told when the money arrives."),
    "wait",
)
# The texts of error pages, by HTTP status.
ERROR: Final[dict[int, Message]] = {
    400: Message(N_("We could not read that"), N_("Go back and try again."), "bad"),
    403: Message(
        N_("This form can't be sent from here"),
        N_("For your security, a payment is only sent from its own page. Open it in a new tab."),
        "bad",
    ),
    404: Message(
        N_("We can't find this payment"),
        N_("Check that the link is complete, or ask the shop for a new one."),
        "info",
    ),
    405: Message(N_("We could not read that"), N_("Go back and try again."), "bad"),
    409: Message(
        N_("The last ones have just been sold"),
        N_("Nothing was charged. Someone else bought them while this page was open."),
        "info",
    ),
    410: Message(N_("This link has expired"), N_("Ask the shop for a new one."), "info"),
    413: Message(N_("That was too long"), N_("Go back and shorten what you entered."), "bad"),
    415: Message(N_("We could not read that"), N_("Go back and try again."), "bad"),
    429: Message(
        N_("Too many attempts"),
        N_("Nothing was charged. Please wait a while before you try again."),
        "bad",
    ),
    500: Message(
        N_("Something went wrong on our side"),
        N_("If you have just paid, do not pay again: open the payment to see its status."),
        "bad",
    ),
    503: Message(
        N_("We are very busy right now"),
        N_("Nothing was sent. Please try again in a moment."),
        "wait",
    ),
}

# The reasons why a product can't be bought.
SALE: Final[dict[Sale, Message]] = {
    Sale.RESERVED: Message(
        N_("Someone else is buying the last one"),
        N_("It may become available again: check back in 15 minutes."),
        "wait",
    ),
    Sale.SOLD_OUT: Message(N_("Sold out"), N_("There are none left."), "info"),
    Sale.ENDED: Message(
        N_("The sale is over"), N_("Ask the shop whether there will be another one."), "info"
    ),
    Sale.INACTIVE: Message(
        N_("Not on sale right now"), N_("The shop is not selling this at the moment."), "info"
    ),
}
TOO_FEW: Final = N_("There are not that many left")

# The names of methods.
METHOD: Final[dict[str, str]] = {
    CARD_METHOD: N_("Card"),
    "bank_transfer": N_("Bank transfer"),
    "netbanking": N_("Net banking"),
    "erip": "ERIP",
    "sbp": N_("Faster payments (SBP)"),
    "crypto": N_("Cryptocurrency"),
    "wallet": N_("Wallet"),
}
# The drawings of single methods (`templates/macros/icons.html`); others have that of their kind.
MARK: Final[dict[str, str]] = {
    "sbp": "sbp",
    "erip": "erip",
    "netbanking": "browser",
    "crypto": "coins",
}
BRAND: Final = {
    "visa": "Visa",
    "master": "Mastercard",
    "maestro": "Maestro",
    "amex": "American Express",
    "mir": "Mir",
    "belkart": "Belkart",
    "jcb": "JCB",
    "unionpay": "UnionPay",
    "diners": "Diners Club",
    "discover": "Discover",
}
TERMS_OF_SERVICE: Final = N_("I accept the payment service's [terms]")
INPUT_MISSING: Final = N_("Fill in this field")
INPUT_WRONG: Final = N_("Shorten this, and leave out special characters")
# The error of a field that the gateway did not accept, by our name; others have `INPUT_REFUSED`.
REFUSED: Final[dict[str, str]] = {
    "number": N_("The bank did not accept this card number. Check it, or use another card"),
    "expiry": N_("The bank did not accept this date. Check it, or use another card"),
    "code": N_("The bank did not accept this security code. Check it"),
    "holder": N_("The bank did not accept this name. Enter it as it appears on the card"),
}
INPUT_REFUSED: Final = N_("The payment service did not accept this. Check it")

SAVED_CARD: Final = N_("Your saved card")
REMEMBER: Final = N_("Remember this card")
REMEMBER_HINT: Final = N_("Next time you will only need its security code.")
REMEMBER_FOR_SHOP: Final = N_("The shop may charge this card later, as you agreed.")
TERMS: Final = N_("I accept the shop's [terms]")
TERMS_OF_SHOP: Final = N_("I accept the shop's terms")
READ_TERMS: Final = N_("Read the terms")
TERMS_MISSING: Final = N_("Accept the terms to pay")

INVOICE_CANCELLED: Final = Message(
    N_("This invoice was cancelled"),
    N_("There is nothing left to pay. Ask the shop if you did not expect this."),
    "info",
)

# A payment that only keeps or checks the card: nothing is charged, so no amount is shown.
CARD_SAVED: Final = Message(
    N_("Card saved"),
    N_("Nothing was charged. The shop can use this card for later payments."),
    "good",
)
SAVE_YOUR_CARD: Final = N_("Save your card")
SAVE_CARD: Final = N_("Save card")
CARD_CHECKED: Final = Message(N_("Card checked"), N_("Nothing was charged."), "good")


class CardMessages(NamedTuple):
    """In the amount's place, on the button, and as the result."""

    headline: str
    button: str
    done: Message


CARD_ONLY: Final = {
    TOKENIZATION: CardMessages(SAVE_YOUR_CARD, SAVE_CARD, CARD_SAVED),
    "authorization": CardMessages(N_("Card check"), N_("Check card"), CARD_CHECKED),
}
ROW_SHOP_ALONE: Final = N_("Shop")

PAY: Final = N_("Pay %(amount)s")
CONTINUE: Final = N_("Continue")
BACK: Final = N_("Back to %(shop)s")
RESUME: Final = N_("Pay after all")
CHECKED: Final = N_("Last checked at %(time)s")
RENEW: Final = N_("Renew and pay")
RENEWABLE: Final = N_("Nothing was charged. You can still pay for this order.")
OPEN_PAYMENT: Final = N_("Open the payment")
OPEN_PAGE: Final = N_("Open the page to pay")
OPEN_WALLET: Final = N_("Open in your wallet")
OPEN_APP: Final = N_("Open the app to pay")
OPEN_NEW_TAB: Final = N_("Open in a new tab")
ROW_AMOUNT: Final = N_("Amount")
ROW_SHOP: Final = N_("Paid to")
ROW_REFERENCE: Final = N_("Order")
ROW_PAYMENT: Final = N_("Payment number")
ROW_TIME: Final = N_("Time")
ROW_CARD: Final = N_("Card")
ROW_METHOD: Final = N_("Paid with")
ROW_AUTH: Final = N_("Approval code")
ROW_DESCRIPTION: Final = N_("For")
AMOUNT_MISSING: Final = N_("Enter the amount in numbers, for example %(example)s")
AMOUNT_TWICE: Final = N_("Did you mean %(first)s or %(second)s?")
AMOUNT_LITTLE: Final = N_("Enter %(least)s or more")
AMOUNT_MUCH: Final = N_("Enter %(most)s or less")
AMOUNT_FROM: Final = N_("From %(least)s")
AMOUNT_TO: Final = N_("Up to %(most)s")
AMOUNT_BETWEEN: Final = N_("From %(least)s to %(most)s")
QUANTITY: Final = N_("Quantity")
QUANTITY_WRONG: Final = N_("Choose how many")
LEFT: Final = N_("Left")
ON_SALE_UNTIL: Final = N_("On sale until")
