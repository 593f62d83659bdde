"""What a customer sends with Pay, by the page's form or from the shop's app: one reading for both,
so that what the page demands cannot be left out by writing JSON.

`fields` are the form's, by its names; an app's JSON is written into the same names first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from checkout.errors import BadRequest
from checkout.flow.verbs import CHOOSE_METHOD, Submission
from checkout.model import card_on_file
from checkout.model.browser import Browser
from checkout.model.card import AnyCard
from checkout.model.card_form import SENSITIVE, read_card, read_saved_card
from checkout.model.order import CARD_METHOD, Customer, Method
from checkout.web import words
from checkout.web.forms import holder_of, read_customer
from checkout.web.inputs import read_inputs
from checkout.web.payment_page import asked_inputs, chosen_method, keeps_cards
from checkout.web.saved import saved_card, today
from checkout.web.visit import Visit

AGREED: Final = "agreed"


class Read(NamedTuple):
    """`sent` None: `errors` say why, by the form's names (English, marked)."""

    method: Method | None
    sent: Submission | None
    errors: dict[str, str]


async def read_submission(
    visit: Visit,
    fields: Mapping[str, str],
    *,
    number: int,
    known: Customer,
    browser: Browser,
    code_always: bool = False,
) -> Read:
    """`number`: the attempt that it is for; `known`: what is known of the customer; `code_always`:
    a saved card is charged with its code only, whatever the order says."""
    order = visit.story.payment.order
    methods = await visit.web.flow.prepare(visit.story)
    _refuse_cards_unasked(visit, methods, fields)
    method = chosen_method(methods, fields.get("method"))
    errors: dict[str, str] = {} if method else {"method": CHOOSE_METHOD}
    customer, wrong = read_customer(order, known, fields, visit.address, own=visit.own)
    card: AnyCard | None = None
    remember: bool | None = None
    inputs: dict[str, str] = {}
    if method is not None:
        if visit.web.flow.takes_card(method):
            card, remember, card_errors = await _read_card(visit, method, fields, code_always)
            errors |= card_errors
        inputs, input_errors = read_inputs(
            method.name, asked_inputs(visit, method, customer), fields
        )
        errors |= input_errors
    errors |= wrong
    if order.ways.agreement and not fields.get(AGREED):
        errors[AGREED] = words.TERMS_MISSING
    if errors or method is None:
        return Read(method, None, errors)
    sent = Submission(
        number=number,
        method=method.name,
        card=card,
        browser=browser,
        customer=customer,
        language=visit.lang,
        remember=remember,
        inputs=inputs,
    )
    return Read(method, sent, {})


def _refuse_cards_unasked(
    visit: Visit, methods: tuple[Method, ...], fields: Mapping[str, str]
) -> None:
    """No card is taken where the page has no card form: whoever runs such a page keeps out of the
    scope of cards, and what sends one is not ours. Raises BadRequest."""
    takes = any(map(visit.web.flow.takes_card, methods))
    if not takes and any(fields.get(name) for name in SENSITIVE):
        raise BadRequest


async def _read_card(
    visit: Visit, chosen: Method, fields: Mapping[str, str], code_always: bool
) -> tuple[AnyCard | None, bool | None, dict[str, str]]:
    """The card that is paid with, whether it is to be remembered, and what is wrong."""
    order = visit.story.payment.order
    optional = visit.web.flow.gateways[chosen.gateway].can.code_optional
    saved = await saved_card(visit) if chosen.name == CARD_METHOD else None
    if saved and saved.chosen(fields):
        kept, errors = read_saved_card(
            fields,
            saved.token,
            saved.known,
            coded=saved.coded or code_always,
            code_optional=optional and not code_always,
        )
        return kept, None, errors
    typed = {**fields, "holder": holder_of(order.ways.card_fields, fields, own=visit.own)}
    excluded = frozenset(order.methods.excluded_brands)
    card, errors = read_card(
        typed, today=today(visit), excluded_brands=excluded, code_optional=optional
    )
    asked = keeps_cards(visit, (chosen,)) and card_on_file.asks(order)
    return card, bool(fields.get("remember")) if asked else None, errors
