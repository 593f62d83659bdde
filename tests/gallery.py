"""Every state of the pages, drawn: `python -m tests.gallery [--only ready] [--languages all]`.

`STATES` holds a fake view for each state; tests render them too. `main` serves the pages under
their real Content-Security-Policy on a loopback port, photographs each in Chromium, wide and
narrow, light and dark, some in other languages, runs axe-core on each, and prints a table of
what is wrong. It exits with 1 when anything is.
"""

from __future__ import annotations

import argparse
import gzip
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec.structs import asdict, replace

from checkout import i18n
from checkout.model.card_form import CODE_MISSING, CODE_THREE, EXPIRY_PAST, NUMBER_WRONG
from checkout.model.money import Money
from checkout.model.next_action import Instructions
from checkout.model.order import (
    Agreement,
    Breakdown,
    CardFields,
    Customer,
    CustomerFields,
    Order,
    OrderLine,
    PageSettings,
)
from checkout.model.outcome import DeclineReason
from checkout.model.product import Sale
from checkout.model.status import Status
from checkout.payments.offered_methods import kind_of
from checkout.shop_api.postal_address import FIELDS as FIELDS_OF_ADDRESS
from checkout.web import proof_of_work
from checkout.web.pages import (
    checkboxes,
    components,
    declines,
    formatting,
    messages,
    order_lines,
    qr_code,
)
from checkout.web.pages.card_fields import card_fields
from checkout.web.pages.components import Field, Notice, Row, Summary
from checkout.web.pages.customer_fields import CUSTOMER_INPUTS, countries, customer_fields
from checkout.web.pages.error import ErrorPage
from checkout.web.pages.field_values import masked_field
from checkout.web.pages.layout import Layout, ShopView, choices
from checkout.web.pages.outcome import SHORT
from checkout.web.pages.payment import MethodChoice, PaymentPage
from checkout.web.pages.product import ProductPage
from checkout.web.pages.receipt import ReceiptPage
from checkout.web.pages.recognition import EMAIL, WhoForm
from checkout.web.pages.redirect import RedirectPage
from checkout.web.pages.result import ResultPage
from checkout.web.pages.saved_card import SavedCardView
from checkout.web.pages.wait import StatusView, Step, WaitPage
from checkout.web.pages.wallets import ApplePayButton, GooglePayButton, WalletButtons
from checkout.web.pages.who import NOT_KNOWN
from checkout.web.render import Assets, Renderer
from tests.support.http_server import Handler, http_server
from tests.support.wallet_browser import wallet_browser

ROOT: Final = Path(__file__).resolve().parent.parent
NONCE: Final = "Z2FsbGVyeQ"
POLICY: Final = (
    f"default-src 'none'; script-src 'nonce-{NONCE}'; style-src 'self' 'nonce-{NONCE}'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx; form-action "
)
SHOP: Final = ShopView(
    "Demo shop", "https://shop.example.com", "help@shop.example.com", "shop.example.com"
)
MONEY: Final = Money(1999, "EUR")
WHEN: Final = 1763756045.0
ACCOUNT: Final = "bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh"
QR: Final = f"bitcoin:{ACCOUNT}?amount=0.00042137"
LOGO: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='96' height='32'%3E"
    "%3Ccircle cx='16' cy='16' r='16' fill='%23ffd400'/%3E%3Cpath d='M40 12h56v8H40z'/%3E%3C/svg%3E"
)
CLOTHES: Final = Order(
    money=Money(12899, "EUR"),
    description="Your order at Demo shop",
    transaction_type="payment",
    expires_at=0.0,
    breakdown=Breakdown(
        lines=(
            OrderLine("Merino socks, grey", 3000, 2, LOGO),
            OrderLine("Linen shirt with a collar that is described at length", 5999),
            OrderLine("قميص قطني", 3900, 3, LOGO),
        ),
        shipping=500,
        discount=500,
        promo_code="SUMMER",
        tax=2060,
        tax_included=True,
    ),
)
FLAT: Final = Order(
    money=Money(1250000000, "IDR", 2),
    description="Sewa apartemen",
    transaction_type="payment",
    expires_at=0.0,
    breakdown=Breakdown(surcharge=25000000, tax=100000000),
)
UID: Final = "7f3c1a9e-2b40-4c11-9a4e-5d0e6a1f8b27"
BACK_URL: Final = "https://shop.example.com/thanks?order=1234"


