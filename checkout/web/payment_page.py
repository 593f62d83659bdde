"""The payment page: where the customer chooses how to pay and types the card.

As it is first seen it is the same for many payments but for a few texts. So it is made once, of a
specimen that has nothing of its own, with holes in the places of those texts; then only filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import repeat
from typing import Any, Final

import msgspec

from checkout.gateways.base import InputField
from checkout.i18n import LANGUAGES
from checkout.ledger.rows import Story
from checkout.model import card_on_file
from checkout.model.browser import FIELDS
from checkout.model.card_form import oldest_month
from checkout.model.order import CARD_METHOD, Customer, Details, Method
from checkout.model.pan import BRANDS
from checkout.web import checkboxes, present, words
from checkout.web.answer import Answer
from checkout.web.forms import asked_names, card_fields, code_field, customer_fields
from checkout.web.inputs import input_fields, input_terms
from checkout.web.robots import asked_of
from checkout.web.saved import Offer, saved_card, shown, today
from checkout.web.security import new_nonce
from checkout.web.strangers import ANSWER, cookie_of, knows_somebody, take_opening, who
from checkout.web.views import Checkbox, Field, MethodChoice, Notice, PaymentPage, Summary
from checkout.web.visit import Visit

Inputs = tuple[InputField, ...]  # what a method's gateway asks for

TEMPLATE: Final = "pages/payment.html"
FOUR_DIGITS: Final = frozenset(brand.name for brand in BRANDS if brand.code == 4)
SHOWN_BRANDS: Final = ("visa", "master", "amex", "mir", "belkart")

# Of `model.order.Ways`: what the page never shows, and what nearly every order has its own of.
OWN_WAYS: Final = dict.fromkeys(
    (
        "return_url", "success_url", "decline_url", "fail_url", "cancel_url",
        "client_callback_url", "notification_url", "verification_url",
    )
)  # fmt: skip


async def show_payment(
    visit: Visit,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status_code: int = 200,
    checks: bool = False,
) -> Answer:
    """The page; after an error with what was typed, but nothing of the card. `checks`: it comes
    again for want of an answer to its challenge."""
    if knows_somebody(visit):
        await take_opening(visit)
    methods = await visit.web.flow.prepare(visit.story)
    saved = await saved_card(visit)
    inputs = tuple([asked_inputs(visit, each) for each in methods])
    texts, cookie, render = _texts(visit), visit.cookie, visit.web.render
    wish = cookie.method if cookie else ""
    asked = asked_of(visit, values or {})
    if not (values or errors or saved or wish or asked) and _is_plain(visit.story):
        specimen = _specimen(visit.story)
        key = (
            msgspec.json.encode(specimen.payment.order),
            tuple(texts),
            tuple([each.name for each in methods]),
            inputs,
            visit.lang,
            visit.shop.id,
            visit.web.logos.get(visit.shop.id),
            visit.framed,
            oldest_month(today(visit)),
        )
        alike = replace(visit, story=specimen)
        body = render.fill(
            key,
            texts,
            lambda holes: render(TEMPLATE, visit.lang, **_views(alike, methods, inputs, holes)),
        )
    else:
        views = _views(visit, methods, inputs, texts, values or {}, errors or {}, saved)
        if asked:
            again = present.notice(words.ONE_MORE_CHECK, visit.lang) if checks else None
            page = views["page"]
            views["page"] = msgspec.structs.replace(page, asked=asked, notice=again or page.notice)
        body = render(TEMPLATE, visit.lang, **views).encode()
    return visit.answer(
        body,
        texts["nonce"],
        status_code=status_code,
        cookie=cookie_of(visit),
    )


def _is_plain(story: Story) -> bool:
    """Nobody has tried to pay, and neither customer nor shop have words of their own on it."""
    order = story.payment.order
    own = asked_names(order) or order.receipt_text or order.ways.card_fields.holder
    return not (own or story.attempts)


def _specimen(story: Story) -> Story:
    """What is left of a payment without what is its own: as much as its page is made of."""
    order = story.payment.order
    methods = order.methods
    general = msgspec.structs.replace(
        order,
        money=order.money.part(0),  # counted alike, for the choice of methods
        description="",
        expires_at=0.0,
        tracking_id=None,
        descriptor=None,
        details=Details(),
        customer=Customer(),
        methods=msgspec.structs.replace(methods, params={}) if methods.params else methods,
        ways=msgspec.structs.replace(order.ways, **OWN_WAYS),
        product=None,
        quantity=1,
        raw={},
    )
    return Story(msgspec.structs.replace(story.payment, order=general), ())


def _texts(visit: Visit) -> dict[str, str]:
    """What differs between payments whose pages are alike otherwise, by the names of the holes."""
    story, lang, order = visit.story, visit.lang, visit.story.payment.order
    summary = present.summary(story, lang, visit.web.flow.clock(), timed=True)
    number = story.next_number
    texts = {
        "nonce": new_nonce(),
        "title": f"{summary.amount} · {visit.shop.name}",
        "uid": story.payment.uid,
        "amount": summary.amount,
        "description": summary.description,
        "action": visit.url("pay"),
        "form_token": visit.form_token("pay", number),
        "pay_label": present.pay_label(order, lang),
        "cancel_action": visit.url("cancel"),
        "cancel_token": visit.form_token("cancel", number),
    }
    for code in LANGUAGES:
        texts[f"url_{code}"] = visit.url(lang=code)
    if summary.reference is not None:
        texts["reference"] = summary.reference
    if summary.expires_text is not None:
        texts["expires_in"], texts["expires_text"] = str(summary.expires_in), summary.expires_text
    if visit.framed:
        texts["new_tab"] = visit.url()
    return texts


def _offer(visit: Visit, method: Method, inputs: Inputs) -> present.Offered:
    flow = visit.web.flow
    card = flow.takes_card(method)
    kind = present.kind_of(method.name, flow.kind(method), card=card)
    return present.Offered(method.name, method.label, kind, card, inputs)


def _views(
    visit: Visit,
    methods: tuple[Method, ...],
    inputs: tuple[Inputs, ...],
    texts: Mapping[str, str],
    values: Mapping[str, str] = {},
    errors: Mapping[str, str] = {},
    saved: Offer | None = None,
) -> dict[str, Any]:
    """What the template shows. `texts`: of `_texts`, or holes; nothing that is in them is taken
    from anywhere else."""
    order, lang, _ = visit.story.payment.order, visit.lang, visit._
    wish = values.get("method") or (visit.cookie.method if visit.cookie else "")
    first = CARD_METHOD if saved else methods[0].name if methods else ""
    chosen = chosen_method(methods, wish) or chosen_method(methods, first)
    offered = tuple(map(_offer, repeat(visit), methods, inputs))
    choices = _with_inputs(
        present.method_choices(offered, chosen.name if chosen else "", lang),
        offered, known_customer(visit) if visit.own else Customer(), values, errors, lang,
    )  # fmt: skip
    card: tuple[Field, ...] = ()
    if any(each.card for each in offered):
        optional = codes_optional(visit, methods)
        card = _card_fields(visit, saved, tuple(errors.items()), optional=optional)
    customer = customer_fields(order, known_customer(visit), values, errors, lang, own=visit.own)
    agreement = _agreement(visit, values, errors.get("agreed"))
    question = who(visit, errors.get(ANSWER))
    boxes = (*(box for each in choices for box in each.terms), *((agreement,) if agreement else ()))
    page = PaymentPage(
        summary=Summary(
            amount=texts["amount"],
            description=texts["description"],
            reference=texts.get("reference"),
            lines=order.receipt_text,
            expires_in=texts.get("expires_in"),
            expires_text=texts.get("expires_text"),
        ),
        action=texts["action"],
        cancel_action=texts["cancel_action"],
        form_token=texts["form_token"],
        cancel_token=texts["cancel_token"],
        pay_label=texts["pay_label"],
        continue_label=_(words.CONTINUE),
        methods=choices,
        card=card,
        customer=customer,
        browser_fields=FIELDS,
        brands=tuple(name for name in SHOWN_BRANDS if name not in order.methods.excluded_brands),
        saved=shown(saved, values, _(words.SAVED_CARD), own=visit.own) if saved else None,
        remember=_remember(visit, methods, saved, values),
        agreement=agreement,
        by_itself=bool(visit.own and saved and not saved.coded and not values)
        and chosen is not None
        and chosen.name == CARD_METHOD
        and (agreement is None or agreement.ticked)
        and all(field.value for field in customer),
        errors=_problems(
            errors, choices, (*card, *customer, *boxes, *((question.field,) if question else ())), _
        ),
        notice=None if errors else _notice(visit, methods),
        new_tab=texts.get("new_tab"),
        who=question,
    )
    languages = tuple((code, name, texts[f"url_{code}"]) for code, name in LANGUAGES.items())
    shell = visit.shell(texts["title"], uid=texts["uid"], languages=languages)
    return {"page": page, "shell": shell, "nonce": texts["nonce"]}


def _with_inputs(
    choices: tuple[MethodChoice, ...],
    offered: tuple[present.Offered, ...],
    customer: Customer,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    lang: str,
) -> tuple[MethodChoice, ...]:
    """The methods with the inputs that their gateways ask for."""
    return tuple(
        msgspec.structs.replace(
            choice,
            fields=input_fields(each.name, each.inputs, customer, values, errors, lang),
            terms=input_terms(each.name, each.inputs, values, errors, lang),
        )
        if each.inputs
        else choice
        for choice, each in zip(choices, offered, strict=True)
    )


def _notice(visit: Visit, methods: tuple[Method, ...]) -> Notice | None:
    if not methods:
        return present.notice(words.NO_WAY, visit.lang)
    kind, ways = visit.attempt_kind(visit.story.last), len(methods) > 1
    return present.last_notice(visit.story, kind, visit.lang, ways=ways)


def codes_optional(visit: Visit, methods: tuple[Method, ...]) -> bool:
    """Whether no account that takes a card here needs its security code."""
    flow = visit.web.flow
    with_card = [each for each in methods if flow.takes_card(each)]
    return bool(with_card) and all(
        flow.gateways[each.gateway].can.code_optional for each in with_card
    )


def _problems(
    errors: Mapping[str, str],
    choices: Iterable[MethodChoice],
    asked: Iterable[Field | Checkbox],
    _: Callable[[str], str],
) -> tuple[tuple[str, str], ...]:
    """What is wrong, by name and in the order of the page. Our own sentences name their field; of
    a gateway's field the label does."""
    chosen = [(name, _(text)) for name, text in errors.items() if name == "method"]
    theirs = [
        (each.name, f"{each.label}: {each.error}")
        for choice in choices
        for each in choice.fields
        if each.error
    ]
    return (*chosen, *theirs, *((each.name, each.error) for each in asked if each.error))


