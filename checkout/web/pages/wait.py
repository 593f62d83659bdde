"""The page that waits for the bank, or for a transfer that the customer makes elsewhere; its
status, polled as a fragment or as JSON; and the button "I have paid"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from litestar import post, route
from msgspec import Struct

from checkout.i18n import gettext
from checkout.ledger.rows import Attempt
from checkout.model.next_action import Instructions, NextAction, PostForm, Redirect
from checkout.model.order import COINS
from checkout.model.status import LIVE, OUTWARD, Status
from checkout.payments import customer_actions, status_query
from checkout.payments.offered_methods import can_be_confirmed
from checkout.shop_api.responses import status_and_message
from checkout.web.pages import messages
from checkout.web.pages.components import Notice, Summary, notice
from checkout.web.pages.formatting import clock_time, fill
from checkout.web.pages.payment_request import PAYMENT_PATH, PaymentRequest, enter
from checkout.web.pages.qr_code import qr_svg
from checkout.web.request import READ, AppRequest, header
from checkout.web.response import RawResponse, as_json
from checkout.web.security import new_nonce

STATUS: Final = "partials/status.html"
LOOK: Final = 4.0  # seconds between two polls of a page
MOVING: Final = 0.5  # the same where something is happening
FIRST_LOOK: Final = 2.0  # seconds that the page, unlike a poll, waits for the gateway


class Step(Struct, frozen=True):
    """`state`: done, now, next."""

    state: str
    text: str


class StatusView(Struct, frozen=True):
    """What htmx polls (`partials/status.html`). `next_check` in seconds; None stops."""

    notice: Notice
    status_url: str
    next_check: float | str | None
    checked: str  # "Last checked 20:14:05", changes with each poll
    steps: tuple[Step, ...] = ()
    usually: str | None = None  # how long it takes


class WaitPage(Struct, frozen=True):
    """Waiting for the bank, or for a transfer that the customer makes elsewhere."""

    summary: Summary
    status: StatusView
    instructions: Instructions | None
    link_label: str  # of the instructions' link
    qr_svg: str | None  # ready markup, ours
    again_url: str | None  # back to the bank's page, GET .../redirect
    again_label: str
    self_url: str  # for "check again" and the refresh without a script
    refresh: int  # seconds of the refresh without a script
    leave_action: str | None  # POST .../cancel, where another method may be chosen
    form_token: str
    confirm_action: str | None = None  # POST .../confirm: "I have paid"
    confirm_token: str = ""  # its form_token
    elapsed: int = 0  # seconds since the attempt began


@route(f"{PAYMENT_PATH}/wait", http_method=READ, include_in_schema=False)
async def wait_page(request: AppRequest) -> RawResponse:
    page = await enter(request)
    page.payment = await page.app.due_queries.look(page.payment, FIRST_LOOK)
    attempt = page.payment.live
    step = attempt.next_action if attempt and page.status is Status.REQUIRES_ACTION else None
    leaves = attempt and isinstance(step, Redirect | PostForm) and attempt.returned_at is None
    if page.status not in LIVE or leaves:
        return page.to_current()
    view = _view(page, attempt, step)
    return page.show("wait", view, page.layout(view.status.notice.title))


@route(f"{PAYMENT_PATH}/status", http_method=READ, include_in_schema=False)
async def status(request: AppRequest) -> RawResponse:
    """The fragment that htmx polls, or JSON; a redirect where the payment is at another page."""
    page = await enter(request, cached=True)
    if "application/json" in (header(request, b"accept") or ""):
        return _status_json(page)
    if page.current != "wait":
        return RawResponse(headers={"hx-redirect": page.url(page.current)})
    nonce = new_nonce()
    return page.app.respond(_fragment(page, nonce), nonce, ancestors=page.shop.frame_origins)


@post(f"{PAYMENT_PATH}/confirm", status_code=303, include_in_schema=False)
async def confirm(request: AppRequest) -> RawResponse:
    """ "I have paid": for transfers that the customer makes elsewhere."""
    page = await enter(request)
    await page.posted_for("confirm")
    page.payment = await customer_actions.confirm(page.app.context, page.payment)
    return page.to_current()


def _view(page: PaymentRequest, attempt: Attempt | None, step: NextAction | None) -> WaitPage:
    status, kind = _status_view(page), page.attempt_kind(attempt)
    instructions = step if isinstance(step, Instructions) else None
    confirms = attempt and instructions and can_be_confirmed(page.app.context, attempt)
    number = attempt.number if attempt else 0
    return WaitPage(
        summary=page.summary(timed=instructions is not None),
        status=status,
        instructions=instructions,
        link_label=link_label(instructions, kind, page.lang),
        qr_svg=qr_svg(instructions.qr) if instructions and instructions.qr else None,
        again_url=page.url("redirect") if isinstance(step, Redirect | PostForm) else None,
        again_label=page._(messages.of_kind(messages.GO_AGAIN, kind)),
        self_url=page.url("wait"),
        refresh=_refresh(page),
        leave_action=page.url("cancel") if page.status is Status.REQUIRES_ACTION else None,
        form_token=page.form_token("cancel", number),
        confirm_action=page.url("confirm") if confirms else None,
        confirm_token=page.form_token("confirm", number),
        elapsed=int(page.app.context.clock() - attempt.created_at) if attempt else 0,
    )


def _status_view(page: PaymentRequest) -> StatusView:
    checked = clock_time(page.app.context.clock(), page.spoken, page.time_zone)
    attempt = page.payment.live
    kind = page.attempt_kind(attempt)
    steps = wait_steps(attempt, kind, page.lang)
    pays = attempt is not None and attempt.status is Status.REQUIRES_ACTION
    return StatusView(
        notice=wait_notice(attempt, kind, page.lang),
        status_url=page.url("status"),
        next_check=_next_check(page),
        checked=fill(page._(messages.CHECKED), time=checked),
        steps=steps,
        usually=None if pays else page._(messages.of_kind(messages.USUALLY, kind)),
    )


def _next_check(page: PaymentRequest) -> float | None:
    """Seconds to the page's next poll. It costs no query, so a page asks more often than the
    gateway is asked, and again at once where something is happening; and never more often than the
    worker has time for. None when no attempt is live."""
    context, payment = page.app.context, page.payment
    wait = status_query.next_check(context, payment)
    if wait is None:
        return None
    moving = status_query.has_just_moved(context, payment)
    if page.app.due_queries.notice(payment) or moving:
        wait = MOVING
    elif status_query.is_due(context, payment):  # in a long line to the gateway
        wait = LOOK
    return round(page.app.poll_schedule.delay(min(wait, LOOK), soon=moving), 1)


def _refresh(page: PaymentRequest) -> int:
    """Seconds of the refresh without a script: the whole page, so no more often than the gateway
    is queried."""
    wanted = status_query.next_check(page.app.context, page.payment) or 2.0
    return max(2, round(page.app.poll_schedule.delay(wanted)))


def _fragment(page: PaymentRequest, nonce: str) -> bytes:
    """The status as htmx polls it: rendered once for all payments that show the same notice."""
    view = _status_view(page)
    own = {"nonce": nonce, "status_url": view.status_url, "checked": view.checked}
    if view.next_check is not None:
        own["next_check"] = str(view.next_check)

    def make(texts: Mapping[str, str]) -> str:
        of_all = msgspec.structs.replace(
            view,
            status_url=texts["status_url"],
            next_check=texts.get("next_check"),
            checked=texts["checked"],
        )
        return page.app.render(STATUS, page.lang, status=of_all, nonce=texts["nonce"])

    key = (STATUS, page.lang, view.notice, view.steps, view.usually, *own)
    return page.app.render.fill(key, own, make).body


def _status_json(page: PaymentRequest) -> RawResponse:
    status = page.status
    _, message = status_and_message(page.payment, page.app.context.clock())
    view = {
        "uid": page.payment.uid,
        "status": OUTWARD[status],
        "message": message,
        "next_check": _next_check(page) if status in LIVE else None,
    }
    return as_json(view)


def wait_notice(attempt: Attempt | None, kind: str, language: str) -> Notice:
    """What the customer waits for; never "failed" while the result is unknown."""
    if attempt is None:  # held, as the ledger was restored
        return _waiting(messages.CHECKING, messages.STATUS[Status.PENDING].text, kind, language)
    if isinstance(attempt.next_action, Instructions) and attempt.status is Status.REQUIRES_ACTION:
        return notice(messages.INSTRUCTIONS, language)
    if attempt.status is Status.REQUIRES_ACTION:
        text = messages.of_kind(messages.BACK_EARLY_TEXT, kind)
        return _waiting(messages.BACK_EARLY, text, kind, language)
    if isinstance(attempt.next_action, Instructions) and not attempt.mismatch:
        return notice(messages.CONFIRMED, language)
    if attempt.gateway_id is not None and not attempt.mismatch and attempt.queries < 5:
        return _waiting(messages.WAITING, messages.WAITING_TEXT, kind, language)
    return _waiting(messages.CHECKING, messages.STATUS[Status.PENDING].text, kind, language)


def wait_steps(attempt: Attempt | None, kind: str, language: str) -> tuple[Step, ...]:
    """What is done and what is to come; none where the customer pays elsewhere by instructions."""
    _ = gettext(language)
    if attempt is None or isinstance(attempt.next_action, Instructions):
        return ()
    theirs = attempt.status is Status.REQUIRES_ACTION
    now = messages.YOU_CONFIRM if theirs else messages.ANSWERS
    return (
        Step("done", _(messages.of_kind(messages.SENT, kind))),
        Step("now", _(messages.of_kind(now, kind))),
        Step("next", _(messages.SHOP_NOTIFIED)),
    )


def _waiting(titles: messages.ByKind, text: str, kind: str, language: str) -> Notice:
    return notice(messages.Message(messages.of_kind(titles, kind), text, "wait"), language)


def link_label(instructions: Instructions | None, kind: str, language: str) -> str:
    """The text of the instructions' link: it opens a page, a wallet or another app."""
    _ = gettext(language)
    if instructions is None or instructions.link is None:
        return ""
    if instructions.link.startswith("http"):
        return _(messages.OPEN_PAGE)
    return _(messages.OPEN_WALLET if kind == COINS else messages.OPEN_APP)


HANDLERS: Final = (confirm, wait_page, status)