@cache
def renderer() -> Renderer:
    return Renderer(Assets())


def render(template: str, page: object, layout: Layout) -> str:
    language = layout.lang if layout.lang in i18n.LANGUAGES else "en"
    return renderer()(template, language, page=page, layout=layout, nonce=NONCE)


# --- The states ----------------------------------------------------------------------------------

State = tuple[str, Any, Layout]
View = Callable[..., State]


class Fakes:
    """The views of one language, made of the server's own messages."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._ = i18n.translations(lang).gettext
        self.amount = formatting.amount(MONEY, lang)
        self.summary = Summary(self.amount, self._("Two tickets, row 5"), "1234")
        self.timed = replace(
            self.summary,
            lines=("2 x Stalls, row 5", "Booking fee"),
            expires_in=1754,
            expires_text="29 min",
        )

    def ordered(self, order: Order) -> dict[str, Any]:
        """The half of an order with lines."""
        view = order_lines.lines_view(order, self.lang, lambda picture: picture)
        lines = renderer().part("partials/order_lines.html", self.lang, view=view)
        money = formatting.amount(order.money, self.lang)
        size = components.headline_size(money)
        summary = replace(self.summary, amount=money, order_lines=lines, size=size)
        return {"summary": summary, "pay_label": self._(messages.PAY) % {"amount": money}}

    def notice(self, found: messages.Message | Notice) -> Notice:
        return found if isinstance(found, Notice) else components.notice(found, self.lang)

    def waiting(self, titles: messages.ByKind, text: str, kind: str = "card") -> Notice:
        return self.notice(messages.Message(messages.of_kind(titles, kind), text, "wait"))

    def end(self, status: Status, kind: str | None = "card") -> Notice:
        end = declines.explain_end(messages.STATUS[status], status, kind)
        return components.explained(end, self.lang)

    def why(self, reason: DeclineReason, kind: str = "card", *, open_: bool = True) -> Notice:
        """What is said of an attempt's end; `open_`: on the page where it can be tried again."""
        cause = declines.CAUSE[reason]
        found = declines.explain(cause, kind, sent=True, open_=open_, several=True)
        return components.explained(found, self.lang)

    def layout(self, title: str, **more: Any) -> Layout:
        direction = i18n.direction(self.lang)
        own = i18n.NAMES[self.lang]
        layout = Layout(self.lang, title, direction, SHOP, payee=SHOP.name, language=own)
        return replace(layout, **more)

    def method(self, name: str, chosen: bool = False) -> MethodChoice:
        card = name == "credit_card"
        mark = kind_of(name, None, card=card)
        label, mark = (
            components.method_label(name, None, self._),
            components.method_mark(name, mark),
        )
        return MethodChoice(name, label, mark, chosen, card, ("visa", "master") if card else ())

    def asked(self, name: str, value: str = "", **more: Any) -> Field:
        about = CUSTOMER_INPUTS[name]
        return Field(
            name, self._(about.label), value, type=about.type, autocomplete=about.autocomplete,
            inputmode=about.inputmode, maxlength=about.longest, **more,
        )  # fmt: skip

    def strangers(self, error: str | None = None) -> dict[str, Any]:
        """What is known of the customer, as a stranger sees it."""
        known = {"email": "anna@example.com", "first_name": "Anna", "phone": "+375291234567"}
        fixed = {"email"}
        fields = [
            masked_field(value, self.lang, **asdict(self.asked(name, read_only=name in fixed)))
            for name, value in (*known.items(), ("country", "DE"), ("address", "Street 1"))
        ]
        fields[3] = replace(fields[3], options=countries(self.lang))
        asked = Field(
            "known_email", self._(EMAIL), type="email", error=self._(error) if error else None
        )
        card = card_fields(self.lang, holder=CardFields(holder="Anna Lee"), is_customer=False)
        who = WhoForm(action="/who", form_token="form-token", field=asked)
        return {"customer": tuple(fields), "card": card, "who": who}

    def address(self, country: str) -> tuple[Field, ...]:
        """A postal address as the country has it, and a date of birth."""
        asked = CustomerFields(visible=("country", *FIELDS_OF_ADDRESS, "birth_date"))
        order = Order(
            money=Money(1, "EUR"), description="x", transaction_type="payment", expires_at=0.0,
            page_settings=PageSettings(customer_fields=asked),
        )  # fmt: skip
        known = Customer(country=country)
        return customer_fields(order, known, {}, {}, self.lang, is_customer=True)

    def payment(self, *, errors: dict[str, str] | None = None, **more: Any) -> State:
        _, errors = self._, errors or {}
        page = PaymentPage(
            summary=self.summary,
            action="/pay",
            form_token="form-token",
            cancel_action="/cancel",
            cancel_token="cancel-token",
            pay_label=_(messages.PAY) % {"amount": self.amount},
            continue_label=_(messages.CONTINUE),
            methods=(self.method("credit_card", True),),
            card=card_fields(self.lang, tuple(errors.items())),
            customer=(),
            brands=("visa", "master"),
            errors=tuple((name, _(text)) for name, text in errors.items()),
        )
        fields = page.__struct_fields__
        layout = {name: value for name, value in more.items() if name not in fields}
        page = replace(page, **{name: more[name] for name in more if name in fields})
        return "pages/payment.html", page, self.layout(f"{self.amount} · Demo shop", **layout)

    def redirect(self, target: str | None = None, **more: Any) -> State:
        notice = self.notice(messages.LEAVING)
        page = RedirectPage(
            summary=self.summary,
            notice=notice,
            url="https://bank.example/acs",
            method="POST",
            fields=(("PaReq", "eJxV"), ("TermUrl", "https://pay.example/return/x"), ("MD", "1")),
            again=False,
            by_itself=target is None,
            target=target,
            button=self._(messages.CONTINUE),
            leave_action="/cancel",
            form_token="form-token",
        )
        layout = self.layout(notice.title, framed=target is not None)
        return "pages/redirect.html", replace(page, **more), layout

    def wait(
        self, found: messages.Message | Notice, next_check: float | None = 30, **more: Any
    ) -> State:
        notice = self.notice(found)
        page = WaitPage(
            summary=self.summary,
            status=StatusView(
                notice,
                "/status",
                next_check,
                self._(messages.CHECKED) % {"time": formatting.clock_time(WHEN, self.lang)},
                steps=() if more.get("instructions") else self.steps(bool(more.get("again_url"))),
                usually=None if more.get("leave_action") else self._(messages.USUALLY["card"]),
            ),
            instructions=None,
            link_label=self._(messages.OPEN_WALLET),
            qr_svg=None,
            again_url=None,
            again_label=self._(messages.GO_AGAIN["card"]),
            self_url="/wait",
            refresh=10 if next_check else 0,
            leave_action=None,
            form_token="form-token",
            elapsed=42,
        )
        return "pages/wait.html", replace(page, **more), self.layout(notice.title)

    def steps(self, theirs: bool) -> tuple[Step, ...]:
        now = messages.YOU_CONFIRM if theirs else messages.ANSWERS
        texts = (messages.SENT["card"], messages.of_kind(now, "card"), messages.SHOP_NOTIFIED)
        states = ("done", "now", "next")
        return tuple(Step(state, self._(text)) for state, text in zip(states, texts, strict=True))

    def rows(self) -> tuple[Row, ...]:
        _ = self._
        return (
            Row(_(messages.ROW_AMOUNT), self.amount),
            Row(_(messages.ROW_SHOP), SHOP.name),
            Row(_(messages.ROW_TIME), formatting.moment(WHEN, self.lang)),
            Row(_(messages.ROW_CARD), "Visa •••• 1111"),
            Row(_(messages.ROW_PAYMENT), UID, code=True),
        )

    def result(self, found: messages.Message | Notice, **more: Any) -> State:
        notice = self.notice(found)
        paid = notice.tone == "good"
        short = Row(self._(messages.ROW_PAYMENT), UID[:SHORT], code=True, copies=UID)
        page = ResultPage(
            summary=self.summary,
            notice=notice,
            rows=(*self.rows()[2:-1], short) if paid else (),
            receipt_lines=(),
            receipt_url="https://gateway.example/receipt" if paid else None,
            order_url="/order" if paid else None,
            back_url=BACK_URL,
            back_label=self._(messages.BACK) % {"shop": SHOP.name},
            auto_return=None,
            target=None,
        )
        fields = page.__struct_fields__
        layout = {name: value for name, value in more.items() if name not in fields}
        page = replace(page, **{name: more[name] for name in more if name in fields})
        return "pages/result.html", page, self.layout(notice.title, **layout)

    def product(self, sale: Sale | None = None, **more: Any) -> State:
        _ = self._
        found = self.notice(messages.SALE[sale]) if sale else None
        page = ProductPage(
            name=_("Two tickets, row 5"),
            description="Stalls, row 5. Doors open at 19:00, the play begins at 20:00.",
            price=self.amount,
            notice=found,
            action="/product",
            form_token="form-token",
            facts=()
            if found
            else (
                Row(_(messages.LEFT), "3"),
                Row(_(messages.ON_SALE_UNTIL), formatting.date_and_time(WHEN, self.lang)),
            ),
            home=SHOP.url,
            home_label=_(messages.BACK) % {"shop": SHOP.name},
        )
        fields = page.__struct_fields__
        layout = {name: value for name, value in more.items() if name not in fields}
        page = replace(page, **{name: more[name] for name in more if name in fields})
        title = f"{found.title if found else page.name} · Demo shop"
        return "pages/product.html", page, self.layout(title, **layout)

    def chosen(self, **more: Any) -> Field:
        """The field of an amount that the customer chooses."""
        _ = self._
        least, most = (formatting.amount(Money(n, "EUR"), self.lang) for n in (500, 100_000))
        hint = _(messages.AMOUNT_BETWEEN) % {"least": least, "most": most}
        values = {"value": "10.00"} | more
        return Field(
            "amount", f"{_(messages.ROW_AMOUNT)} (EUR)", hint=hint, inputmode="decimal", **values
        )

    def error(self, status: int, *actions: tuple[str, str], shop: ShopView | None = None) -> State:
        notice = self.notice(messages.ERROR[status])
        own = i18n.NAMES[self.lang]
        layout = Layout(self.lang, notice.title, i18n.direction(self.lang), shop, language=own)
        return "pages/error.html", ErrorPage(notice, status, actions), layout


