"""The customer's pages: each reads its input, says one verb of the flow, answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

import msgspec
from litestar import post, route

from checkout.errors import Unprocessable
from checkout.flow.verbs import CHOOSE_METHOD, Submission
from checkout.merchant.landing import back, names_a_way
from checkout.merchant.shapes import words as shop_words
from checkout.model.browser import FIELDS, Browser
from checkout.model.next_action import Instructions, PostForm, Redirect
from checkout.model.order import Method, Order
from checkout.model.status import LIVE, OUTWARD, WON, Status
from checkout.signing import CustomerCookie
from checkout.web import present, reasons, words
from checkout.web.answer import Answer
from checkout.web.bodies import posted_form
from checkout.web.forms import ASKED, asked_names
from checkout.web.inputs import name_of
from checkout.web.payment_page import asked_inputs, known_customer, show_payment
from checkout.web.robots import admitted, look_at
from checkout.web.security import guard_form
from checkout.web.strangers import ANSWER, NOT_KNOWN, answered, cookie_of
from checkout.web.submission import read_submission
from checkout.web.views import (
    OrderPage,
    RedirectPage,
    ResultPage,
    Row,
    StatusView,
    Summary,
    WaitPage,
)
from checkout.web.visit import (
    READ,
    Visit,
    Web_Request,
    enter,
    enter_receipt,
    header,
    see_other,
)

PATH: Final = "/{lang:str}/payment/{uid:str}/{secret:str}"
ORDER_PATH: Final = "/{lang:str}/order/{uid:str}/{secret:str}"


@route(PATH, http_method=READ, include_in_schema=False)
async def payment_page(request: Web_Request) -> Answer:
    visit = await enter(request)
    return visit.to_page() if visit.page else await show_payment(visit)


@route(f"{PATH}/pay", http_method=READ, include_in_schema=False)
async def pay_again(request: Web_Request) -> Answer:
    """Somebody reloaded or bookmarked the form's target."""
    visit = await enter(request)
    return visit.to_page()


@post(f"{PATH}/pay", status_code=303, include_in_schema=False)
async def pay(request: Web_Request) -> Answer:
    visit, fields = await _posted(request)
    token = visit.web.signer.read_form("pay", visit.story.payment.uid, fields.get("form_token", ""))
    if token.own:
        visit.owned()
    if visit.page or token.attempt != visit.story.next_number:
        return visit.to_page()
    kept = _browser_fields(visit, fields)
    chosen, submission, errors = await read_submission(
        visit,
        fields,
        number=token.attempt,
        known=known_customer(visit),
        browser=_browser(request, kept),
    )
    if submission is None or chosen is None:
        return await show_payment(visit, values=fields, errors=errors, status_code=422)
    look = await look_at(visit)
    if not admitted(visit, look, fields):
        return await show_payment(visit, values=fields, checks=True, status_code=422)
    if visit.story.payment.opened_at is None:  # nobody was there before
        visit.owned()
    uid = visit.story.payment.uid
    cookie = CustomerCookie(uid, visit.lang, chosen.name, token.attempt, kept, visit.own)
    submission = msgspec.structs.replace(submission, stranger=not visit.own, look=look)
    try:
        visit.story = await visit.web.flow.pay(visit.story, submission)
    except Unprocessable:  # the shop's methods changed while the form was open
        wrong = {"method": CHOOSE_METHOD}
        return await show_payment(visit, values=fields, errors=wrong, status_code=422)
    if refused := _refused_field(visit, chosen, submission):
        return await show_payment(visit, values=fields, errors=refused, status_code=422)
    return visit.to_page(cookie)


def _refused_field(visit: Visit, method: Method, sent: Submission) -> dict[str, str]:
    """The field of this form that the gateway did not accept: nothing was made of it, and it can
    be mended here."""
    last = visit.story.last
    if last is None or last.number != sent.number or last.status is not Status.LOST:
        return {}
    name = last.facts.refused
    if name is None:
        return {}
    for asked in asked_inputs(visit, method):
        if asked.name == name:
            return {name_of(method.name, asked): words.INPUT_REFUSED}
    known = words.REFUSED.get(name) or (ASKED[name].wrong if name in ASKED else None)
    shown = name in words.REFUSED or name in asked_names(visit.story.payment.order)
    return {name: known} if known and shown else {}


@route(f"{PATH}/who", http_method=READ, include_in_schema=False)
async def who_again(request: Web_Request) -> Answer:
    visit = await enter(request)
    return visit.to_page()


