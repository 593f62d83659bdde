"""The checkboxes: the shop's terms, and whether to keep the card."""

from __future__ import annotations

import re
from typing import Final

from checkout.i18n import gettext
from checkout.model import card_on_file
from checkout.model.order import Agreement, Order, SaveCard
from checkout.web.pages import messages
from checkout.web.pages.components import Checkbox

_LINKED: Final = re.compile(r"\[([^\[\]]+)\]")


def agreement(shop_terms: Agreement, ticked: bool, error: str | None, language: str) -> Checkbox:
    """The shop's terms, with the shop's text or ours."""
    ours = gettext(language)(messages.TERMS if shop_terms.url else messages.TERMS_OF_SHOP)
    text = shop_terms.text or ours
    return terms("agreed", text, shop_terms.url, ticked, error, language)


def terms(
    name: str, sentence: str, url: str | None, ticked: bool, error: str | None, language: str
) -> Checkbox:
    """Terms that must be accepted; the words in [brackets] lead to `url`, else some of ours do."""
    _ = gettext(language)
    found = _LINKED.search(sentence)
    text, link, after = f"{sentence} ", _(messages.READ_TERMS), ""
    if found:
        text, link, after = sentence[: found.start()], found[1], sentence[found.end() :]
    if url is None:
        text, link, after = text + link + after if found else sentence, "", ""
    return Checkbox(
        name=name,
        text=text,
        ticked=ticked,
        link=link or None,
        after=after,
        url=url,
        missing=_(messages.TERMS_MISSING),
        error=_(error) if error else None,
    )


def remember(order: Order, ticked: bool, language: str) -> Checkbox:
    """Whether to keep the card, with the shop's text or ours: for the customer's next payment, or
    for merchant-initiated ones."""
    _ = gettext(language)
    toggle = order.page_settings.save_card or SaveCard()
    theirs = card_on_file.contract(order, None, agreed=True)
    hint = messages.REMEMBER_HINT if card_on_file.ONECLICK in theirs else messages.REMEMBER_FOR_SHOP
    return Checkbox(
        name="remember",
        text=toggle.text or _(messages.REMEMBER),
        ticked=ticked,
        hint=toggle.hint or (None if toggle.text else _(hint)),
    )
