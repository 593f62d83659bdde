"""The payment page: where the customer chooses how to pay and types the card."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
from litestar import route
from msgspec import Struct

from checkout.model import card_on_file
from checkout.model.card_form import oldest_month
from checkout.model.order import CARD_METHOD, Customer
from checkout.model.outcome import DeclineReason
from checkout.model.pan import BRANDS
from checkout.model.status import LIVE, SUCCESSFUL, Status
from checkout.payments.offered_methods import OfferedMethod
from checkout.web.challenge import ChallengeFields
from checkout.web.challenge_policy import challenge_fields
from checkout.web.compressed_page import FilledPage
from checkout.web.pages import checkboxes, declines, messages, payment_cache
from checkout.web.pages.card_fields import card_fields, code_field, with_holder
from checkout.web.pages.components import (
    Checkbox,
    Field,
    Notice,
    Summary,
    explained,
    method_label,
    method_mark,
    notice,
    was_sent,
)
from checkout.web.pages.customer_fields import customer_fields, input_names
from checkout.web.pages.gateway_inputs import input_fields, input_terms
from checkout.web.pages.likely_country import likely_country
from checkout.web.pages.payment_request import PAYMENT_PATH, PaymentRequest, enter
from checkout.web.pages.receipt_email import receipt_email_field
from checkout.web.pages.recognition import (
    ANSWER,
    WhoForm,
    cookie_of,
    recognise_first_browser,
    shows_customer_data,
    who_form,
)
from checkout.web.pages.saved_card import (
    SavedCardOffer,
    SavedCardView,
    saved_card,
    saved_card_view,
    today,
)
from checkout.web.pages.wallets import WalletButtons, offered_wallets, wallet_buttons
from checkout.web.request import READ, AppRequest, header
from checkout.web.response import RawResponse

Methods = tuple[OfferedMethod, ...]

TEMPLATE: Final = "pages/payment.html"
FOUR_DIGITS: Final = frozenset(brand.name for brand in BRANDS if brand.code == 4)
FEW: Final = 4  # so many methods are shown at once; the others behind "More ways to pay"


class MethodChoice(Struct, frozen=True):
    name: str  # what the form sends
    label: str
    mark: str  # the icon, where it has no marks of cards
    chosen: bool
    card: bool  # shows the card form
    brands: tuple[str, ...] = ()  # whose card marks it has
    fields: tuple[Field, ...] = ()  # its gateway's own inputs
    terms: tuple[Checkbox, ...] = ()


class PaymentPage(Struct, frozen=True):
    """The page where the customer pays. Method radio `method`; hidden `form_token`."""

    summary: Summary
    action: str  # POST .../pay
    form_token: str
    cancel_action: str  # POST .../cancel
    cancel_token: str  # its form_token
    pay_label: str  # "Pay €19.99", or the shop's own button text
    continue_label: str  # the button of a method without a card
    methods: tuple[MethodChoice, ...]
    card: tuple[Field, ...]  # number, expiry, code, holder; empty when no method takes a card
    customer: tuple[Field, ...]
    brands: tuple[str, ...]  # marks shown beside the number
    few: int = FEW
    saved: SavedCardView | None = None
    remember: Checkbox | None = None  # the card, for the next time
    agreement: Checkbox | None = None
    by_itself: bool = False  # the script submits it at once: nothing has to be filled in
    errors: tuple[tuple[str, str], ...] = ()  # (field name, sentence): the summary on top
    notice: Notice | None = None  # the last attempt's reason
    new_tab: str | None = None  # its own address, for a frame that can't submit a form
    challenge: ChallengeFields | None = None  # where cards are tested
    who: WhoForm | None = None  # for a stranger
    wallets: WalletButtons | None = None


@route(PAYMENT_PATH, http_method=READ, include_in_schema=False)
async def payment_page(request: AppRequest) -> RawResponse:
    page = await enter(request)
    return page.to_current() if page.current else await show_payment(page)


async def show_payment(
    page: PaymentRequest,
    *,
    values: Mapping[str, str] = {},
    errors: Mapping[str, str] = {},
    status_code: int = 200,
    checks: bool = False,
) -> RawResponse:
    """The page; after an error with what was typed, of the card the holder's name alone. `checks`:
    it is shown again because its challenge was not solved."""
    if shows_customer_data(page):
        await recognise_first_browser(page)
    methods = await page.offered_methods()
    saved = saved_card(page, methods)
    texts, cookie, render = payment_cache.texts_of(page), page.cookie, page.app.render
    wish = cookie.method if cookie else ""
    challenge = challenge_fields(page, values)
    if not (values or errors or saved or wish or challenge) and payment_cache.is_plain(
        page.payment
    ):
        alike = payment_cache.specimen_of(page)
        body: bytes | FilledPage = render.fill(
            payment_cache.key_of(alike, methods, texts, _likely_country(page)),
            texts,
            lambda holes: render(TEMPLATE, page.lang, **_context(alike, methods, holes)),
        )
    else:
        context = _context(page, methods, texts, values, errors, saved)
        if challenge:
            again = notice(messages.ONE_MORE_CHECK, page.lang) if checks else None
            view = context["page"]
            context["page"] = msgspec.structs.replace(
                view, challenge=challenge, notice=again or view.notice
            )
        body = render(TEMPLATE, page.lang, **context).encode()
    return page.respond(
        body,
        texts["nonce"],
        status_code=status_code,
        cookie=cookie_of(page),
        wallets=offered_wallets(page.order, page.shop, methods),
    )


def _context(
    page: PaymentRequest,
    methods: Methods,
    texts: Mapping[str, str],
    values: Mapping[str, str] = {},
    errors: Mapping[str, str] = {},
    saved: SavedCardOffer | None = None,
) -> dict[str, Any]:
    """The template's variables. `texts`: from `payment_cache`, or holes in their place; whatever
    they contain must be taken from there only."""
    view = _view(page, methods, texts, values, errors, saved)
    layout = page.layout(texts["title"], uid=texts["uid"])
    return {"page": view, "layout": layout, "nonce": texts["nonce"]}


def _view(
    page: PaymentRequest,
    methods: Methods,
    texts: Mapping[str, str],
    values: Mapping[str, str],
    errors: Mapping[str, str],
    saved: SavedCardOffer | None,
) -> PaymentPage:
    order, _ = page.order, page._
    chosen = _first_chosen(page, methods, values, saved)
    choices = _choices(page, methods, chosen, values, errors)
    card = _card_fields(page, methods, saved, values, tuple(errors.items()))
    customer = customer_fields(
        order,
        page.known_customer,
        values,
        errors,
        page.lang,
        is_customer=page.is_customer,
        likely=_likely_country(page),
    )
    receipt = receipt_email_field(page, values, errors)
    agreement = _agreement(page, values, errors.get("agreed"))
    question = who_form(page, errors.get(ANSWER))
    terms = [box for each in choices for box in each.terms]
    inputs = [*card, *customer, *receipt, *terms, agreement, question.field if question else None]
    at_once = not values and _needs_nothing(page, saved, agreement, customer)
    return PaymentPage(
        summary=payment_cache.summary_of(order, texts),
        action=texts["action"],
        cancel_action=texts["cancel_action"],
        form_token=texts["form_token"],
        cancel_token=texts["cancel_token"],
        pay_label=texts["pay_label"],
        continue_label=_(messages.CONTINUE),
        methods=choices,
        card=card,
        customer=(*customer, *receipt),
        brands=tuple(dict.fromkeys(name for each in choices for name in each.brands)),
        saved=saved_card_view(saved, values, page.lang, is_customer=page.is_customer),
        remember=_remember(page, methods, saved, values),
        agreement=agreement,
        by_itself=at_once and chosen is not None and chosen.name == CARD_METHOD,
        errors=_problems(errors, choices, inputs, _),
        notice=None if errors else _notice(page, methods),
        new_tab=texts.get("new_tab"),
        who=question,
        wallets=wallet_buttons(page, methods, texts),
    )


def _needs_nothing(
    page: PaymentRequest,
    saved: SavedCardOffer | None,
    agreement: Checkbox | None,
    customer: tuple[Field, ...],
) -> bool:
    """Whether the customer can pay by the saved card without filling in or ticking anything."""
    if not page.is_customer or saved is None or saved.coded:
        return False
    filled = all(each.value or not each.required for each in customer)
    return (agreement is None or agreement.ticked) and filled


def _likely_country(page: PaymentRequest) -> str | None:
    """None where nobody is asked, or sees what was chosen as the page pays by itself."""
    if page.order.auto_pays or not input_names(page.order):
        return None
    return likely_country(header(page.request, b"accept-language") or "")


def chosen_method(methods: Methods, name: str | None) -> OfferedMethod | None:
    """The method that the form names; where there is only one, a form may leave it out."""
    if not name and len(methods) == 1:
        return methods[0]
    return next((method for method in methods if method.name == name), None)


def _first_chosen(
    page: PaymentRequest, methods: Methods, values: Mapping[str, str], saved: SavedCardOffer | None
) -> OfferedMethod | None:
    wish = values.get("method") or (page.cookie.method if page.cookie else "")
    first = CARD_METHOD if saved else methods[0].name if methods else ""
    return chosen_method(methods, wish) or chosen_method(methods, first)


def _choices(
    page: PaymentRequest,
    methods: Methods,
    chosen: OfferedMethod | None,
    values: Mapping[str, str],
    errors: Mapping[str, str],
) -> tuple[MethodChoice, ...]:
    """The radio group, with the inputs of the methods' gateways. In the shop's order, but the one
    that the customer tried last comes first."""
    last = page.cookie.method if page.cookie else ""
    lang, customer = page.lang, page.known_customer if page.is_customer else Customer()
    return tuple(
        MethodChoice(
            name=each.name,
            label=method_label(each.name, each.label, page._),
            mark=method_mark(each.name, each.kind),
            chosen=each is chosen,
            card=each.takes_card,
            brands=each.brands,
            fields=input_fields(each.name, each.inputs, customer, values, errors, lang),
            terms=input_terms(each.name, each.inputs, values, errors, lang),
        )
        for each in sorted(methods, key=lambda each: each.name != last)
    )


def _notice(page: PaymentRequest, methods: Methods) -> Notice | None:
    """How the last attempt ended, where the page is shown again after it."""
    if not methods:
        return notice(messages.NO_METHOD, page.lang)
    attempt, several = page.payment.last, len(methods) > 1
    if attempt is None or attempt.status in SUCCESSFUL | LIVE:
        return None
    unknown = DeclineReason.UNKNOWN if attempt.status is Status.DECLINED else None
    reason = attempt.reason or unknown
    cause = declines.CAUSE[reason] if reason else declines.UNFINISHED
    kind, sent = page.attempt_kind(attempt), was_sent(attempt)
    found = declines.explain(cause, kind, sent=sent, open_=True, several=several)
    return explained(found, page.lang)


def _problems(
    errors: Mapping[str, str],
    choices: Iterable[MethodChoice],
    inputs: Iterable[Field | Checkbox | None],
    _: Callable[[str], str],
) -> tuple[tuple[str, str], ...]:
    """The errors by name, in the order of the page. Our own sentences name their field; an error of
    a gateway's field begins with the field's label."""
    chosen = [(name, _(text)) for name, text in errors.items() if name == "method"]
    theirs = [
        (each.name, f"{each.label}: {each.error}")
        for choice in choices
        for each in choice.fields
        if each.error
    ]
    return (*chosen, *theirs, *((each.name, each.error) for each in inputs if each and each.error))


def _card_fields(
    page: PaymentRequest,
    methods: Methods,
    saved: SavedCardOffer | None,
    values: Mapping[str, str],
    errors: tuple[tuple[str, str], ...],
) -> tuple[Field, ...]:
    """Every input of a card, the holder's with what was typed; only the code where a saved card
    must be used. The code is optional where no account that takes cards here needs it."""
    with_card = [each for each in methods if each.takes_card]
    if not with_card:
        return ()
    optional = all(each.code_optional for each in with_card)
    if saved is None or saved.other:
        year, month = oldest_month(today(page))
        holder = page.order.page_settings.card_fields
        shown = card_fields(
            page.lang,
            errors,
            oldest=year * 100 + month,
            holder=holder,
            code_optional=optional,
            is_customer=page.is_customer or not holder.holder,
        )
        return with_holder(shown, values)
    four = page.is_customer and saved.known.brand in FOUR_DIGITS
    return (code_field(page.lang, errors, four, optional=optional),) if saved.coded else ()


def _remember(
    page: PaymentRequest, methods: Methods, saved: SavedCardOffer | None, values: Mapping[str, str]
) -> Checkbox | None:
    order = page.order
    kept = any(each.tokenizes for each in methods)
    if (saved and not saved.other) or not card_on_file.offers_to_save(order) or not kept:
        return None
    return checkboxes.remember(order, bool(values.get("remember")), page.lang)


def _agreement(
    page: PaymentRequest, values: Mapping[str, str], error: str | None
) -> Checkbox | None:
    terms = page.order.page_settings.agreement
    if terms is None:
        return None
    ticked = bool(values.get("agreed")) if values else terms.ticked
    return checkboxes.agreement(terms, ticked, error, page.lang)


HANDLERS: Final = (payment_page,)
