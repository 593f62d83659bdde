"""What the pages say of a status and of a reason: tables of texts, in English and marked."""

from __future__ import annotations

from typing import Final, NamedTuple

from checkout.model.outcome import Reason
from checkout.model.product import Sale
from checkout.model.status import Status
from checkout.texts import N_


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
    Status.DECLINED: Words(
        N_("Payment declined"), N_("Nothing was charged. Go back to the shop to try again."), "bad"
    ),
    Status.CANCELLED: Words(
        N_("Payment cancelled"), N_("You cancelled this payment. Nothing was charged."), "info"
    ),
    Status.EXPIRED: Words(
        N_("Time is up"),
        N_("This payment was not made in time. Go back to the shop to start again."),
        "info",
    ),
    Status.REFUNDED: Words(N_("Refunded"), N_("The shop has sent the money back to you."), "info"),
}

WAITING: Final = Words(
    N_("Waiting for the bank"),
    N_("Your payment is on its way. This page updates by itself."),
    "wait",
)
BACK_EARLY: Final = Words(
    N_("Waiting for your bank's answer"),
    N_("If you did not finish at your bank, you can go back there or pay another way."),
    "wait",
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
CANCELLED_BY_GATEWAY: Final = Words(
    N_("The payment was not finished"),
    N_("Nothing was charged. You can try again or choose another way to pay."),
    "info",
)

# Why the last attempt was not paid, and what to do next.
REASON: Final[dict[Reason, Words]] = {
    Reason.DO_NOT_HONOUR: Words(
        N_("Your bank declined the payment"),
        N_("Nothing was charged. Call your bank, or use another card."),
        "bad",
    ),
    Reason.INSUFFICIENT_FUNDS: Words(
        N_("There is not enough money on this card"),
        N_("Nothing was charged. Use another card, or try again later."),
        "bad",
    ),
    Reason.CARD_EXPIRED: Words(
        N_("This card has expired"), N_("Nothing was charged. Use another card."), "bad"
    ),
    Reason.SECURITY_CODE: Words(
        N_("The security code was not right"),
        N_("Nothing was charged. Check the code on the card and try again."),
        "bad",
    ),
    Reason.CARD_NUMBER: Words(
        N_("The card number was not accepted"),
        N_("Nothing was charged. Check the number, or use another card."),
        "bad",
    ),
    Reason.CARD_NOT_ACCEPTED: Words(
        N_("This card can't be used here"), N_("Nothing was charged. Use another card."), "bad"
    ),
    Reason.SAVED_CARD: Words(
        N_("The saved card can't be used any more"),
        N_("Nothing was charged. Enter the details of a card."),
        "bad",
    ),
    Reason.CURRENCY: Words(
        N_("This card can't pay in this currency"),
        N_("Nothing was charged. Use another card."),
        "bad",
    ),
    Reason.LIMIT: Words(
        N_("The card's limit is reached"),
        N_("Nothing was charged. Raise the limit at your bank, or use another card."),
        "bad",
    ),
    Reason.SUSPECTED_FRAUD: Words(
        N_("The payment was declined for safety"),
        N_("Nothing was charged. Call your bank, or use another card."),
        "bad",
    ),
    Reason.AUTHENTICATION: Words(
        N_("Your bank could not confirm that it is you"),
        N_("Nothing was charged. Try again, or use another card."),
        "bad",
    ),
    Reason.CUSTOMER_CANCELLED: Words(
        N_("The payment was cancelled at the bank"),
        N_("Nothing was charged. You can try again."),
        "info",
    ),
    Reason.TIMED_OUT: Words(
        N_("The bank's page was open too long"),
        N_("Nothing was charged. You can try again."),
        "info",
    ),
    Reason.RETURNED: Words(
        N_("Your money was sent back"),
        N_("It returns to the account or wallet that it came from. The order is not paid."),
        "info",
    ),
    Reason.DUPLICATE: Words(
        N_("The same payment was just made"),
        N_("This one was not charged. Wait a minute before you try again."),
        "bad",
    ),
    Reason.INVALID: Words(
        N_("The payment could not be taken"),
        N_("Nothing was charged. Check what you entered, or use another card."),
        "bad",
    ),
    Reason.PROVIDER: Words(
        N_("The bank has a fault just now"),
        N_("Nothing was charged. Try again in a few minutes, or pay another way."),
        "bad",
    ),
    Reason.SHOP_REFUSED: Words(
        N_("The shop did not accept the payment"),
        N_("Nothing was charged. Ask the shop for the reason."),
        "bad",
    ),
    Reason.UNREACHABLE: Words(
        N_("The bank can't be reached just now"),
        N_("Nothing was sent and nothing was charged. Please try again."),
        "bad",
    ),
    Reason.CREDENTIALS: Words(
        N_("The shop can't take payments just now"),
        N_("Nothing was charged. Please try again later, or pay another way."),
        "bad",
    ),
    Reason.UNKNOWN: Words(
        N_("The payment was declined"),
        N_("Nothing was charged. Use another card, or call your bank."),
        "bad",
    ),
}

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
    410: Words(N_("This link has ended"), N_("Ask the shop for a new one."), "info"),
    413: Words(N_("That was too much"), N_("Go back and enter less."), "bad"),
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

METHOD: Final[dict[str, tuple[str, str]]] = {
    "credit_card": (N_("Card"), "card"),
    "bank_transfer": (N_("Bank transfer"), "bank"),
    "netbanking": (N_("Net banking"), "bank"),
    "erip": ("ERIP", "cash"),
    "sbp": (N_("Faster payments (SBP)"), "bank"),
    "crypto": (N_("Cryptocurrency"), "crypto"),
    "wallet": (N_("Wallet"), "wallet"),
}

SAVED_CARD: Final = N_("Your saved card")
REMEMBER: Final = N_("Remember this card")
REMEMBER_HINT: Final = N_("Next time you enter its security code alone.")
REMEMBER_FOR_SHOP: Final = N_("The shop may charge it later, as you have agreed with it.")
TERMS: Final = N_("I accept the [terms] of the shop")
TERMS_OF_SHOP: Final = N_("I accept the terms of the shop")
READ_TERMS: Final = N_("Read the terms")
TERMS_MISSING: Final = N_("Accept the terms to pay")

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
