"""The result page: paid, declined, cancelled or expired."""

from __future__ import annotations

from typing import Final

from litestar import route
from msgspec import Struct

from checkout.model.order import Order
from checkout.model.status import SUCCESSFUL
from checkout.payments import customer_actions
from checkout.shop_api.return_url import has_return_url, return_url_of
from checkout.web.pages import messages
from checkout.web.pages.components import Notice, Row, Summary
from checkout.web.pages.formatting import fill
from checkout.web.pages.outcome import receipt_rows, result_notice
from checkout.web.pages.payment_request import PAYMENT_PATH, PaymentRequest, enter
from checkout.web.request import READ, AppRequest
from checkout.web.response import RawResponse


class ResultPage(Struct, frozen=True):
    """The result: paid, declined, cancelled or expired."""

    summary: Summary
    notice: Notice
    rows: tuple[Row, ...]
    receipt_lines: tuple[str, ...]
    receipt_url: str | None  # the gateway's receipt
    order_url: str | None  # our printable one
    back_url: str | None
    back_label: str
    auto_return: int | None  # seconds; 0 at once
    target: str | None  # _top in a frame
    stay: bool = False  # the order names no return URL: a frame may just be closed


@route(f"{PAYMENT_PATH}/result", http_method=READ, include_in_schema=False)
async def result_page(request: AppRequest) -> RawResponse:
    page = await enter(request)
    if page.current != "result":
        return page.to_current()
    await customer_actions.wait_for_webhook(page.app.context, page.payment)
    view = _view(page)
    return page.show("result", view, page.layout(view.notice.title))


def _view(page: PaymentRequest) -> ResultPage:
    payment, status, order = page.payment, page.status, page.order
    back_url = return_url_of(payment, status, page.shop, page.app.context.clock())
    paid, attempt = status in SUCCESSFUL, payment.shown
    return ResultPage(
        summary=page.summary(),
        notice=result_notice(page),
        rows=receipt_rows(page),
        receipt_lines=order.receipt_text if paid else (),
        # A gateway's receipt may show the customer's data.
        receipt_url=attempt.facts.receipt_url if attempt and paid and page.is_customer else None,
        order_url=page.receipt_url() if paid else None,
        back_url=back_url,
        back_label=order.page_settings.button_next_text
        or fill(page._(messages.BACK), shop=page.shop.name),
        auto_return=_auto_return(order) if back_url else None,
        target="_top" if page.framed else None,
        stay=not has_return_url(payment, status),
    )


def _auto_return(order: Order) -> int | None:
    """Seconds; 0 where the page pays by itself, unless the shop sets it."""
    wanted = order.page_settings.auto_return
    return 0 if wanted is None and order.auto_pays else wanted


HANDLERS: Final = (result_page,)
