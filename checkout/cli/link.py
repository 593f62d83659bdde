"""`checkout link`: make a signed payment link offline; also as a QR code, or by mail."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import click
import msgspec
import segno

from checkout.cli.basics import FAILED, UNUSABLE, config_option, fail, json_option, print_json
from checkout.cli.context import settings_with
from checkout.errors import CheckoutError, Unprocessable
from checkout.gateways import OFFLINE, open_accounts
from checkout.i18n import LANGUAGES
from checkout.model.money import EXPONENTS, Money
from checkout.model.order import Order
from checkout.model.validation.reader import Invalid
from checkout.model.withdrawn_currencies import why_no_currency
from checkout.payments.currencies import count
from checkout.payments.invoices import signed
from checkout.settings import Settings, Shop
from checkout.shop_api.customer import CUSTOMER, TYPED
from checkout.shop_api.invoices import Draft, read_invoice
from checkout.shop_api.mail import Undelivered
from checkout.web.invoice_mail import mail_of
from checkout.web.mail import post

SPANS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
TERMINAL: Final = "-"
PICTURES: Final = (".png", ".svg")
QR_SCALE: Final = 6  # pixels a square
OPTION: Final = {"email": "--email", "send": "--email"}  # an invoice's field -> the option
MOST_IN_QR: Final = 2953  # bytes in the largest QR code


def seconds(text: str) -> int:
    """ "30m", "12h", "7d", "2w" in seconds; raises ValueError."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})([mhdw])", text)
    if not match:
        raise ValueError("write it as 30m, 12h, 7d or 2w")
    return int(match[1]) * SPANS[match[2]]


@click.command()
@click.option("--shop", "shop_id", required=True, help="The shop's id.")
@click.option("--amount", required=True, help="In major units: 12.50 (EUR), 1999 (JPY).")
@click.option("--currency", required=True, help="ISO 4217, like EUR.")
@click.option("--description", required=True, help="What is paid.")
@click.option("--tracking-id", help="The shop's own number for it.")
@click.option("--expires", default="7d", show_default=True, help="30m, 12h, 7d, 2w.")
@click.option("--language", type=click.Choice(sorted(LANGUAGES)), help="Of the page and the mail.")
@click.option(
    "--customer",
    multiple=True,
    metavar="FIELD=VALUE",
    help="What is known of the customer, like email=anna@example.com; repeat it for more.",
)
@click.option("--return-url", help="Where the customer goes back to.")
@click.option("--cancel-url", help="The same for one who gives up.")
@click.option("--notification-url", help="What is told the result.")
@click.option("--test", is_flag=True, help="A test payment.")
@click.option(
    "--qr",
    is_flag=False,
    flag_value=TERMINAL,
    metavar="[FILE]",
    help="Also as a QR code: printed, or written to FILE.png or FILE.svg.",
)
@click.option("--email", metavar="ADDRESS", help="Send it there as an invoice, by [smtp].")
@config_option
@json_option
def link(
    shop_id: str,
    amount: str,
    currency: str,
    expires: str,
    customer: tuple[str, ...],
    qr: str | None,
    email: str | None,
    test: bool,
    config: Path | None,
    as_json: bool,
    **others: Any,
) -> None:
    """Print one signed payment URL. It is made offline: no server is asked, but the
    ledger for a shop of it."""
    settings = settings_with(config, shop_id)
    shop = _shop(settings, shop_id)
    _check_file(qr)
    now = time.time()
    money, until = _money(amount, currency, settings, shop), _until(expires, now)
    fields = {"amount": money.minor, "currency": currency, "expires": until} | others
    fields |= {"customer": _customer(customer) or None, "test": test or None}
    fields |= {"email": email, "send": email is not None}
    draft, url = _signed(settings, shop, fields, now)
    mail = _mail(settings, shop, draft, money, url, now)
    made: dict[str, Any] = {"url": url, "expires": datetime.fromtimestamp(until, UTC).isoformat()}
    made |= _drawn(url, qr, as_json=as_json)
    if mail is not None:
        _send(settings, mail)
        made["email"] = email
    if as_json:
        print_json(made)
        return
    click.echo(url)
    if qr == TERMINAL:
        segno.make_qr(url, error="l").terminal(sys.stdout, compact=True)


