"""Every reader of what others send: of a text, a form or a header, of JSON at each of its places.

A reader here is the function that the server calls, down to the refusal; whole requests are in
`tests/web/test_denial_of_service.py`.
"""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import httpx
import msgspec
from litestar import Request

from checkout.errors import CheckoutError
from checkout.gateways.base import InputField
from checkout.gateways.exchanger.html import plain_lines
from checkout.gateways.exchanger.instructions import instructions
from checkout.gateways.exchanger.response import order_in
from checkout.gateways.exchanger.response import refusal as order_refusal
from checkout.gateways.exchanger.route import route_in
from checkout.gateways.exchanger.signature import SIGNED, verified
from checkout.gateways.overpay.errors import refusal
from checkout.gateways.overpay.response import transactions
from checkout.gateways.overpay.signature import is_signed
from checkout.gateways.parsing import (
    address,
    app_link,
    bounded,
    decode_exact,
    decode_json,
    safe,
    text,
)
from checkout.gateways.rest.encoding import decoded
from checkout.gateways.rest.response import read as read_rest
from checkout.gateways.rest.signature import signed_words
from checkout.i18n import choose_language, supported
from checkout.identifiers import fitting
from checkout.model.browser import FIELDS, Browser
from checkout.model.card_form import digits, expiry, read_card, read_holder
from checkout.model.client_network import network_of
from checkout.model.cursor import cursor
from checkout.model.cut import cut
from checkout.model.money import EXPONENTS, Money
from checkout.model.order import Customer, CustomerFields, Order, PageSettings
from checkout.model.pan import holds_card_number, mask_card_numbers
from checkout.model.validation.optional_data import cut_text, cut_texts, names_of
from checkout.model.validation.reader import (
    Invalid,
    Problems,
    Reader,
    check_bounds,
    decode,
    form_pairs,
)
from checkout.model.validation.rules import (
    cardless,
    choice,
    country,
    currency,
    day,
    email_address,
    integer,
    ip_address,
    loose_flag,
    minor_units,
    moment,
    page_address,
    shop_address,
    web_address,
)
from checkout.model.validation.rules import text as text_of
from checkout.model.visible_text import visible
from checkout.model.wallet import APPLE_PAY, GOOGLE_PAY
from checkout.payments.apple_pay import MerchantSessions
from checkout.payments.http_connection import HttpConnection
from checkout.pci.document import Document
from checkout.pci.headers import page_changes
from checkout.pci.inventory import inventory as made_inventory
from checkout.settings.env_and_file import resolve
from checkout.settings.load import read_settings
from checkout.settings.secret_strength import strong
from checkout.shop_api.app_checkout_request import read_app_order
from checkout.shop_api.app_payments import (
    app_browser,
    app_customer,
    app_form,
    app_wallet,
    request_of,
    with_opened_card,
)
from checkout.shop_api.app_wallets import wallet_request
from checkout.shop_api.checkout_request import read_link_order, read_order
from checkout.shop_api.customer import CUSTOMER
from checkout.shop_api.invoices import read_address, read_invoice
from checkout.shop_api.list_request import TRANSACTIONS, read_wanted, zoned_moment
from checkout.shop_api.mail import mailbox
from checkout.shop_api.merchant_initiated import read_merchant_initiated
from checkout.shop_api.page_settings import card_token
from checkout.shop_api.phone_number import international
from checkout.shop_api.postal_address import postal_code, state_code
from checkout.shop_api.products import read_product
from checkout.shop_api.travel import AIRLINE, LEG
from checkout.signing import COOKIE, Signer, read_link
from checkout.web.api.authentication import authenticated, by_key, key_holder
from checkout.web.api.password_throttle import PasswordThrottle
from checkout.web.api.tracking_id import tracking_id_of
from checkout.web.api.webhooks import LISTED
from checkout.web.bodies import check_form
from checkout.web.compressed_page import takes_gzip
from checkout.web.csp_reports import NEW, NEW_TYPE, OLD_TYPE, violations
from checkout.web.errors import wants_json
from checkout.web.pages.amount_input import read_amount
from checkout.web.pages.checkboxes import terms
from checkout.web.pages.customer_fields import (
    CUSTOMER_INPUTS,
    customer_fields,
    input_names,
    read_customer,
)
from checkout.web.pages.field_values import MASKS, mask, shown_again
from checkout.web.pages.formatting import zone_of
from checkout.web.pages.gateway_inputs import input_fields, read_inputs
from checkout.web.pages.likely_country import likely_country
from checkout.web.proof_of_work import proved
from checkout.web.proxies import read_address as read_ip_address
from checkout.web.request import our_cookie
from checkout.web.security import client_address
from tests.settings.example import ADAPTERS
from tests.support import samples
from tests.support.clock import BEGINNING