def states(lang: str = "en") -> dict[str, State]:
    """Each state's template, page and layout in one language."""
    fake = Fakes(lang)
    _, payment, redirect, wait, result = (
        fake._, fake.payment, fake.redirect, fake.wait, fake.result
    )  # fmt: skip
    several: dict[str, Any] = {
        "summary": fake.timed,
        "methods": tuple(
            fake.method(name, name == "credit_card")
            for name in ("credit_card", "bank_transfer", "crypto", "erip", "wallet")
        ),
        "customer": (fake.asked("email"),),
    }
    visa = SavedCardView("Visa", "1111", "08/29", "visa", 3, chosen=True, coded=True, other=True)
    unknown = SavedCardView(
        _(messages.SAVED_CARD), None, None, None, None, chosen=True, coded=True, other=False
    )
    code = tuple(each for each in card_fields(lang) if each.name == "code")
    remember = checkboxes.remember(Order(MONEY, "x", "payment", 0.0), False, lang)
    terms = Agreement(url="https://shop.example.com/terms")
    open_terms = checkboxes.agreement(terms, False, None, lang)
    missed_terms = checkboxes.agreement(terms, False, messages.TERMS_MISSING, lang)
    wrong_email = fake.asked("email", "anna@example", error=_(CUSTOMER_INPUTS["email"].wrong))
    transfer = Instructions(
        ("Send the amount in one payment.", "The network's fee comes on top."),
        ACCOUNT,
        amount="0.00042137 BTC",
        qr=QR,
        link=QR,
    )
    again = (_(messages.OPEN_PAYMENT), "/")
    too_little = _(messages.AMOUNT_LITTLE) % {"least": formatting.amount(Money(500, "EUR"), lang)}
    return {
        "ready": payment(),
        "languages": payment(language=None, languages=choices(())),
        "several-methods": payment(**several),
        "other-method": payment(
            methods=(
                fake.method("credit_card"),
                fake.method("bank_transfer", True),
                fake.method("crypto"),
            )
        ),
        "method-inputs": payment(
            methods=(
                fake.method("credit_card"),
                replace(
                    fake.method("crypto", True),
                    fields=(
                        Field("crypto-1", "E-mail", "anna@example.com", type="email"),
                        Field("crypto-2", "Refund address", error=_(messages.INPUT_MISSING)),
                    ),
                    terms=(
                        checkboxes.terms(
                            "crypto-terms",
                            _(messages.TERMS_OF_SERVICE),
                            "https://exchanger.example/rules",
                            False,
                            None,
                            lang,
                        ),
                    ),
                ),
                fake.method("erip"),
            ),
            errors={"crypto-2": messages.INPUT_MISSING},
        ),
        "code-optional": payment(card=card_fields(lang, code_optional=True)),
        "failed-retry-transfer": payment(
            methods=(fake.method("credit_card"), fake.method("bank_transfer", True)),
            notice=fake.why(DeclineReason.UNKNOWN, "bank"),
        ),
        "no-way": payment(methods=(), card=(), notice=fake.notice(messages.NO_METHOD)),
        "no-card": payment(methods=(fake.method("bank_transfer", True),), card=()),
        "customer-fields": payment(
            customer=(
                fake.asked("email", "anna@example.com"),
                fake.asked("first_name", "Anna", read_only=True),
                fake.asked("phone", required=False),
                fake.asked("country", "DE", options=countries(lang)),
            )
        ),
        "stranger": payment(**fake.strangers()),
        "stranger-wrong": payment(**fake.strangers(NOT_KNOWN), errors={"known_email": NOT_KNOWN}),
        "field-error": payment(errors={"number": NUMBER_WRONG}),
        "several-errors": payment(
            **several | {"customer": (wrong_email,)},
            errors={
                "number": NUMBER_WRONG,
                "code": CODE_MISSING,
                "email": CUSTOMER_INPUTS["email"].wrong,
            },
        ),
        "saved-card": payment(saved=visa),
        "saved-card-alone": payment(saved=unknown, card=code),
        "saved-card-refused": payment(notice=fake.why(DeclineReason.SAVED_CARD)),
        "saved-card-methods": payment(**several | {"saved": visa, "agreement": open_terms}),
        "saved-card-slip": payment(saved=visa, agreement=open_terms),
        "another-card": payment(saved=replace(visa, chosen=False), remember=remember),
        "remember": payment(remember=remember, agreement=open_terms),
        "agreement-error": payment(
            agreement=missed_terms,
            errors={"agreed": messages.TERMS_MISSING},
        ),
        "short-fields-error": payment(errors={"expiry": EXPIRY_PAST, "code": CODE_THREE}),
        "long-button": payment(pay_label="Unbeschreiblichlangwortigezahlungsaufforderung " * 2),
        "address": payment(customer=fake.address("US")),
        "address-elsewhere": payment(customer=fake.address("JP")),
        "typed": payment(customer=(fake.asked("email"),)),
        "slips": payment(),
        "paying": payment(),
        "offline": payment(),
        "declined-retry": payment(notice=fake.why(DeclineReason.INSUFFICIENT_FUNDS)),
        "test-mode": payment(test=True),
        "order-lines": payment(**fake.ordered(CLOTHES), test=True),
        "order-lines-declined": result(
            fake.why(DeclineReason.DO_NOT_HONOUR, open_=False),
            summary=fake.ordered(CLOTHES)["summary"],
        ),
        "order-sums": payment(
            **fake.ordered(FLAT),
            payee="Example Trading Limited, Cyprus",
            shop=replace(SHOP, logo=LOGO, dark_logo=LOGO),
        ),
        "save-card": payment(
            summary=replace(fake.summary, amount=_(messages.SAVE_YOUR_CARD), size="words"),
            pay_label=_(messages.SAVE_CARD),
            charges=False,
        ),
        "branded": payment(
            shop=replace(
                SHOP,
                name="Lemon & Sons, the very long name of a very small shop",
                logo=LOGO,
                accent="#ffd400",
                on_accent="#000000",
            )
        ),
        "wallets": payment(
            **several,
            wallets=WalletButtons(
                names=("apple_pay", "google_pay"),
                google_pay=GooglePayButton("TEST", "gateway", "361", "BCR2DN6T", "CY", "VISA"),
                apple_pay=ApplePayButton("CY", "visa masterCard"),
                label=SHOP.name,
                total="19.99",
                currency="EUR",
            ),
        ),
        "one-more-check": payment(
            challenge=proof_of_work.fields_of("challenge-token", 15, fake.lang),
            notice=fake.notice(messages.ONE_MORE_CHECK),
        ),
        "framed": payment(**several, framed=True),
        "framed-blocked": payment(new_tab="/", framed=True),
        "rtl": payment(**several, lang="ar", dir="rtl"),
        "leaving": redirect(),
        "leaving-link": redirect(method=None, fields=(), by_itself=False),
        "leaving-framed": redirect(target="_top"),
        "waiting": wait(fake.waiting(messages.WAITING, messages.WAITING_TEXT)),
        "waiting-for-you": wait(
            fake.waiting(messages.BACK_EARLY, messages.BACK_EARLY_TEXT["card"]),
            again_url="/redirect",
            leave_action="/cancel",
        ),
        "still-checking": wait(
            fake.waiting(messages.CHECKING, messages.STATUS[Status.PENDING].text), elapsed=194
        ),
        "waiting-by-hand": wait(
            fake.waiting(messages.CHECKING, messages.STATUS[Status.PENDING].text, "wallet"),
            None,
            elapsed=1194,
        ),
        "instructions": wait(
            messages.INSTRUCTIONS,
            instructions=transfer,
            qr_svg=qr_code.qr_svg(QR),
            leave_action="/cancel",
            confirm_action="/confirm",
            confirm_token="confirm-token",
        ),
        "confirmed": wait(messages.CONFIRMED),
        "instructions-memo": wait(
            messages.INSTRUCTIONS,
            summary=replace(fake.summary, expires_in=1754, expires_text="29 min"),
            instructions=Instructions(
                ("Tether TON (USDT)",),
                "EQBfbE3sCmJ0CCQ1nqjzGcCH7QXq1FQ5nUuVeFb1Y6-SANDB",
                "8291041",
                "21.850000 USDT",
                link="https://wallet.example/pay",
            ),
            leave_action="/cancel",
            confirm_action="/confirm",
            confirm_token="confirm-token",
        ),
        "paid": result(messages.STATUS[Status.PAID]),
        "paid-return": result(messages.STATUS[Status.PAID], auto_return=8),
        "paid-framed": result(messages.STATUS[Status.PAID], target="_top", framed=True, test=True),
        "authorized": result(messages.STATUS[Status.AUTHORIZED]),
        "refunded": result(messages.STATUS[Status.REFUNDED]),
        "sent-back": result(fake.why(DeclineReason.RETURNED, "coins", open_=False)),
        "declined": result(fake.why(DeclineReason.DO_NOT_HONOUR, open_=False)),
        "failed-transfer": result(fake.why(DeclineReason.UNKNOWN, "coins", open_=False)),
        "expired": result(fake.end(Status.EXPIRED)),
        "expired-renewable": result(
            fake.end(Status.EXPIRED, None),
            again_action="/renew",
            again_token="form-token",
            again_label=fake._(messages.RENEW),
        ),
        "cancelled": result(fake.end(Status.CANCELLED, "bank")),
        "cancelled-payable": result(
            fake.end(Status.CANCELLED),
            again_action="/resume",
            again_token="resume-token",
            again_label=fake._(messages.RESUME),
        ),
        "receipt": (
            "pages/receipt.html",
            ReceiptPage(
                fake.summary,
                fake.notice(messages.STATUS[Status.PAID]),
                fake.rows(),
                ("2 x Stalls, row 5", "Doors open at 19:00"),
                None,
                "?receipt.pdf",
            ),
            fake.layout(_(messages.STATUS[Status.PAID].title)),
        ),
        "product": fake.product(),
        "product-several": fake.product(
            fields=(
                Field(
                    "quantity",
                    _(messages.QUANTITY),
                    "1",
                    options=tuple((str(n), str(n)) for n in range(1, 4)),
                ),
            )
        ),
        "product-amount": fake.product(price=None, facts=(), fields=(fake.chosen(),)),
        "product-error": fake.product(
            price=None,
            facts=(),
            fields=(fake.chosen(value="2", error=too_little),),
            errors=(("amount", too_little),),
            test=True,
        ),
        "product-framed": fake.product(framed=True),
        "product-reserved": fake.product(Sale.RESERVED),
        "product-sold-out": fake.product(Sale.SOLD_OUT),
        "product-ended": fake.product(Sale.ENDED),
        "product-inactive": fake.product(Sale.INACTIVE),
        "not-found": fake.error(404),
        "sold-out-meanwhile": fake.error(409, again, shop=SHOP),
        "link-ended": fake.error(410),
        "too-many": fake.error(429, again, shop=SHOP),
        "overloaded": fake.error(503, again, shop=SHOP),
        "server-error": fake.error(500, again),
        "other-site": fake.error(403, (_(messages.OPEN_NEW_TAB), "/")),
    }


