"""What the pages say of a status and of a reason: tables of texts, in English and marked."""

from __future__ import annotations

from typing import Final, NamedTuple

from checkout.i18n import N_
from checkout.model.order import BANK, CARD, CARD_METHOD, CASH, COINS, WALLET
from checkout.model.product import Sale
from checkout.model.status import Status


class Words(NamedTuple):
    title: str
    text: str
    tone: str


STATUS: Final[dict[Status, Words]] = {
    Status.OPEN: Words(N_("Ready to pay"), N_("This payment has not been made yet."), "info"),
    Status.PENDING: Words(
        N_("We are checking with the bank"),
        N_("Please do not pay again. You can close this page: the shop will learn the result."),
        "wait",
    ),
    Status.ACTION: Words(
        N_("Waiting for you to finish"),
        N_("Finish the payment on the page of your bank or payment service."),
        "wait",
    ),
    Status.PAID: Words(N_("Paid"), N_("Thank you. Your payment has been made."), "good"),
    Status.AUTHORIZED: Words(
        N_("Payment approved"),
        N_("The amount is reserved on your card. The shop will collect it later."),
        "good",
    ),
    Status.DECLINED: Words(N_("Payment declined"), N_("Nothing was charged."), "bad"),
    Status.CANCELLED: Words(N_("Payment cancelled"), N_("This payment was cancelled."), "info"),
    Status.EXPIRED: Words(N_("Time is up"), N_("This payment was not made in time."), "info"),
    Status.REFUNDED: Words(N_("Refunded"), N_("The shop has sent the money back to you."), "info"),
}

WAITING_TEXT: Final = N_("Your payment is on its way. This page updates by itself.")
NO_WAY: Final = Words(
    N_("The shop can't take payments just now"),
    N_("Nothing was charged. Please try again later, or ask the shop."),
    "bad",
)
ONE_MORE_CHECK: Final = Words(
    N_("One more check"),
    N_("Nothing was charged. Please enter the card again: the check runs while you do."),
    "info",
)
LEAVING: Final = Words(
    N_("You are going to your bank"),
    N_("Your bank wants to make sure that it is you. Afterwards you come back here."),
    "info",
)
LEAVING_PROVIDER: Final = Words(
    N_("You are going to the payment page"),
    N_("You pay on the page of the payment service. Afterwards you come back here."),
    "info",
)
INSTRUCTIONS: Final = Words(
    N_("How to pay"),
    N_("Pay with the details below. This page updates by itself once the money has arrived."),
    "wait",
)
CONFIRMED: Final = Words(
    N_("Looking for your payment"),
    N_("It can take a while. You can close this page: the shop will learn when the money arrives."),
    "wait",
)
# Errors as pages: HTTP status -> words.
ERROR: Final[dict[int, Words]] = {
    400: Words(N_("We could not read that"), N_("Go back and try again."), "bad"),
    403: Words(
        N_("This form can't be sent from here"),
        N_("For your safety a payment is sent from its own page only. Open it in a new tab."),
        "bad",
    ),
    404: Words(
        N_("There is no such payment"),
        N_("Check that the link is complete, or ask the shop for a new one."),
        "info",
    ),
    405: Words(N_("We could not read that"), N_("Go back and try again."), "bad"),
    409: Words(
        N_("The last ones have just gone"),
        N_("Nothing was charged. Somebody else has bought them while this page was open."),
        "info",
    ),
    410: Words(N_("This link has ended"), N_("Ask the shop for a new one."), "info"),
    413: Words(N_("That was too much"), N_("Go back and enter less."), "bad"),
    415: Words(N_("We could not read that"), N_("Go back and try again."), "bad"),
    429: Words(
        N_("Too many tries"),
        N_("Nothing was charged. Please wait a little before you try again."),
        "bad",
    ),
    500: Words(
        N_("Something went wrong on our side"),
        N_("If you have just paid, do not pay again: open the payment to see how it stands."),
        "bad",
    ),
    503: Words(
        N_("We are very busy just now"),
        N_("Nothing was sent. Please try again in a moment."),
        "wait",
    ),
}