SHOP: Final = samples.shop(
    link_keys=(samples.SECRET,), return_origins=("https://a.example", "app://")
)
SETTINGS: Final = samples.settings(SHOP)
SESSIONS: Final = MerchantSessions(SETTINGS)
WEB: Final = SimpleNamespace(
    settings=SETTINGS,
    context=SimpleNamespace(clock=time.time),
    password_throttle=PasswordThrottle(),
)
SIGNER: Final = Signer((samples.SECRET,))
UID: Final = "8a8b6f2e-0c5c-4e0a-9d0a-2f1c7f1f5a10"
ASKING: Final = Order(
    money=Money(1, "EUR"),
    description="x",
    transaction_type="payment",
    expires_at=BEGINNING,
    page_settings=PageSettings(customer_fields=CustomerFields(visible=tuple(CUSTOMER_INPUTS))),
)
INPUTS: Final = tuple(InputField(name=kind, label="x", kind=kind) for kind in ("text", "email"))
PROXIES: Final = (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))
TODAY: Final = date(2026, 6, 15)
WHOLE: Final = made_inventory("https://pay.example.com")

Read = Callable[[Any], Any]


def calm(read: Read) -> Read:
    """A refusal is an answer; anything else that is raised is a fault."""

    def reader(value: Any) -> Any:
        try:
            return read(value)
        except (CheckoutError, Invalid) as refused:
            return msgspec.json.encode(getattr(refused, "fields", None))

    return reader


def request(**headers: str) -> Request[Any, Any, Any]:
    """With these headers, the peer being one of our proxies."""
    pairs = [
        (name.replace("_", "-").encode(), header(value).encode("latin-1"))
        for name, value in headers.items()
    ]
    scope: Any = {"type": "http", "headers": pairs, "client": ("10.0.0.1", 1), "state": {}}
    scope["litestar_app"] = SimpleNamespace(state=SimpleNamespace(context=WEB))
    return Request(scope)


def answered(*pieces: bytes) -> bytes | None:
    """The body of what a connection brings in these pieces before it is closed; None: that is no
    answer."""
    return asyncio.run(_answered(pieces))


async def _answered(pieces: Iterable[bytes]) -> bytes | None:
    connection = HttpConnection(None)
    reading = asyncio.ensure_future(_body(connection))
    for piece in pieces:
        connection.data_received(piece)
        await asyncio.sleep(0)  # it is read as it comes
    connection.eof_received()
    try:
        return await reading
    except httpx.RemoteProtocolError:
        return None


async def _body(connection: HttpConnection) -> bytes:
    await connection.send(b"POST", b"/", [(b"Host", b"a")], b"", None)
    found = bytearray()
    while (piece := await connection.read(None)) is not None:
        found += piece
    return bytes(found)


def for_a_program(written: str) -> bool:
    asked = request(accept=written, content_type=written)
    asked.scope["path"] = f"/{written}"
    return wants_json(asked)


def header(written: str) -> str:
    """As a header can say it."""
    return written.encode("latin-1", "replace").decode("latin-1")


def raw(written: str) -> bytes:
    return written.encode("utf-8", "surrogatepass")


def amount(written: str) -> None:
    with suppress(ValueError):
        read_amount(written, Money(1, "EUR"), "de")


def card(written: str) -> Any:
    return [
        read_card({"number": "4200000000000000", name: written}, today=TODAY)
        for name in ("number", "expiry", "exp_month", "code", "holder")
    ]


def customer(written: str) -> Any:
    fields = dict.fromkeys(CUSTOMER_INPUTS, written)
    _, errors = read_customer(ASKING, Customer(), fields, "192.0.2.1", is_customer=True)
    return customer_fields(ASKING, Customer(), fields, errors, "en", is_customer=True)


def inputs(written: str) -> Any:
    fields = {f"m-{each.name}": written for each in INPUTS}
    _, errors = read_inputs("m", INPUTS, fields)
    return input_fields("m", INPUTS, Customer(), fields, errors, "en")


