"""The printable receipt, without personal data; its address has a secret of its own, which gives no
access to the payment."""

from __future__ import annotations

from typing import Final

from litestar import route
from msgspec import Struct

from checkout.web.pages.components import Notice, Row, Summary
from checkout.web.pages.outcome import receipt_rows, result_notice
from checkout.web.pages.payment_request import enter_receipt
from checkout.web.request import READ, AppRequest
from checkout.web.response import RawResponse

PATH: Final = "/{lang:str}/order/{uid:str}/{secret:str}"


class ReceiptPage(Struct, frozen=True):
    summary: Summary
    notice: Notice
    rows: tuple[Row, ...]
    receipt_lines: tuple[str, ...]
    payment_url: str | None  # while it can still be paid


@route(PATH, http_method=READ, include_in_schema=False)
async def receipt_page(request: AppRequest) -> RawResponse:
    page, by_payment = await enter_receipt(request)
    view = ReceiptPage(
        summary=page.summary(),
        notice=result_notice(page),
        rows=receipt_rows(page),
        receipt_lines=page.order.receipt_text,
        payment_url=page.url(page.current) if by_payment and page.current != "result" else None,
    )
    return page.show("receipt", view, page.layout(view.notice.title))


HANDLERS: Final = (receipt_page,)
