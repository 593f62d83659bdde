"""Reading a card request: the parameters of the charge document, its nesting restored.

Every wrong field is named at once. The number lives for this call; what is kept is a `Card`.
"""

from __future__ import annotations

import hmac
import uuid

from checkout.sandbox import card as cards
from checkout.sandbox import codes
from checkout.sandbox.basic import Credentials
from checkout.sandbox.card import Card
from checkout.sandbox.fields import BLANK, INVALID, Fields, Rule, between, either, matching
from checkout.sandbox.overpay.api import Refusal, refuse_wrong
from checkout.sandbox.overpay.card_transaction import PROTOCOL, SAVING_CONTRACTS, CardTransaction
from checkout.sandbox.overpay.extras import card_on_file, check_extras, shown
from checkout.sandbox.overpay.request import common, people
from checkout.sandbox.stories import Secure, story_of
from checkout.sandbox.world import World

DUPLICATE_WITHIN = 30.0
"""Seconds in which the same amount on the same card counts as a duplicate."""

ECHOED = ("referer", "receipt_text", "contract", "card_on_file", "meta")
"""The parts of `additional_data` that an answer repeats."""

_MONTH = either(between(1, 12), matching(r"0?[1-9]|1[0-2]"))
_YEAR = either(between(2000, 2099), matching(r"20\d\d"))
_SECURITY_CODE = matching(r"\d{3,4}")


def read(world: World, caller: Credentials, fields: Fields, kind: str) -> CardTransaction:
    """An undecided transaction of type `kind`; raises `Refusal` if anything is wrong."""
    shared = common(world, caller, fields)
    extra = fields.section("additional_data")
    contract = extra.texts("contract")
    check_extras(fields)
    card, by_token = _card(world, caller, fields, contract)
    stored = card_on_file(extra)
    series = "recurring" in contract
    series = series or ("card_on_file" in contract and stored["initiator"] == "merchant")
    secure = _secure(fields.section("credit_card"), card, by_token, series)
    if secure == "challenge" and not fields.raw("return_url"):
        fields.reject("return_url", BLANK)
    who = people(fields)
    expected = extra.text("expected_bank_code") if shared["test"] else None
    descriptor = fields.text("dynamic_billing_descriptor") or "test descriptor"
    checks_duplicates = fields.flag("duplicate_check", default=True)
    refuse_wrong(fields)
    if card is not None:
        refuse_duplicate(world, caller, shared["amount"], card, checks_duplicates)
    given = {name: extra.raw(name) for name in ECHOED if extra.raw(name) is not None}
    facts = who | {
        "brand": card.brand if card else None,
        "last_4": card.last_4 if card else None,
        "by_token": by_token,
        "secure": secure,
        "contract": contract,
        "card_on_file": stored if by_token else None,
        "language": shared["language"],
        "description": shared["description"],
        "return_url": shared["return_url"],
        "notification_url": shared["notification_url"],
        "request": shown(fields),
    }
    avs, cvc = _compared(fields, extra.raw("avs_cvc_verification") is not None)
    return CardTransaction(
        protocol=PROTOCOL,
        type=kind,
        method="credit_card",
        status="incomplete",
        card=card,
        secure=secure,
        echo={"additional_data": given} | who,
        contract=contract,
        descriptor=descriptor,
        expected_bank_code=expected,
        avs=avs,
        cvc=cvc,
        iframe=world.behaviour.iframe,
        saved_as=_save(world, caller, card, kind, contract),
        captures_as=str(uuid.uuid4()) if _is_split(world, kind) else None,
        facts=facts,
        **shared,
    )


def _is_split(world: World, kind: str) -> bool:
    """Whether the acquirer authorizes and captures instead of taking a payment."""
    return kind == "charge" and world.behaviour.charges == "authorization"


def _card(
    world: World, caller: Credentials, fields: Fields, contract: list[str]
) -> tuple[Card | None, bool]:
    """The card, and whether it came as a token; None if it is wrong."""
    section = fields.section("credit_card")
    code = section.raw("verification_value")
    if code is not None and code != "" and not _SECURITY_CODE(code):
        section.reject("verification_value")
    token = section.text("token")
    if token is None:
        return _new_card(world, section), False
    if not contract:
        fields.section("additional_data").reject("contract", BLANK)
    saved = world.memory.get(("overpay", "token", caller.shop_id, token))
    if not isinstance(saved, Card):
        section.reject("token")
        return None, True
    if "oneclick" in contract and code in (None, ""):
        section.reject("verification_value", BLANK)
    return saved, True


def _new_card(world: World, section: Fields) -> Card | None:
    number = section.text("number", required=True, longest=19)
    if number is not None and not cards.acceptable(number):
        section.reject("number")
        number = None
    holder = section.text("holder", required=True, longest=32)
    month = _part(section, "exp_month", _MONTH)
    year = _part(section, "exp_year", _YEAR)
    if number is None or holder is None or month is None or year is None:
        return None
    return Card(
        holder=holder,
        stamp=cards.stamp_of(world.salt, number),
        brand=cards.brand_of(number),
        bin_8=number[:8],
        last_4=number[-4:],
        exp_month=month,
        exp_year=year,
        story=story_of(number),
    )


AVS = {(True, True): "M", (True, False): "B", (False, True): "P", (False, False): "U"}
"""The address check by whether a street and a postal code came."""


def _compared(fields: Fields, asked: bool) -> tuple[str, str]:
    """The result codes of the checks of address and security code; "1": not supported."""
    if not asked:
        return "1", "1"
    address = fields.section("billing_address")
    code = fields.section("credit_card").raw("verification_value")
    return AVS[bool(address.raw("address")), bool(address.raw("zip"))], "Y" if code else "P"


def _part(section: Fields, name: str, rule: Rule) -> int | None:
    value = section.raw(name)
    if value is None or value == "":
        section.reject(name, BLANK)
    elif rule(value):
        return int(str(value))
    else:
        section.reject(name, INVALID)
    return None


def _secure(section: Fields, card: Card | None, by_token: bool, series: bool) -> Secure:
    """The part of 3-D Secure; `force` wins over `skip`, and both are for saved cards. `series`:
    the shop goes on by itself, and nothing is asked of the customer."""
    skip = section.flag("skip_three_d_secure_verification")
    force = section.flag("force_three_d_secure_verification")
    if card is None:
        return "none"
    if not by_token:
        return card.story.secure
    if force:
        return "failed" if card.story.secure == "failed" else "challenge"
    return "none" if skip or series else card.story.secure


def _save(
    world: World, caller: Credentials, card: Card | None, kind: str, contract: list[str]
) -> str | None:
    """Keep the card for later payments; the same card has the same token at the same shop."""
    if card is None or not (kind == "tokenization" or SAVING_CONTRACTS.intersection(contract)):
        return None
    token = hmac.new(world.salt, f"{caller.shop_id}:{card.stamp}".encode(), "sha256").hexdigest()
    world.memory["overpay", "token", caller.shop_id, token] = card
    return token


def refuse_duplicate(
    world: World,
    caller: Credentials,
    amount: int,
    card: Card,
    checked: bool,
    way: str = "from",
) -> None:
    """`way`: money is taken from a card, or sent to it."""
    key = ("overpay", "recent", caller.shop_id, str(amount), f"{way} {card.stamp}")
    before = world.memory.get(key)
    if checked and isinstance(before, float) and world.now() - before < DUPLICATE_WITHIN:
        message = "Duplicate transaction"
        raise Refusal(422, message, {"base": [message]}, codes.DUPLICATE)
    world.memory.pop(key, None)  # a fresh entry goes to the young end
    world.memory[key] = world.now()