def browser(written: str) -> Any:
    return Browser.from_form(
        dict.fromkeys(FIELDS, written),
        accept=written, user_agent=written, accept_language=written,
    )  # fmt: skip


def order_of_text(written: str) -> Any:
    """What an exchanger's order says of how it is paid, all of it this text."""
    details = dict.fromkeys(
        ("account", "manualPaymentText", "linkPS", "commentTemplate", "memo"), written
    )
    side = {"name": written, "symbol": "USDT", "paymentDetails": details}
    found = order_in(
        {"uid": "1", "secret": "s", "inAmount": "1", "comment": written, "route": {"from": side}}
    )
    return found and instructions(found, "secret")


def violation(written: str) -> Any:
    """What a browser says that a policy stopped, all of it this text."""
    body = dict.fromkeys(NEW.values(), f"https://a{written}")
    body |= {NEW["page"]: f"https://pay.example.com/{written}"}
    sent = raw(json.dumps([{"type": "csp-violation", "body": body}], ensure_ascii=False))
    return list(violations(NEW_TYPE, sent, "https://pay.example.com"))


def page_of_others(written: str) -> Any:
    """What `checkout pci verify` reads: a page that somebody may have changed."""
    url = "https://pay.example.com/en/payment/a/b"
    changes = Document(url, WHOLE.page("payment"), WHOLE, written, "nonce").read()
    policy = [(b"content-security-policy", header(written).encode("latin-1"))]
    return [*changes, *page_changes(httpx.Headers(policy), WHOLE.page("payment"), WHOLE)]


def query_of(name: str) -> Read:
    return lambda written: form_pairs(raw(f"{name}={written}"), blanks=False)


# By what they read: a text as it came out of a form, a header, JSON or a gateway's answer.
IPN: Final = "&".join(f"{name}=1" for name in SIGNED)


def list_query(written: str) -> Any:
    fields = Reader(dict.fromkeys(TRANSACTIONS, written))
    read_wanted(fields, TRANSACTIONS, "361")
    fields.no_others()
    return fields.problems