def _shop(settings: Settings, shop_id: str) -> Shop:
    shop = settings.shops.get(shop_id)
    if shop is None:
        fail(f"--shop: {shop_id} is not in the settings", UNUSABLE)
    return shop


def _money(amount: str, currency: str, settings: Settings, shop: Shop) -> Money:
    """With the decimals of the shop's accounts."""
    if currency not in EXPONENTS:
        fail(f"--currency: {why_no_currency(currency, EXPONENTS)}", UNUSABLE)
    order = Order(
        money=Money(1, currency), description="-", transaction_type="payment", expires_at=0.0
    )
    try:
        decimals = count(order, shop, open_accounts(settings.gateways, OFFLINE))
        return Money.from_major(amount, currency, decimals)
    except Unprocessable as error:
        why = ", ".join(reason for reasons in error.fields.values() for reason in reasons)
        fail(f"--currency: {currency}: {why}", UNUSABLE)
    except ValueError as error:
        fail(f"--amount, --currency: {error}", UNUSABLE)


def _until(expires: str, now: float) -> int:
    try:
        return int(now) + seconds(expires)
    except ValueError as error:
        fail(f"--expires: {error}", UNUSABLE)


def _customer(pairs: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in TYPED:
            fail(f"--customer: write it as FIELD=VALUE, of: {', '.join(CUSTOMER)}", UNUSABLE)
        try:
            TYPED.rule(name)(value)
        except Invalid as wrong:
            fail(f"customer.{name}: {wrong}", UNUSABLE)
        found[name] = value
    return found


def _signed(
    settings: Settings, shop: Shop, fields: Mapping[str, Any], now: float
) -> tuple[Draft, str]:
    """The link, made like an invoice of the API; the command fails where the server would refuse
    it."""
    try:
        draft = read_invoice(fields, shop, settings, now)
        if draft.order.dropped:  # whoever is at the keyboard can mend it
            raise Unprocessable({name: [why] for name, why in draft.order.dropped.items()})
        return draft, settings.url(f"/pay/{signed(draft, shop)}", shop)
    except Unprocessable as error:
        lines = (
            f"{OPTION.get(name, name)}: {', '.join(why)}" for name, why in error.fields.items()
        )
        fail("\n".join(lines), UNUSABLE)
    except CheckoutError as error:
        fail(error.message, UNUSABLE)


def _mail(
    settings: Settings, shop: Shop, draft: Draft, money: Money, url: str, now: float
) -> EmailMessage | None:
    if draft.email is None:
        return None
    order = msgspec.structs.replace(draft.order, money=money)
    return mail_of(settings, shop, order, url, to=draft.email, now=now)


def _check_file(qr: str | None) -> None:
    if qr not in (None, TERMINAL) and Path(qr).suffix.lower() not in PICTURES:
        fail(f"--qr: must end in {' or '.join(PICTURES)}", UNUSABLE)


def _drawn(url: str, qr: str | None, *, as_json: bool) -> dict[str, str]:
    """Write the QR code to its file; on the terminal it is printed after the address."""
    if qr is None:
        return {}
    if len(url) > MOST_IN_QR:
        fail(f"--qr: the link has {len(url)} characters, a QR code {MOST_IN_QR} at most", UNUSABLE)
    if qr == TERMINAL:
        if as_json:
            fail("--qr: needs a FILE beside --json", UNUSABLE)
        return {}
    try:
        segno.make_qr(url, error="l").save(qr, scale=QR_SCALE, dark="#000", light="#fff")
    except OSError as error:
        fail(f"--qr: {qr} can't be written: {error.strerror}", FAILED)
    return {"qr": qr}


def _send(settings: Settings, mail: EmailMessage) -> None:
    try:
        asyncio.run(post(mail, settings))
    except Undelivered as error:
        fail(f"--email: {error.message}", FAILED)
