"""The result page: paid, declined, cancelled or expired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from litestar import route
from msgspec import Struct

from checkout.model.order import Order
from checkout.model.status import SUCCESSFUL
from checkout.payments import customer_actions, renewal
from checkout.shop_api.return_url import has_return_url, return_url_of
from checkout.web.pages import messages
from checkout.web.pages.components import Notice, Row, Summary
from checkout.web.pages.formatting import fill
from checkout.web.pages.outcome import result_notice, result_rows
from checkout.web.pages.payment_request import PAYMENT_PATH, PaymentRequest, enter
from checkout.web.request import READ, AppRequest
from checkout.web.response import RawResponse
from checkout.web.security import new_nonce

TEMPLATE: Final = "pages/result.html"
OF_SUMMARY: Final = ("amount", "description", "reference", "order_lines", "size")
OF_PAGE: Final = ("receipt_url", "order_url", "back_url", "again_action", "again_token")
AGAIN: Final = {"resume": messages.RESUME, "renew": messages.RENEW}  # the ways on from the end


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
    again_action: str | None = None  # POST .../resume or .../renew, where it can be paid yet
    again_token: str = ""  # its form_token
    again_label: str = ""
    stay: bool = False  # the order names no return URL: a frame may just be closed


@route(f"{PAYMENT_PATH}/result", http_method=READ, include_in_schema=False)
async def result_page(request: AppRequest) -> RawResponse:
    page = await enter(request)
    if page.current != "result":
        return page.to_current()
    await customer_actions.wait_for_webhook(page.app.context, page.payment)
    nonce = new_nonce()
    again = await _way_on(page)
    body = rendered(page, nonce, again=again)
    return page.app.respond(body, nonce, ancestors=page.shop.frame_origins)


async def _way_on(page: PaymentRequest) -> str | None:
    """One of `AGAIN`, where the customer can still pay what ended unpaid."""
    context = page.app.context
    if await customer_actions.can_resume(context, page.payment):
        return "resume"
    renews = not page.framed and await renewal.is_offered(context, page.payment, page.shop)
    return "renew" if renews else None


def rendered(page: PaymentRequest, nonce: str, *, again: str | None = None) -> bytes:
    """The page: rendered once for all payments that ended alike, and filled in with what is this
    payment's own. A receipt text is one payment's alone, and so are pages that show one."""
    view = view_of(page, again=again)
    if view.summary.lines:
        layout = page.layout(view.notice.title)
        return page.app.render(TEMPLATE, page.lang, page=view, layout=layout, nonce=nonce).encode()
    own = _own_texts(view) | {"nonce": nonce, "uid": page.payment.uid}

    def make(texts: Mapping[str, str]) -> str:
        layout = page.layout(view.notice.title, uid=texts["uid"])
        alike = _with_texts(view, texts)
        return page.app.render(TEMPLATE, page.lang, page=alike, layout=layout, nonce=texts["nonce"])

    blank = dict.fromkeys(own, "")
    layout = page.layout(view.notice.title, uid="-")
    key = (TEMPLATE, layout, _with_texts(view, blank), *own)
    return page.app.render.fill(key, own, make).body


def _own_texts(view: ResultPage) -> dict[str, str]:
    """What differs between payments that ended alike, by names. The template shows these texts, and
    asks no more of them than whether they are there."""
    own = {name: getattr(view.summary, name) for name in OF_SUMMARY}
    own |= {name: getattr(view, name) for name in OF_PAGE}
    own |= {f"row_{number}": row.value for number, row in enumerate(view.rows)}
    own |= {f"time_{number}": row.time for number, row in enumerate(view.rows)}
    own |= {f"copies_{number}": row.copies or "" for number, row in enumerate(view.rows)}
    return {name: text for name, text in own.items() if text}


def _with_texts(view: ResultPage, texts: Mapping[str, str]) -> ResultPage:
    """The view with these texts in the places of its own."""
    return msgspec.structs.replace(
        view,
        summary=msgspec.structs.replace(
            view.summary, **{name: texts[name] for name in OF_SUMMARY if name in texts}
        ),
        rows=tuple(
            msgspec.structs.replace(
                row,
                value=texts.get(f"row_{number}", row.value),
                time=texts.get(f"time_{number}", row.time),
                copies=texts.get(f"copies_{number}", row.copies),
            )
            for number, row in enumerate(view.rows)
        ),
        **{name: texts[name] for name in OF_PAGE if name in texts},
    )


def view_of(page: PaymentRequest, *, again: str | None = None) -> ResultPage:
    """`again`: one of `AGAIN`."""
    payment, status, order = page.payment, page.status, page.order
    back_url = return_url_of(payment, status, page.shop, page.app.context.clock())
    paid, attempt = status in SUCCESSFUL, payment.shown
    return ResultPage(
        summary=page.summary(),
        notice=_notice(page, again),
        rows=result_rows(page),
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
        again_action=page.url(again) if again else None,
        again_token=page.form_token(again, payment.next_number) if again else "",
        again_label=page._(AGAIN[again]) if again else "",
    )


def _notice(page: PaymentRequest, again: str | None) -> Notice:
    found = result_notice(page)
    if again == "renew":
        return Notice(found.title, page._(messages.RENEWABLE), found.tone)
    return found


def _auto_return(order: Order) -> int | None:
    """Seconds; 0 where the page pays by itself, unless the shop sets it."""
    wanted = order.page_settings.auto_return
    return 0 if wanted is None and order.auto_pays else wanted


HANDLERS: Final = (result_page,)
