"""The page of an error."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from checkout.errors import Cancelled, Expired, ShopDisabled
from checkout.i18n import LANGUAGES, choose_language, direction, gettext
from checkout.ledger.rows import Payment
from checkout.model.order import PageSettings
from checkout.model.product import Sale
from checkout.settings import Shop
from checkout.web.context import app_of
from checkout.web.language_choice import picks, wished
from checkout.web.pages import messages
from checkout.web.pages.components import Notice, notice
from checkout.web.pages.layout import Frame, Layout, payee_of, picker
from checkout.web.pages.payment_request import PaymentRequest, payment_request
from checkout.web.request import AppRequest, behind
from checkout.web.response import RawResponse

OF_ERROR: Final[dict[type[Exception], messages.Message]] = {
    Cancelled: messages.INVOICE_CANCELLED,
    ShopDisabled: messages.SALE[Sale.INACTIVE],
}


class ErrorPage(Struct, frozen=True):
    """`status`: the HTTP status. `actions`: (text, address)."""

    notice: Notice
    status: int
    actions: tuple[tuple[str, str], ...] = ()


def error_page(
    request: AppRequest, error: Exception, status: int, headers: dict[str, str]
) -> RawResponse:
    app, path = app_of(request), request.scope["path"].split("/")
    first = path[1] if len(path) > 1 else ""
    accept = request.headers.get("accept-language", "")
    lang = choose_language(wished(request), first, accept=accept)
    found = OF_ERROR.get(type(error)) or messages.ERROR.get(
        status, messages.ERROR[500 if status >= 500 else 400]
    )
    actions = _actions(path, lang, status, error)
    view = ErrorPage(notice(found, lang), status, actions)
    state = request.scope["state"]
    payment: Payment | None = state.get("payment")
    page = payment_request(app, request, lang, payment) if payment else None
    shop: Shop | None = page.shop if page else state.get("shop")
    page_settings = page.order.page_settings if page else PageSettings()
    codes = shop.languages if shop else ()
    language, languages = picker(lang, codes, opened=picks(request))
    layout = Layout(
        lang=lang,
        title=view.notice.title,
        dir=direction(lang),
        shop=app.shop_view(shop, page_settings) if shop else None,
        framed=page.framed if page else False,
        language=language,
        languages=languages,
        payee=payee_of(shop, lang) if shop else None,
        frame=_frame(page),
        behind=behind(request) is not None,
    )
    return app.show(
        "pages/error.html",
        layout,
        ancestors=page.shop.frame_origins if page else (),
        status_code=status,
        headers=headers,
        page=view,
    )


def _frame(page: PaymentRequest | None) -> Frame | None:
    """What its script reports, where it is shown in place of a payment's page."""
    return page.frame(None) if page and page.shop.frame_origins else None


def _actions(
    path: list[str], lang: str, status: int, error: Exception
) -> tuple[tuple[str, str], ...]:
    """Back to the payment, where the address names one; of an expired link its renewal."""
    if isinstance(error, Expired):
        return ((gettext(lang)(messages.RENEW), f"{'/'.join(path)}?renew=1"),)
    if status == 404 or len(path) < 5 or path[1] not in LANGUAGES or path[2] != "payment":
        return ()
    _ = gettext(lang)
    text = messages.OPEN_NEW_TAB if status == 403 else messages.OPEN_PAYMENT
    return ((_(text), "/".join(path[:5])),)
