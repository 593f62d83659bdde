"""The kinds of page that a browser gets from us: where each is, what it is made of, whether a card
is typed on it. The auditor's inventory and the reports of browsers go by these names."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_LANGUAGE: Final = "/[a-z]{2}(?:-[A-Z0-9]{2,3})?"
_PAYMENT: Final = f"{_LANGUAGE}/payment/[^/]+/[^/]+"


class PageType(NamedTuple):
    name: str
    address: str  # for people
    pattern: str  # of its path
    template: str
    scripts: tuple[str, ...]  # joined ones of static/js/bundles.json: it has one of these
    card: bool = False  # where a method takes a card, it is typed here
    leaves: bool = False  # its form may go to any bank
    besides: tuple[str, ...] = ()  # and may have these

    @property
    def whole(self) -> bool:
        """A full page, not a fragment that a page fetches."""
        return self.template.startswith("pages/")

    def at(self, path: str) -> bool:
        return re.fullmatch(self.pattern, path, re.ASCII) is not None


PAGE_TYPES: Final = (
    PageType(
        "payment",
        "/{lang}/payment/{uid}/{secret}",
        f"{_PAYMENT}(?:/pay)?",  # the answer to a form with a mistake
        "pages/payment.html",
        ("payment.js", "payment-address.js", "payment-wallets.js", "payment-address-wallets.js"),
        card=True,
        besides=("challenge.js",),
    ),
    PageType(
        "redirect",
        "/{lang}/payment/{uid}/{secret}/redirect",
        f"{_PAYMENT}/redirect",
        "pages/redirect.html",
        ("redirect.js",),
        leaves=True,
    ),
    PageType(
        "wait",
        "/{lang}/payment/{uid}/{secret}/wait",
        f"{_PAYMENT}/wait",
        "pages/wait.html",
        ("wait.js",),
    ),
    PageType(
        "status",
        "/{lang}/payment/{uid}/{secret}/status",
        f"{_PAYMENT}/status",
        "partials/status.html",
        (),
    ),
    PageType(
        "result",
        "/{lang}/payment/{uid}/{secret}/result",
        f"{_PAYMENT}/result",
        "pages/result.html",
        ("result.js",),
    ),
    PageType(
        "order",
        "/{lang}/order/{uid}/{secret}",
        f"{_LANGUAGE}/order/[^/]+/[^/]+",
        "pages/receipt.html",
        ("order.js",),
    ),
    PageType(
        "product",
        "/{lang}/product/{id}",
        f"(?:{_LANGUAGE})?/product/[^/]+",
        "pages/product.html",
        ("product.js",),
    ),
    PageType(
        "error",
        "any other address",
        "(?s:.*)",
        "pages/error.html",
        (),
        besides=("error.js",),  # in a shop's frame
    ),
)
BY_NAME: Final = {each.name: each for each in PAGE_TYPES}


def page_type(path: str) -> PageType:
    """The type of the page at a path; a path of no other type is an error page."""
    return next(each for each in PAGE_TYPES if each.at(path))
