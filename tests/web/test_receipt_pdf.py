"""The receipt as a PDF, drawn by a process of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checkout.web.pdf_process import Document, draw
from checkout.web.receipt_pdf import has_pdf
from tests.web.server import DECLINED, CreatedPayment, Customer, Server

pytestmark = pytest.mark.skipif(not has_pdf(), reason="no font: fonts-dejavu-core has one")

DOCUMENT = Document(
    lang="ru",
    rtl=False,
    title="Квитанция",
    shop="Магазин",
    status="Оплачено",
    amount="19,99\u00a0€",
    sums=(("2 × Носки", "19,99\u00a0€"),),
    rows=(("Карта", "Visa •••• 0000"), ("Номер", "7f3c1a9e")),
    lines=("Спасибо",),
    notes=("Вопросы? help@shop.example.com",),
    made_at=1763756045.0,
)


def letters(file: bytes) -> set[str]:
    """Those that somebody can read and copy out of the file."""
    found = ""
    for table in re.findall(rb"beginbfchar(.*?)endbfchar", file, re.DOTALL):
        for code in re.findall(rb"<[0-9A-Fa-f]+> <([0-9A-Fa-f]+)>", table):
            found += bytes.fromhex(code.decode()).decode("utf-16-be")
    return set(found)


def changed(**changes: Any) -> Document:
    return msgspec.structs.replace(DOCUMENT, **changes)


def test_all_of_it_is_there() -> None:
    file = draw(DOCUMENT)
    assert file is not None
    assert file.startswith(b"%PDF-")
    assert set("".join(DOCUMENT.texts())) - {" ", "\u00a0"} <= letters(file)
    assert b"/Lang (ru)" in file


def test_many_lines_take_many_pages() -> None:
    file = draw(changed(sums=tuple((f"Line {n}", "1") for n in range(200))))
    assert file is not None
    assert len(re.findall(rb"/Type /Page\b(?!s)", file)) > 3


def test_right_to_left() -> None:
    file = draw(changed(lang="ar", rtl=True, title="إيصال", shop="متجر \u2067Demo\u2069"))
    assert file is not None


@pytest.mark.parametrize("letter", ["\U0001f9e6", "𓀀"])
def test_no_box_in_place_of_a_letter(letter: str) -> None:
    assert draw(changed(shop=f"Socks {letter}")) is None


def test_without_a_font_there_is_none(tmp_path: Path) -> None:
    assert draw(DOCUMENT, [str(tmp_path)]) is None


async def pdf_of(customer: Customer, made: CreatedPayment, lang: str = "en") -> str:
    """The address of the file, as the receipt leads to it; "" where it doesn't."""
    page = await customer.open(made.path("result", lang))
    receipt = next(href for href in page.links if "/order/" in href)
    links = (await customer.open(receipt)).links
    return next((href for href in links if href.endswith("/receipt.pdf")), "")


async def test_a_paid_one_has_it(server: Server, customer: Customer) -> None:
    made = await server.create()
    await customer.pay(made)
    address = await pdf_of(customer, made, "ru")
    assert made.secret not in address
    answer = await customer.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'inline; filename="receipt-{made.uid[:8]}.pdf"'
    assert answer.content.startswith(b"%PDF-")
    assert set("Квитанция€19,99") <= letters(answer.content)


async def test_an_unpaid_one_leads_to_the_page(server: Server, customer: Customer) -> None:
    made = await server.create(attempts=1)
    await customer.pay(made, DECLINED)
    address = f"{made.path(kind='order')}/receipt.pdf"
    answer = await customer.get(address)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/en/order/{made.uid}/")
    assert made.secret not in answer.headers["location"]
    page = await customer.open(answer.headers["location"])
    assert "PDF" not in page.text


async def test_nobody_guesses_its_address(server: Server, customer: Customer) -> None:
    made = await server.create()
    await customer.pay(made)
    answer = await customer.get(f"/en/order/{made.uid}/{'x' * 22}/receipt.pdf")
    assert answer.status_code == 404