STATES: Final[dict[str, State]] = states()


# --- What a person does before the picture is taken ----------------------------------------------


def _type(page: Any, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"#f-{name}").press_sequentially(value)


def _pay(page: Any) -> None:
    _type(page, number="4111111111111111", expiry="0829", code="123", holder="ANNA SMITH")
    page.locator(".pay .button").click()
    page.wait_for_selector("form.busy")


def _typed(page: Any) -> None:
    _type(page, number="371449635398431", expiry="829", code="1234", email="anna@gmial.com")
    page.locator("#f-holder").focus()
    page.wait_for_selector(".below button:visible")


def _slips(page: Any) -> None:
    _type(page, number="4111111111111112", code="12")
    page.locator(".pay .button").click()


def _block(page: Any) -> None:
    """As in a frame without an origin of its own, which only the shop's page can make."""
    page.evaluate("for (const form of document.forms) form.hidden = true")
    page.evaluate("document.querySelector('[data-blocked]').hidden = false")


def _unfold(page: Any) -> None:
    page.evaluate("document.querySelector('.order-lines').open = true")


ACTS: Final[dict[str, Callable[[Any], None]]] = {
    "order-sums": _unfold,
    "framed-blocked": _block,
    "saved-card-slip": lambda page: page.locator(".pay .button").click(),
    "paying": _pay,
    "offline": lambda page: page.context.set_offline(True),
    "typed": _typed,
    "slips": _slips,
}


