"""The printable receipt, also as a PDF, without personal data; its address has a secret of its own,
which gives no access to the payment."""

from __future__ import annotations

from typing import Final

from litestar import route
from msgspec import Struct

from checkout.i18n import N_, locale
from checkout.model.status import SUCCESSFUL, Status
from checkout.web.mail import QUESTIONS, TEST
from checkout.web.pages.components import Notice, Row, Summary, headline_amount
from checkout.web.pages.order_lines import order_lines
from checkout.web.pages.outcome import receipt_rows, result_notice
from checkout.web.pages.payment_request import PaymentRequest, enter_receipt
from checkout.web.pdf_process import Document
from checkout.web.receipt_pdf import has_pdf
from checkout.web.request import READ, AppRequest
from checkout.web.response import RawResponse, see_other

RECEIPT: Final = N_("Receipt")
PATH: Final = "/{lang:str}/order/{uid:str}/{secret:str}"


class ReceiptPage(Struct, frozen=True):
    summary: Summary
    notice: Notice
    rows: tuple[Row, ...]
    receipt_lines: tuple[str, ...]
    payment_url: str | None  # while it can still be paid
    pdf_url: str | None  # once it is paid


@route(PATH, http_method=READ, include_in_schema=False)
async def receipt_page(request: AppRequest) -> RawResponse:
    page, by_payment = await enter_receipt(request)
    payment_url = page.url(page.current) if by_payment and page.current != "result" else None
    view = ReceiptPage(
        summary=page.summary(),
        notice=result_notice(page),
        rows=receipt_rows(page),
        receipt_lines=page.order.receipt_text,
        payment_url=payment_url,
        pdf_url=f"{page.receipt_url()}/receipt.pdf" if _is_drawn(page) else None,
    )
    return page.show("receipt", view, page.layout(view.notice.title))


@route(f"{PATH}/receipt.pdf", http_method=READ, include_in_schema=False)
async def receipt_pdf(request: AppRequest) -> RawResponse:
    page, _ = await enter_receipt(request)
    file = await page.app.pdfs.draw(document(page), page.shop.id) if _is_drawn(page) else None
    if file is None:
        return see_other(page.receipt_url())
    name = f'inline; filename="receipt-{page.payment.uid[:8]}.pdf"'
    return RawResponse(file, media_type="application/pdf", headers={"content-disposition": name})


def _is_drawn(page: PaymentRequest) -> bool:
    return has_pdf() and page.status in SUCCESSFUL | {Status.REFUNDED}


def document(page: PaymentRequest) -> Document:
    """The receipt for `pdf_process`."""
    _, order, shop = page._, page.order, page.shop
    test = (" ".join(_(each) for each in TEST),) if order.test else ()
    return Document(
        lang=page.lang,
        rtl=locale(page.lang).text_direction == "rtl",
        title=_(RECEIPT),
        shop=shop.name,
        status=result_notice(page).title,
        amount=headline_amount(order, page.spoken),
        sums=order_lines(order, page.spoken),
        rows=tuple((row.label, row.value) for row in receipt_rows(page)),
        lines=order.receipt_text,
        notes=(*test, f"{_(QUESTIONS)} {shop.email or shop.url}"),
        made_at=page.payment.updated_at,
    )


HANDLERS: Final = (receipt_page, receipt_pdf)