TEXTS: Final[Mapping[str, Read]] = {
    "card: a number anywhere": holds_card_number,
    "card: masked": mask_card_numbers,
    "card: digits": digits,
    "card: expiry": expiry,
    "card: holder": read_holder,
    "card: the form": card,
    "card: a token": card_token,
    "rule: text": text_of(255),
    "rule: long text": text_of(100_000, least=0),
    "rule: e-mail": cardless(email_address),
    **{f"customer: {name}": CUSTOMER.rule(name) for name in CUSTOMER},
    "customer: a long text": cut_text(100_000),
    "customer: what is seen": visible,
    "customer: a phone of a country": lambda written: international(written, "DE"),
    "customer: a phone": lambda written: international(written, None),
    "customer: a state": lambda written: state_code("US", written),
    **{
        f"customer: a postal code in {country}": partial(postal_code, country)
        for country in ("GB", "AR", "BH", "PE", "LV")
    },
    "customer: the country of languages": likely_country,
    "order: lines": cut_texts(most=50),
    "order: names": names_of(CUSTOMER),
    "order: a text that is cut": lambda written: cut(written, len(written) // 2),
    "rule: page": page_address,
    "rule: return address": shop_address(origins=("https://a.example",)),
    "rule: an app's address": shop_address(origins=("app://", "https://a.example")),
    "rule: called address": web_address(),
    "rule: country": country,
    "rule: day": day,
    "rule: moment": moment,
    "rule: IP address": ip_address,
    "rule: integer": integer(0, 9, digits=True),
    "rule: money": minor_units(),
    "rule: currency": currency,
    "key: fitting": lambda written: fitting(written, 255),
    "rule: flag": loose_flag,
    "rule: choice": choice(EXPONENTS),
    "rule: short choice": choice(("payment", "authorization")),
    **{f"airline: {name}": AIRLINE.rule(name) for name in AIRLINE if name[-1] != "s"},
    **{f"leg: {name}": LEG.rule(name) for name in LEG},
    "mail: address": mailbox,
    "page: language": supported,
    "page: languages": lambda written: choose_language(written, accept=written),
    "page: amount": amount,
    "page: customer": customer,
    "page: inputs": inputs,
    "page: veils": lambda written: [mask(name, written) for name in MASKS],
    "page: shown again": shown_again,
    "page: terms": lambda written: terms("agreed", written, "https://a.example", False, None, "en"),
    "page: browser": browser,
    "page: zone": lambda written: zone_of({"time_zone_name": written, "time_zone": written}),
    "request: form": lambda written: form_pairs(raw(written)),
    "request: form field": lambda field: form_pairs(b"a=" + field),
    "request: form type": check_form,
    "request: query": query_of("limit"),
    "request: query of a list": list_query,
    "rule: cursor": cursor,
    "rule: time with its zone": zoned_moment,
    "request: webhooks": lambda written: LISTED.read(Reader(dict.fromkeys(LISTED, written))),
    "request: cookie": lambda written: our_cookie(request(cookie=written)),
    "request: our cookie": lambda written: our_cookie(request(cookie=f"{COOKIE}={written}")),
    "request: signed cookie": lambda written: SIGNER.read_cookie(UID, written),
    "request: form token": lambda written: SIGNER.read_form("pay", UID, written),
    "request: a wallet's session": SESSIONS.is_apples,
    "request: an SDK's Google Pay": lambda written: wallet_request(
        GOOGLE_PAY, {"request": {"paymentMethodData": {"tokenizationData": {"token": written}}}}
    ),
    "request: an SDK's Apple Pay": lambda written: wallet_request(
        APPLE_PAY, {"request": {"token": {"paymentData": written}}}
    ),
    "request: challenge": lambda written: SIGNER.read_challenge(UID, 1, written, 18),
    "request: proof": lambda written: proved("a" * 22, written, 18),
    "request: network": network_of,
    "request: picture": SIGNER.read_picture,
    "request: link": lambda written: read_link(written, SETTINGS.shops),
    "request: packed link": lambda link: read_link(link, SETTINGS.shops),
    "request: proxies": lambda written: client_address(request(x_forwarded_for=written), PROXIES),
    "request: Forwarded": lambda written: client_address(
        request(forwarded=f"for={written}"), PROXIES
    ),
    "request: an IP address": read_ip_address,
    "request: encodings": takes_gzip,
    "request: basic": lambda written: authenticated(
        request(authorization=f"Basic {written}"), SETTINGS
    ),
    "request: bearer": lambda written: key_holder(
        request(authorization=f"Bearer {written}"), SETTINGS
    ),
    "request: authorization": lambda written: by_key(request(authorization=written)),
    "request: tracking id": lambda written: tracking_id_of(raw(f"/tracking_id/{written}")),
    "request: who wants JSON": for_a_program,
    "request: violation": violation,
    "request: violations": lambda written: list(violations(OLD_TYPE, raw(written), "https://a")),
    "request: violation's type": lambda written: list(violations(written, b"", "https://a")),
    "pci: page": page_of_others,
    "pci: tag": lambda written: page_of_others(f"<!doctype html><a {written}>"),
    "request: JSON": lambda written: decode(raw(written)),
    "request: JSON with a name twice": lambda written: decode(
        raw(f'{{"a":{json.dumps(written, ensure_ascii=False)},"a":1}}')
    ),
    "request: JSON of names": lambda written: decode(
        raw(",".join(f'"{name}":1' for name in written.split(",")).join("{}"))
    ),
    "HTTP answer": lambda written: answered(raw(written)),
    "HTTP answer: header": lambda written: answered(b"HTTP/1.1 200 OK\r\nX: %s\r\n" % raw(written)),
    "gateway: JSON": lambda written: bounded(decode_json(raw(written))),
    "gateway: JSON, decimals as text": lambda written: decode_exact(raw(written)),
    "gateway: REST's JSON or XML": lambda written: decoded(raw(written)),
    "gateway: XML's text": lambda written: decoded(raw(f"<a><b>{written}</b></a>")),
    "gateway: XML's attributes": lambda written: decoded(raw(f"<a {written}/>")),
    "gateway: XML's elements": lambda written: decoded(raw(f"<a>{written}</a>")),
    "gateway: words": lambda written: safe(text({"x": written}, "x")),
    "gateway: address": lambda written: address({"x": written}, "x"),
    "gateway: app link": lambda written: app_link({"x": written}, "x"),
    "gateway: HTML": plain_lines,
    "gateway: HTML's tag": lambda written: plain_lines(f"<a {written}>x</a>"),
    "gateway: instructions": order_of_text,
    "gateway: notification's form": lambda written: verified({}, raw(written), "s"),
    "gateway: notification's hash": lambda written: verified(
        {"hash": header(written), "x-sign": header(written)}, raw(IPN), "secret", "hash=x"
    ),
    "gateway: signature": lambda written: is_signed(samples.rsa_key().public_key(), written, b"x"),
    "gateway: refusal": lambda written: refusal({"errors": {"base": [written], written: "x"}}),
    "settings: secret": lambda written: strong()(written[:4096]),
}  # fmt: skip


def packed(written: str) -> str:
    """A link's payload that unpacks to this text, signed by nobody."""
    body = urlsafe_b64encode(zlib.compress(raw(written))).decode().rstrip("=")
    return f".{body}.{'A' * 43}"


# What is made of the text before it is read.
MADE: Final[Mapping[str, Callable[[str], Any]]] = {
    "request: form field": lambda written: quote(raw(written)).encode()[: len(written)],
    "request: packed link": packed,
}


class Json(NamedTuple):
    """`read` takes what the JSON says; `places`: dotted paths where something hostile may stand."""

    base: Mapping[str, Any]
    places: tuple[str, ...]
    read: Read

    def raw(self, place: str, value: Any) -> bytes:
        body = json.loads(json.dumps(self.base))
        *parents, last = place.split(".")
        holder = body
        for name in parents:
            holder = holder.setdefault(name, {})
        holder[last] = value
        return raw(json.dumps(body, ensure_ascii=False))

    def take(self, sent: bytes) -> Any:
        return calm(lambda body: self.read(decode(body)))(sent)


def in_app(data: Any) -> Any:
    fields = with_opened_card(request_of(data), SHOP.private_keys)
    form = app_form(fields, ASKING, app_wallet(fields))
    known, shown = app_customer(fields, ASKING, Customer(), input_names(ASKING))
    app_browser(fields, {})
    read_customer(ASKING, known, form | shown, "192.0.2.1", is_customer=False)
    read_card(form, today=TODAY, excluded_brands=frozenset())
    fields.done()


def settings_of(data: Any) -> Any:
    check_bounds(data)
    problems = Problems()
    resolved = resolve(data, {}, Path("/nowhere"), problems)
    read_settings(Reader(resolved, problems=problems), ADAPTERS)
    return problems.by_path()


ORDERED: Final = {"amount": 1, "currency": "EUR", "description": "x"}
REQUEST: Final = ORDERED | {"credit_card": {"token": "t"}}
PLACES_OF_APPS: Final = (
    "x", "version", "attempts", "transaction_type", "travel", "travel.airline.legs", "order.x",
    "order.amount", "order.description", "order.tracking_id", "order.additional_data",
    "order.additional_data.contract", "settings", "settings.x", "settings.return_url",
    "settings.notification_url", "settings.language", "settings.customer_fields",
    "settings.credit_card_fields", "settings.save_card_toggle", "customer", "customer.email",
    "customer.x", "payment_method", "payment_method.erip.x",
)  # fmt: skip
JSONS: Final[Mapping[str, Json]] = {
    "API: an app's order": Json(
        {"checkout": {"transaction_type": "payment", "order": ORDERED}},
        tuple(f"checkout.{place}" for place in PLACES_OF_APPS),
        lambda data: read_app_order(data, SHOP, sandbox=False, now=BEGINNING),
    ),
    "API: order": Json(
        {"checkout": {"transaction_type": "payment", "order": ORDERED}},
        tuple(
            f"checkout.{place}"
            for place in (
                "x", "transaction_type", "attempts", "test", "travel", "travel.airline",
                "travel.airline.legs", "travel.airline.passengers", "travel.airline.ticket_number",
                "order.x", "order.amount", "order.currency", "order.description",
                "order.tracking_id", "order.expired_at", "order.additional_data",
                "order.additional_data.receipt_text", "order.additional_data.contract",
                "order.additional_data.meta",
                "order.additional_data.meta.x", "order.additional_data.excluded_gateways",
                "order.additional_data.p2p.service_id", "order.additional_data.referer",
                "order.additional_data.avs_cvc_verification.avs_verification",
                "settings", "settings.x", "settings.return_url", "settings.notification_url",
                "settings.language", "settings.style", "settings.style.button.pay.borderRadius",
                "settings.style.button.backgroundColor", "settings.customer_fields",
                "settings.customer_fields.visible", "settings.credit_card_fields",
                "settings.save_card_toggle", "settings.agreement_toggle.text", "customer",
                "customer.email", "customer.first_name", "customer.ip", "payment_method",
                "payment_method.types", "payment_method.erip", "payment_method.erip.x",
                "payment_method.credit_card", "payment_method.credit_card.x",
                "payment_method.credit_card.token",
            )
        ),
        lambda data: read_order(data, SHOP, sandbox=False, now=BEGINNING),
    ),
    "API: link": Json(
        ORDERED | {"expires": 2_000_000_000},
        ("x", "description", "customer", "payment_method", "payment_method.erip", "expires"),
        lambda data: read_link_order(data, SHOP, sandbox=False, now=BEGINNING),
    ),
    "API: product": Json(
        ORDERED | {"name": "x", "infinite": True},
        ("x", "name", "visible_fields", "payment_method", "payment_method.erip", "expired_at",
         "quantity", "return_url", "inactive_text"),
        lambda data: read_product(data, SHOP, sandbox=False, now=BEGINNING),
    ),
    "API: invoice": Json(
        ORDERED | {"email": "a@b.example", "send": False},
        ("x", "email", "expires", "remind", "customer", "payment_method", "payment_method.erip"),
        lambda data: read_invoice(data, SHOP, SETTINGS, BEGINNING),
    ),
    "API: invoice's address": Json({}, ("email", "x"), read_address),
    "API: by token": Json(
        {"request": REQUEST},
        tuple(
            f"request.{place}"
            for place in (
                "x", "parent_uid", "credit_card", "credit_card.token", "additional_data",
                "additional_data.browser", "additional_data.browser.language",
                "additional_data.meta", "customer", "billing_address", "travel.airline.legs",
                "return_url",
            )
        ),
        lambda data: read_merchant_initiated(data, "payment", SHOP, sandbox=False, now=BEGINNING),
    ),
    "API: app": Json(
        {"request": {"credit_card": {"number": "4200000000000000"}}},
        tuple(
            f"request.{place}"
            for place in (
                "x", "payment_method", "customer", "customer.email", "browser",
                "browser.language", "credit_card.number", "credit_card.token",
                "credit_card.holder", "credit_card.exp_date",
            )
        ),
        in_app,
    ),
    "settings": Json(
        {"gateways": {"cards": {"adapter": "overpay_cards"}}, "shops": {"1": {"methods": {}}}},
        ("x", "secrets", "gateways", "gateways.cards", "shops", "shops.1", "shops.1.methods",
         "shops.1.methods.x.params", "trusted_proxies", "limits"),
        settings_of,
    ),
    "gateway: exchanger's order": Json(
        {"uid": "1", "secret": "s", "inAmount": "1"},
        ("x", "uid", "inAmount", "comment", "route", "route.from.name",
         "route.from.paymentDetails", "route.from.paymentDetails.manualPaymentText"),
        lambda data: order_in(data) and order_refusal(data),
    ),
    "gateway: exchanger's route": Json(
        {"data": {"route": {"rate": {"in": "1", "out": "1"}}}},
        ("data.route.from.fields", "data.route.fields", "data.route.rate", "data.route.rate.in"),
        route_in,
    ),
    "gateway: Overpay's transactions": Json(
        {"transaction": {"uid": "1", "status": "successful"}},
        ("transactions", "transaction", "transaction.x", "transaction.uid", "transaction.message",
         "transaction.receipt_url", "transaction.credit_card", "transaction.credit_card.token"),
        transactions,
    ),
    "gateway: Overpay's refusal": Json(
        {"message": "x"},
        ("message", "errors", "errors.x", "errors.base", "errors.credit_card", "response.errors"),
        refusal,
    ),
    "gateway: REST's payment": Json(
        {"result": {"code": "1"}},
        ("x", "result.description", "amount", "redirect", "redirect.parameters", "redirect.url",
         "card", "registrationId"),
        lambda data: read_rest(data, {}) if isinstance(data, dict) else None,
    ),
    "gateway: REST's checksum": Json(
        {"paymentId": "1", "merchantTransactionId": "1", "amount": "1.00", "status": "success"},
        ("checksum", "paymentId", "amount", "status"),
        lambda data: signed_words(data, "key"),
    ),
}  # fmt: skip