@post(f"{PATH}/who", include_in_schema=False)
async def who(request: Web_Request) -> Answer:
    """ "I am the customer": whoever knows the e-mail address is shown the rest. Where the browser
    keeps no cookie, as in some frames, that is for this one page."""
    visit = await enter(request)
    if await answered(request, visit):
        visit.owned()
    if visit.page or (visit.own and visit.cookie):
        return visit.to_page(cookie_of(visit))
    if visit.own:
        return await show_payment(visit)
    return await show_payment(visit, errors={ANSWER: NOT_KNOWN}, status_code=422)


@post(f"{PATH}/cancel", status_code=303, include_in_schema=False)
async def cancel(request: Web_Request) -> Answer:
    """`what=attempt`: choose another way to pay; else the payment is given up."""
    visit, fields = await _posted(request)
    visit.web.signer.read_form("cancel", visit.story.payment.uid, fields.get("form_token", ""))
    verb = visit.web.flow.leave if fields.get("what") == "attempt" else visit.web.flow.cancel
    visit.story = await verb(visit.story)
    return visit.to_page()


@post(f"{PATH}/confirm", status_code=303, include_in_schema=False)
async def confirm(request: Web_Request) -> Answer:
    """ "I have paid": for transfers that the customer makes elsewhere."""
    visit, fields = await _posted(request)
    visit.web.signer.read_form("confirm", visit.story.payment.uid, fields.get("form_token", ""))
    visit.story = await visit.web.flow.confirm(visit.story)
    return visit.to_page()


@route(f"{PATH}/redirect", http_method=READ, include_in_schema=False)
async def redirect_page(request: Web_Request) -> Answer:
    visit = await enter(request)
    attempt = visit.story.live
    if visit.status is not Status.ACTION or attempt is None:
        return visit.to_page()
    if not isinstance(attempt.step, Redirect | PostForm):
        return see_other(visit.url("wait"))
    step = attempt.step
    form = step if isinstance(step, PostForm) else None
    stays = not visit.framed or step.framed
    notice = present.leaving_notice(attempt, visit.lang)
    page = RedirectPage(
        summary=_summary(visit),
        notice=notice,
        url=step.url,
        method=form.method if form else None,
        fields=form.fields if form else (),
        by_itself=stays,
        target=None if stays else "_top",
        button=visit._(words.CONTINUE),
        leave_action=visit.url("cancel"),
        form_token=visit.form_token("cancel", attempt.number),
    )
    return visit.show("redirect", page, title=notice.title, leaves=True)


@route(f"{PATH}/wait", http_method=READ, include_in_schema=False)
async def wait_page(request: Web_Request) -> Answer:
    visit = await enter(request)
    visit.story = await visit.web.flow.look(visit.story)
    if visit.status not in LIVE:
        return visit.to_page()
    attempt = visit.story.live
    step = attempt.step if attempt and visit.status is Status.ACTION else None
    instructions = step if isinstance(step, Instructions) else None
    if attempt and isinstance(step, Redirect | PostForm) and attempt.returned_at is None:
        return visit.to_page()
    status = _status_view(visit)
    page = WaitPage(
        summary=_summary(visit, timed=instructions is not None),
        status=status,
        instructions=instructions,
        link_label=present.link_label(instructions, visit.attempt_kind(attempt), visit.lang),
        qr_svg=present.qr_svg(instructions.qr) if instructions and instructions.qr else None,
        again_url=visit.url("redirect") if isinstance(step, Redirect | PostForm) else None,
        again_label=visit._(reasons.of_kind(reasons.GO_AGAIN, visit.attempt_kind(attempt))),
        self_url=visit.url("wait"),
        refresh=max(2, round(status.next_check or 2)),
        leave_action=visit.url("cancel") if visit.status is Status.ACTION else None,
        form_token=visit.form_token("cancel", attempt.number if attempt else 0),
        confirm_action=visit.url("confirm")
        if attempt and instructions and visit.web.flow.can(attempt, "confirm")
        else None,
        confirm_token=visit.form_token("confirm", attempt.number if attempt else 0),
        elapsed=int(visit.web.flow.clock() - attempt.created_at) if attempt else 0,
    )
    return visit.show("wait", page, title=status.notice.title)


@route(f"{PATH}/status", http_method=READ, include_in_schema=False)
async def status(request: Web_Request) -> Answer:
    """The fragment that htmx polls, or JSON; a page that has moved on says where."""
    visit = await enter(request, glance=True)
    visit.story = await visit.web.flow.look(visit.story)
    if "application/json" in (header(request, b"accept") or ""):
        return _status_json(visit)
    if visit.page != "wait":
        return Answer(headers={"hx-redirect": visit.url(visit.page)})
    return visit.show("status", _status_view(visit), folder="partials")