# --- Pictures ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shot:
    name: str
    language: str = "en"
    width: int = 1280
    dark: bool = False

    @property
    def path(self) -> str:
        return f"{self.name}.{self.language}.{self.width}.{'dark' if self.dark else 'light'}.png"


TRANSLATED: Final = (
    "ready",
    "several-methods",
    "several-errors",
    "saved-card",
    "stranger-wrong",
    "short-fields-error",
    "remember",
    "still-checking",
    "instructions",
    "paid",
    "receipt",
    "server-error",
)


def shots(only: str | None = None, languages: str | None = None) -> list[Shot]:
    """`only`: names of states; `languages`: codes, or "all". Both separated by commas."""
    if languages:
        spoken = i18n.LANGUAGES if languages == "all" else languages.split(",")
        names = only.split(",") if only else TRANSLATED
        return [
            Shot(name, each, width) for each in spoken for name in names for width in (1280, 320)
        ]
    found = [
        Shot(name, "en", width, dark)
        for name in STATES
        for width in (1280, 320)
        for dark in (False, True)
    ]
    found += [
        Shot(name, language, width)
        for name in TRANSLATED
        for language in i18n.LANGUAGES
        if language != "en"
        for width in (1280, 320)
    ]
    return [shot for shot in found if not only or shot.name in only.split(",")]