# Why a product can't be bought.
SALE: Final[dict[Sale, Words]] = {
    Sale.RESERVED: Words(
        N_("Someone else is buying the last one"),
        N_("It may come back: look again in a quarter of an hour."),
        "wait",
    ),
    Sale.SOLD_OUT: Words(N_("Sold out"), N_("There is none left."), "info"),
    Sale.ENDED: Words(
        N_("The sale is over"), N_("Ask the shop whether there will be another one."), "info"
    ),
    Sale.INACTIVE: Words(
        N_("Not on sale now"), N_("The shop does not sell this at the moment."), "info"
    ),
}
TOO_FEW: Final = N_("There are not so many left")

# By name: what a method is called, and of which kind it is.
METHOD: Final[dict[str, tuple[str, str]]] = {
    CARD_METHOD: (N_("Card"), CARD),
    "bank_transfer": (N_("Bank transfer"), BANK),
    "netbanking": (N_("Net banking"), BANK),
    "erip": ("ERIP", CASH),
    "sbp": (N_("Faster payments (SBP)"), BANK),
    "crypto": (N_("Cryptocurrency"), COINS),
    "wallet": (N_("Wallet"), WALLET),
}
TERMS_OF_SERVICE: Final = N_("I accept the [terms] of the payment service")
INPUT_MISSING: Final = N_("Fill in this field")
INPUT_WRONG: Final = N_("Shorten this, and leave out what can't be printed")
# What a gateway did not accept, by our name for the field; others have `INPUT_REFUSED`.
REFUSED: Final[dict[str, str]] = {
    "number": N_("The bank did not accept this card number. Check it, or use another card"),
    "expiry": N_("The bank did not accept this date. Check it, or use another card"),
    "code": N_("The bank did not accept this security code. Check it"),
    "holder": N_("The bank did not accept this name. Write it as on the card"),
}
INPUT_REFUSED: Final = N_("The payment service did not accept this. Check it")

SAVED_CARD: Final = N_("Your saved card")
REMEMBER: Final = N_("Remember this card")
REMEMBER_HINT: Final = N_("Next time you enter its security code alone.")
REMEMBER_FOR_SHOP: Final = N_("The shop may charge it later, as you have agreed with it.")
TERMS: Final = N_("I accept the [terms] of the shop")
TERMS_OF_SHOP: Final = N_("I accept the terms of the shop")
READ_TERMS: Final = N_("Read the terms")
TERMS_MISSING: Final = N_("Accept the terms to pay")

INVOICE_CANCELLED: Final = Words(
    N_("This invoice was cancelled"),
    N_("There is nothing left to pay. Ask the shop if you did not expect this."),
    "info",
)

# A payment that only keeps the card: nothing is charged, so no amount is shown.
CARD_SAVED: Final = Words(
    N_("Card saved"),
    N_("Nothing was charged. The shop can use this card for later payments."),
    "good",
)
SAVE_YOUR_CARD: Final = N_("Save your card")
SAVE_CARD: Final = N_("Save card")
ROW_SHOP_ALONE: Final = N_("Shop")

PAY: Final = N_("Pay %(amount)s")
CONTINUE: Final = N_("Continue")
BACK: Final = N_("Back to %(shop)s")
CHECKED: Final = N_("Last checked at %(time)s")
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
ROW_METHOD: Final = N_("Paid by")
ROW_AUTH: Final = N_("Approval code")
ROW_DESCRIPTION: Final = N_("For")
AMOUNT_MISSING: Final = N_("Enter the amount in figures, like %(example)s")
AMOUNT_LITTLE: Final = N_("Enter %(least)s or more")
AMOUNT_MUCH: Final = N_("Enter %(most)s or less")
AMOUNT_FROM: Final = N_("From %(least)s")
AMOUNT_TO: Final = N_("Up to %(most)s")
AMOUNT_BETWEEN: Final = N_("From %(least)s to %(most)s")
QUANTITY: Final = N_("Quantity")
QUANTITY_WRONG: Final = N_("Choose how many")
LEFT: Final = N_("Left")
ON_SALE_UNTIL: Final = N_("On sale until")