@route(f"{PATH}/result", http_method=READ, include_in_schema=False)
async def result_page(request: Web_Request) -> Answer:
    visit = await enter(request)
    if visit.page != "result":
        return visit.to_page()
    await visit.web.flow.told(visit.story)
    story, now_status, order = visit.story, visit.status, visit.story.payment.order
    kind = visit.attempt_kind(story.shown)
    notice = present.result_notice(story, now_status, kind, visit.lang)
    back_url = back(story, now_status, visit.shop, visit.web.flow.clock())
    paid = now_status in WON
    attempt = story.shown
    page = ResultPage(
        summary=_summary(visit),
        notice=notice,
        rows=_rows(visit),
        receipt_lines=order.receipt_text if paid else (),
        # What a gateway's own receipt says of the customer is not known.
        receipt_url=attempt.facts.receipt_url if attempt and paid and visit.own else None,
        order_url=visit.receipt_url() if paid else None,
        back_url=back_url,
        back_label=order.ways.button_next_text
        or present.fill(visit._(words.BACK), shop=visit.shop.name),
        auto_return=_auto_return(order) if back_url else None,
        target="_top" if visit.framed else None,
        stay=not names_a_way(story, now_status),
    )
    return visit.show("result", page, title=notice.title)


@route(ORDER_PATH, http_method=READ, include_in_schema=False)
async def order_page(request: Web_Request) -> Answer:
    """The receipt: by a secret of its own, from which nothing leads to the payment."""
    visit, by_payment = await enter_receipt(request)
    kind = visit.attempt_kind(visit.story.shown)
    notice = present.result_notice(visit.story, visit.status, kind, visit.lang)
    page = OrderPage(
        summary=_summary(visit),
        notice=notice,
        rows=_rows(visit),
        receipt_lines=visit.story.payment.order.receipt_text,
        payment_url=visit.url(visit.page) if by_payment and visit.page != "result" else None,
    )
    return visit.show("order", page, title=notice.title)


def _rows(visit: Visit) -> tuple[Row, ...]:
    name, zone = visit.shop.name, _zone(visit)
    return present.rows(visit.story, visit.status, name, visit.lang, zone, own=visit.own)


async def _posted(request: Web_Request) -> tuple[Visit, dict[str, str]]:
    visit = await enter(request)
    guard_form(request, visit.web.settings.public_url)
    return visit, await posted_form(request)


def _auto_return(order: Order) -> int | None:
    """Seconds; who pays at once is back at once, unless the shop says otherwise."""
    wanted = order.ways.auto_return
    return 0 if wanted is None and order.auto_pays else wanted


def _browser_fields(visit: Visit, fields: Mapping[str, str]) -> dict[str, str]:
    """What the browser says of itself; without JavaScript what it has said on an earlier page."""
    kept = visit.cookie.browser if visit.cookie else {}
    return kept | {name: fields[name] for name in FIELDS if fields.get(name)}


def _zone(visit: Visit) -> tzinfo:
    """The clock that times are told by: the browser's own, where its cookie names it."""
    cookie = visit.cookie
    return present.zone_of(cookie.browser if cookie else {})


def _browser(request: Web_Request, fields: Mapping[str, str]) -> Browser:
    headers = request.headers
    return Browser.read(
        fields,
        accept=headers.get("accept", ""),
        user_agent=headers.get("user-agent", ""),
        accept_language=headers.get("accept-language", ""),
    )


def _summary(visit: Visit, **wishes: Any) -> Summary:
    return present.summary(visit.story, visit.lang, visit.web.flow.clock(), **wishes)


def _status_view(visit: Visit) -> StatusView:
    checked = present.clock_time(visit.web.flow.clock(), visit.lang, _zone(visit))
    next_check = visit.web.flow.next_check(visit.story)
    attempt = visit.story.live
    return StatusView(
        notice=present.wait_notice(attempt, visit.attempt_kind(attempt), visit.lang),
        status_url=visit.url("status"),
        next_check=None if next_check is None else round(next_check, 1),
        checked=present.fill(visit._(words.CHECKED), time=checked),
    )


def _status_json(visit: Visit) -> Answer:
    status = visit.status
    _, message = shop_words(visit.story, visit.web.flow.clock())
    live = status in LIVE
    view = {
        "uid": visit.story.payment.uid,
        "status": OUTWARD[status],
        "message": message,
        "next_check": visit.web.flow.next_check(visit.story) if live else None,
    }
    return Answer(msgspec.json.encode(view), media_type="application/json")


HANDLERS: Final = (
    payment_page,
    pay_again,
    pay,
    who,
    who_again,
    cancel,
    confirm,
    redirect_page,
    wait_page,
    status,
    result_page,
    order_page,
)
