"""How an order is paid, as plain data for our own page.

Documents: public clients of the exchanger's script; its own page is the example of what is shown
in which state. `merchant.template` is code for that page and is never read.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import msgspec

from checkout.gateways.exchanger.html import kept, plain_lines
from checkout.gateways.exchanger.response import Order, number
from checkout.gateways.parsing import LONGEST_QR, Object, section, text
from checkout.model.next_action import Instructions
from checkout.model.urls import is_app, web_url
from checkout.model.validation.reader import Invalid

LONGEST_TEXT: Final = 16384
# What a sender has to add so that the money is found; networks have different names for it.
MEMOS: Final = ("memo", "tag", "destinationTag", "paymentId")
_PLACE = re.compile(r"\[\[(\w{1,32})\]\]")
_ADDRESS = re.compile(r"[A-Za-z0-9_:-]{25,128}", re.ASCII)  # of a wallet; accounts are shorter
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{1,31}):[!-~]+", re.ASCII | re.IGNORECASE)


def instructions(order: Order, secret: str) -> Instructions | None:
    """None where nothing can be shown as plain text: only the exchanger's own page can then. What
    repeats the order's secret is left out."""
    step = _step(order)
    if step is None or secret in (step.account or ""):
        return None
    return msgspec.structs.replace(
        step,
        lines=tuple(line for line in step.lines if secret not in line),
        memo=None if secret in (step.memo or "") else step.memo,
        qr=None if secret in (step.qr or "") else step.qr,
        link=None if secret in (step.link or "") else step.link,
    )


def _step(order: Order) -> Instructions | None:
    details = order.details
    if details.get("merchantEnabled") is True and section(details, "merchant"):
        return _automatic(order)
    enabled = details.get("manualPaymentTextEnabled")
    manual = _written(details)
    if not manual or enabled is False:
        return _transfer(order, ())
    if enabled is not True:
        return _transfer(order, _manual(order, manual))
    # The text is complete; an account that it doesn't name may be an old one.
    named = "[[account]]" in manual.lower()
    lines = kept(*_manual(order, manual), order.comment)
    if not lines:
        return None
    account = text(details, "account") if named else None
    return Instructions(lines, account, amount=_amount(order), qr=_code(None, account))


def _automatic(order: Order) -> Instructions | None:
    """A wallet that the exchanger's payment provider watches. None where the provider's sum is not
    the order's."""
    merchant = section(section(section(order.details, "merchant"), "data"), "merchantData")
    account, amount = text(merchant, "walletAddr"), _amount(order)
    counted, currency = number(merchant, "amount"), text(merchant, "currency")
    same = counted is None or Decimal(counted) == Decimal(order.source.amount or "-1")
    if account is None or amount is None or not same:
        return None
    if currency is not None and currency != order.source.symbol:
        return None
    memo, *others = _memos(merchant)
    return Instructions(
        kept(_network(order), order.comment, *others), account, memo, amount, _code(None, account)
    )


def _transfer(order: Order, manual: tuple[str, ...]) -> Instructions | None:
    details = order.details
    account, amount = text(details, "account"), _amount(order)
    link = _link(details) if details.get("showStepLink") is not False else None
    if not manual and (amount is None or not (account or link)):
        return None
    template = text(details, "commentTemplate")
    shown = details.get("showStepComment")
    wanted = shown is True or (shown is None and template is not None)
    comment = _filled(template or "[[uid]]", order) if wanted else None
    memo, *others = _memos(details, comment)
    lines = kept(_network(order), *manual, *others, order.comment)
    return Instructions(lines, account, memo, amount, _code(link, account), link)


def _amount(order: Order) -> str | None:
    """What the customer sends: as it was written, without an exponent, which nobody could type."""
    amount, unit = order.source.amount, order.source.symbol or order.source.name
    if amount is None:
        return None
    if "e" in amount.lower():
        amount = f"{Decimal(amount):f}"
    return f"{amount} {unit}" if unit else amount


def _network(order: Order) -> str | None:
    """The network's name: Tether exists on several, and is lost over the wrong one."""
    name, symbol = order.source.name, order.source.symbol
    if name is None or symbol is None or name.lower() == symbol.lower():
        return None
    return f"{name} ({symbol})"


def _memos(fields: Object, comment: str | None = None) -> tuple[str | None, ...]:
    """What has to be sent with the money: the first memo, or None; all others as lines of text."""
    found = [each for name in MEMOS if (each := text(fields, name))]
    first, *others = dict.fromkeys([*found, comment] if comment else found) or (None,)
    return (first, *(f"Memo: {other}" for other in others))


def _link(details: Object) -> str | None:
    """A payment link: of a wallet's app, or an https address."""
    link = text(details, "linkPS", LONGEST_QR + 1)
    scheme = _SCHEME.fullmatch(link) if link else None
    if link is None or scheme is None or len(link) > LONGEST_QR:
        return None
    if is_app(scheme[1]):
        return link
    try:
        return web_url(link, sandbox=True)
    except Invalid:  # not https, or an app that is not for paying
        return None


def _code(link: str | None, account: str | None) -> str | None:
    """The text of the QR code: a wallet's link where there is one, else an address to visit."""
    site = link if link and link.startswith(("https://", "http://")) else None
    wallet = account if account and _ADDRESS.fullmatch(account) else None
    return (link if link != site else None) or wallet or site


def _manual(order: Order, written: str) -> tuple[str, ...]:
    return tuple(_filled(line, order) for line in plain_lines(written))


def _filled(line: str, order: Order) -> str:
    """The placeholders of the exchanger's texts, in one pass: inserted text is not searched for
    placeholders."""
    values = {
        "uid": order.uid,
        "account": text(order.details, "account"),
        "inamount": order.source.amount,
        "innamecurrency": order.source.name,
        "insymbol": order.source.symbol,
        "outamount": order.target.amount,
        "outnamecurrency": order.target.name,
        "outsymbol": order.target.symbol,
    }
    return _PLACE.sub(lambda place: values.get(place[1].lower()) or place[0], line)


def _written(details: Object) -> str | None:
    """The exchanger's own text, with its line breaks."""
    value = details.get("manualPaymentText")
    return value[:LONGEST_TEXT] if isinstance(value, str) and value.strip() else None