class _Handler(Handler):
    def get(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/static/"):
            file = renderer().assets.files[path.removeprefix("/static/")]
            return self._page(file.body, file.media_type)
        if path == "/status":
            _, page, layout = STATES["waiting"]
            status = replace(page.status, next_check=1)
            text = renderer()("partials/status.html", layout.lang, status=status, nonce="c3RhdHVz")
            return self._page(text.encode(), nonce="c3RhdHVz")
        _, language, name = (*path.split("/"), "")[:3]
        if language not in i18n.LANGUAGES:
            return self._page(b"")
        return self._page(render(*states(language)[name]).encode())

    def post(self) -> None:
        self.send_response(204)  # the browser stays, and the page stays busy for its picture
        self.end_headers()

    def _page(
        self, body: bytes, kind: str = "text/html; charset=utf-8", nonce: str = NONCE
    ) -> None:
        targets = "https:" if "leaving" in self.path else "'self'"
        policy = POLICY.replace(NONCE, nonce) + targets
        self.answer(body, Content_Type=kind, Content_Security_Policy=policy)


def weight(name: str = "several-methods") -> dict[str, int]:
    """Bytes of the first view as sent: HTML at gzip -6, files at -9."""
    assets = renderer().assets
    found = {"html": len(gzip.compress(render(*STATES[name]).encode(), 6))}
    for file in ("app.css", "payment.js"):
        found[file] = len(assets.files[assets(file).removeprefix("/static/")].gzipped)
    return found | {"total": sum(found.values())}


def photograph(
    out: Path, only: str | None = None, axe: bool = True, languages: str | None = None
) -> dict[Shot, list[str]]:
    """Take the pictures; what axe-core and the console had to say, by shot."""
    from playwright.sync_api import sync_playwright

    out.mkdir(parents=True, exist_ok=True)
    (out / ".gitignore").write_text("*\n")
    said: dict[Shot, list[str]] = {}
    with http_server(_Handler) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for shot in shots(only, languages):
            context = browser.new_context(
                viewport={"width": shot.width, "height": 900 if shot.width > 400 else 640},
                color_scheme="dark" if shot.dark else "light",
                device_scale_factor=1 if shot.width > 400 else 2,
            )
            context.add_init_script(wallet_browser("google_pay", "apple_pay"))
            said[shot] = _look(context.new_page(), f"http://127.0.0.1:{port}/{shot.language}/{shot.name}",
                               ACTS.get(shot.name), out / shot.path, axe)  # fmt: skip
            context.close()
        browser.close()
    return said


def _look(
    page: Any, url: str, act: Callable[[Any], None] | None, picture: Path, axe: bool
) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    stays = url.endswith("/leaving")  # drawn as it stands before it leaves

    def note(said: Any) -> None:
        # Its script is taken away, which the page's hash notices.
        if said.type == "error" and not (stays and "digest" in said.text):
            found.append(f"console: {said.text}")

    page.on("console", note)
    if stays:
        page.route("**/redirect.*.js", lambda route: route.fulfill(body=""))
    page.goto(url)
    if act:
        act(page)
    page.screenshot(path=picture, full_page=True)
    if axe:
        found += [
            f"{each['id']} ({len(each['nodes'])}): {each['nodes'][0]['html'][:100]}"
            for each in Axe().run(page).response["violations"]
        ]
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if overflow > 0:
        found.append(f"wider than the screen by {overflow} px")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="states, separated by commas")
    parser.add_argument("--languages", help='codes, separated by commas, or "all"')
    parser.add_argument("--out", type=Path, default=ROOT / "pictures")
    parser.add_argument("--no-axe", action="store_true")
    options = parser.parse_args()
    said = photograph(options.out, options.only, not options.no_axe, options.languages)
    say = sys.stdout.write
    for name in dict.fromkeys(shot.name for shot in said):
        mine = {shot: lines for shot, lines in said.items() if shot.name == name}
        say(f"{name:18} {len(mine):3} pictures {sum(map(len, mine.values())):3} findings\n")
        for line in dict.fromkeys(line for lines in mine.values() for line in lines):
            say(f"    {line}\n")
    say(f"bytes of the first view: {weight()}\n")
    return 1 if any(said.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
