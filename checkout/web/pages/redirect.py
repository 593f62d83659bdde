"""The page that sends the customer to the bank or the payment service."""

from __future__ import annotations

from typing import Final

from litestar import route
from msgspec import Struct

from checkout.ledger.rows import Attempt
from checkout.model.next_action import PostForm, Redirect
from checkout.model.status import Status
from checkout.web.pages import messages
from checkout.web.pages.components import Notice, Summary, notice
from checkout.web.pages.payment_request import AGAIN, PAYMENT_PATH, PaymentRequest, enter
from checkout.web.request import READ, AppRequest
from checkout.web.response import RawResponse, see_other


class RedirectPage(Struct, frozen=True):
    """Sends the customer to the bank by a form that submits itself, or by a link. `by_itself`:
    False where the page must leave the shop's frame by a click; then `target` is _top. `again`: the
    customer has been sent there before, and decides."""

    summary: Summary
    notice: Notice
    url: str
    method: str | None  # POST or GET for a form, None for a link
    fields: tuple[tuple[str, str], ...]
    by_itself: bool
    again: bool
    target: str | None
    button: str
    leave_action: str  # POST .../cancel: choose another method
    form_token: str


@route(f"{PAYMENT_PATH}/redirect", http_method=READ, include_in_schema=False)
async def redirect_page(request: AppRequest) -> RawResponse:
    page = await enter(request)
    attempt = page.payment.live
    if page.status is not Status.REQUIRES_ACTION or attempt is None:
        return page.to_current()
    if not isinstance(attempt.next_action, Redirect | PostForm):
        return see_other(page.url("wait"))
    view = _view(page, attempt, attempt.next_action)
    return page.show("redirect", view, page.layout(view.notice.title), leaves=True)


def _view(page: PaymentRequest, attempt: Attempt, step: Redirect | PostForm) -> RedirectPage:
    by_card = attempt.facts.card is not None
    form = step if isinstance(step, PostForm) else None
    stays = not page.framed or step.framed
    return RedirectPage(
        summary=page.summary(),
        notice=notice(messages.LEAVING if by_card else messages.LEAVING_PROVIDER, page.lang),
        url=step.url,
        method=form.method if form else None,
        fields=form.fields if form else (),
        by_itself=stays,
        again=page.request.scope["query_string"] == AGAIN.encode(),
        target=None if stays else "_top",
        button=page._(messages.CONTINUE),
        leave_action=page.url("cancel"),
        form_token=page.form_token("cancel", attempt.number),
    )


HANDLERS: Final = (redirect_page,)
