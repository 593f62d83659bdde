"""Reads the parts of a shop's `settings` that change the payment page itself.

Source: Overpay's documents on the checkout token: `save_card_toggle`, `another_card_toggle`,
`agreement_toggle`, `credit_card_fields`, `auto_pay`; and `payment_method.credit_card.token`.
"""

from __future__ import annotations

from typing import Any, Final

from checkout.model.card import WALLET_MARK
from checkout.model.card_form import LONGEST_HOLDER, digits, read_holder
from checkout.model.cut import cut
from checkout.model.order import Agreement, CardFields, SaveCard
from checkout.model.pan import luhn
from checkout.model.validation.description import says
from checkout.model.validation.optional_data import cut_text, dropped_if_wrong, names_of
from checkout.model.validation.reader import Dropped, Invalid
from checkout.model.validation.rules import loose_flag, text
from checkout.model.validation.table import Field, FieldTable, OptionalData, UnlessBlank
from checkout.shop_api.addresses import shown_address

LONGEST_TEXT: Final = 500  # of the text beside a checkbox
LONGEST_TOKEN: Final = 1024
WALLETS: Final = "is a wallet's: an app sends it with its payment, nobody keeps it"


@says("the name that the gateway gave the card", type="string", maxLength=LONGEST_TOKEN)
def card_token(value: Any) -> str | None:
    """The name that a gateway gave a card: never the card's own number."""
    if value == "":
        return None
    token = text(LONGEST_TOKEN)(value)
    number = digits(token)
    if number and 12 <= len(number) <= 19 and luhn(number):
        raise Invalid("must be a card's token, never its number")
    if token.startswith(WALLET_MARK):
        raise Invalid(WALLETS)
    if not all(character.isprintable() for character in token):
        raise Invalid("must not contain line breaks")
    return token


@says(f"up to {LONGEST_HOLDER} characters, cut", type="string", maxLength=LONGEST_HOLDER)
def _holder(value: Any) -> str | None:
    if not isinstance(value, str):
        raise Invalid("must be text")
    if not value.strip():
        return None
    holder, problem = read_holder(cut(value.strip(), LONGEST_HOLDER))
    if problem:
        raise Invalid("must be the name on the card")
    if len(value.strip()) > LONGEST_HOLDER:
        raise Dropped(f"cut to {LONGEST_HOLDER} characters", holder)
    return holder


@says(f"up to {LONGEST_TEXT} characters", type="string", maxLength=LONGEST_TEXT)
def _words(value: Any) -> str | None:
    return text(LONGEST_TEXT, least=0)(value).strip() or None


_BESIDE: Final = cut_text(LONGEST_TEXT)


CARD_FIELDS: Final = OptionalData(
    read_only=Field(names_of(("holder",)), "`holder` fixes the name", default=()),
    holder=Field(dropped_if_wrong(_holder), "the name on the card, filled in"),
)
SAVE_CARD: Final = UnlessBlank(
    display=Field(loose_flag, "whether the customer is asked to have the card remembered"),
    customer_contract=Field(loose_flag, "whether they have agreed to it at the shop"),
    text=Field(_BESIDE, "beside the checkbox"),
    hint=Field(_BESIDE, "below it"),
)
ANOTHER_CARD: Final = FieldTable(
    display=Field(loose_flag, "`false`: no other card than the saved one", default=True),
)
AGREEMENT: Final = UnlessBlank(
    value=Field(loose_flag, "ticked beforehand", default=False),
    url=Field(shown_address, "of the terms that must be accepted"),
    text=Field(_words, "words of it in `[brackets]` lead to `url`"),
)
PAGE: Final = FieldTable(
    credit_card_fields=Field(CARD_FIELDS),
    save_card_toggle=Field(SAVE_CARD),
    another_card_toggle=Field(ANOTHER_CARD),
    agreement_toggle=Field(AGREEMENT),
    auto_pay=Field(
        loose_flag, "a saved card is charged as soon as the page is seen", default=False
    ),
)


def page_settings(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of `PageSettings` that stand for what `PAGE` has read."""
    card, save_card, terms = (
        values[name] for name in ("credit_card_fields", "save_card_toggle", "agreement_toggle")
    )
    fixed = ("holder",) if "holder" in card["read_only"] else ()
    return {
        "card_fields": CardFields(holder=card["holder"], read_only=fixed),
        "save_card": None if save_card is None else SaveCard(**save_card),
        "another_card": values["another_card_toggle"]["display"],
        "agreement": None
        if terms is None
        else Agreement(ticked=terms["value"], url=terms["url"], text=terms["text"]),
        "auto_pay": values["auto_pay"],
    }
