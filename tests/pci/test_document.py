"""Wherever in a page something is put, it is seen: nothing hides in a text, a value or a name."""

from __future__ import annotations

import re
from typing import Final

import pytest

from checkout.pci.document import MOST, Document
from checkout.pci.inventory import inventory
from checkout.web.page_types import PAGE_TYPES
from tests.gallery import NONCE, STATES, render

PUBLIC: Final = "https://pay.example.com"
WHOLE: Final = inventory(PUBLIC)
STATES_OF: Final = {"payment": "several-errors", "wait": "instructions", "product": "product-error"}
PUT: Final = (
    "<script>steal()</script>",
    "<script src=//evil.example>",
    "<!--",
    "<svg/onload=steal()>",
    "\"'><img src=x onerror=steal()>",
    "<base href='https://evil.example/'>",
)


def changes(name: str, text: str) -> list[str]:
    """Of a drawn page; its addresses are the gallery's and are told as elsewhere, so not here."""
    document = Document(f"{PUBLIC}/en/payment/a/b", WHOLE.page(name), WHOLE, text, NONCE)
    told = [f"{kind}: {said}" for kind, said in document.read()]
    return [each for each in told if "sent elsewhere" not in each and "asks elsewhere" not in each]


@pytest.mark.parametrize("put", PUT)
@pytest.mark.parametrize("name", STATES_OF)
def test_it_is_seen_at_every_place(name: str, put: str) -> None:
    template, page, shell = STATES[STATES_OF[name]]
    text = render(template, page, shell).lstrip()
    assert next(each.name for each in PAGE_TYPES if each.template == template) == name
    usual = [each for each in changes(name, text) if not each.startswith("nonce:")]
    assert usual == []
    for place in range(0, len(text), 61):
        assert changes(name, text[:place] + put + text[place:]), text[place - 40 : place + 40]


def test_what_is_told_has_an_end() -> None:
    strange = "".join(f"<x{n}>" for n in range(10_000))
    assert len(changes("payment", f"<!doctype html>{strange}")) == MOST


def test_the_script_that_some_pages_have() -> None:
    """Where a challenge is asked: once, as it was released, and no other in its place."""
    template, page, shell = STATES["one-more-check"]
    text = render(template, page, shell).lstrip()
    usual = [each for each in changes("payment", text) if not each.startswith("nonce:")]
    assert usual == []
    (script,) = re.findall(r'<script\s+src="/static/challenge\.[^>]+></script>', text)
    assert changes("payment", text.replace(script, script * 2)) == [
        "script: the page has 3 scripts instead of 2"
    ]
    for changed in (
        script.replace("challenge.", "other."),
        script.replace("sha384-", "sha384-x"),
        script.replace('src="', 'src="https://evil.example'),
    ):
        assert changes("payment", text.replace(script, changed))
    template, page, shell = STATES[STATES_OF["wait"]]
    elsewhere = render(template, page, shell).lstrip().replace("</head>", f"{script}</head>")
    assert changes("wait", elsewhere)