def chosen_method(methods: tuple[Method, ...], name: str | None) -> Method | None:
    """The method that the form names; the only one needs no naming."""
    if not name and len(methods) == 1:
        return methods[0]
    return next((method for method in methods if method.name == name), None)


def keeps_cards(visit: Visit, methods: tuple[Method, ...]) -> bool:
    flow = visit.web.flow
    return any(
        flow.takes_card(each) and flow.gateways[each.gateway].can.keeps_cards for each in methods
    )


def _card_fields(
    visit: Visit, saved: Offer | None, errors: tuple[tuple[str, str], ...], *, optional: bool
) -> tuple[Field, ...]:
    """Every input of a card; of a saved one beside which no other may be used the code alone."""
    if saved is None or saved.other:
        year, month = oldest_month(today(visit))
        holder = visit.story.payment.order.ways.card_fields
        oldest = year * 100 + month
        return card_fields(
            visit.lang,
            errors,
            oldest=oldest,
            holder=holder,
            code_optional=optional,
            own=visit.own or not holder.holder,
        )
    four = visit.own and saved.known.brand in FOUR_DIGITS
    return (code_field(visit.lang, errors, four, optional=optional),) if saved.coded else ()


def _remember(
    visit: Visit, methods: tuple[Method, ...], saved: Offer | None, values: Mapping[str, str]
) -> Checkbox | None:
    order = visit.story.payment.order
    if (
        (saved and not saved.other)
        or not card_on_file.asks(order)
        or not keeps_cards(visit, methods)
    ):
        return None
    return checkboxes.remember(order, bool(values.get("remember")), visit.lang)


def _agreement(visit: Visit, values: Mapping[str, str], error: str | None) -> Checkbox | None:
    terms = visit.story.payment.order.ways.agreement
    if terms is None:
        return None
    ticked = bool(values.get("agreed")) if values else terms.ticked
    return checkboxes.agreement(terms, ticked, error, visit.lang)


def asked_inputs(visit: Visit, method: Method, known: Customer | None = None) -> Inputs:
    """What the method's gateway asks for, beside what the page does. `known`: the customer, where
    more is known than when the page was made."""
    asked = visit.web.flow.asks(method, visit.lang, known or known_customer(visit))
    if not asked:
        return ()
    on_page = asked_names(visit.story.payment.order)
    return tuple(each for each in asked if each.unless not in on_page)


def known_customer(visit: Visit) -> Customer:
    """What the customer typed at the last attempt, else what the shop told us. What a stranger
    typed is nobody else's."""
    typed = [each.customer for each in visit.story.attempts if not each.stranger]
    return typed[-1] if typed else visit.story.payment.order.customer
