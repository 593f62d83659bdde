"""One request to a page of a payment: whose browser it is, and which page the payment is at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final, Literal

import msgspec

from checkout.errors import NotFound
from checkout.i18n import LANGUAGES
from checkout.identifiers import receipt_secret
from checkout.ledger.rows import Attempt, Payment
from checkout.model.next_action import Instructions
from checkout.model.order import Customer, Order
from checkout.model.status import LIVE, OUTWARD, Status
from checkout.payments import find
from checkout.payments.offered_methods import OfferedMethod, kind_of_attempt, offered_methods
from checkout.signing import CustomerCookie, new_form_nonce, set_cookie
from checkout.web.compressed_page import FilledPage, encoded
from checkout.web.context import AppContext, app_of
from checkout.web.own_address import located, only_at_own_address
from checkout.web.pages.components import Summary, summary
from checkout.web.pages.formatting import zone_of
from checkout.web.pages.layout import Frame
from checkout.web.pages.order_lines import lines_view
from checkout.web.pages.page_request import PageRequest
from checkout.web.pictures import PATH as PICTURE_PATH
from checkout.web.request import AppRequest, header, our_cookie
from checkout.web.response import PLAIN, RawResponse, see_other

PAYMENT_PATH: Final = "/{lang:str}/payment/{uid:str}/{secret:str}"

AGAIN: Final = "again"  # of the redirect page: who comes back to the payment was there before

# The page of each status; a customer on another page is sent there.
PAGE: Final[dict[Status, str]] = {
    Status.OPEN: "",
    Status.PENDING: "wait",
    Status.REQUIRES_ACTION: "redirect",
    Status.PAID: "result",
    Status.AUTHORIZED: "result",
    Status.DECLINED: "result",
    Status.CANCELLED: "result",
    Status.EXPIRED: "result",
    Status.REFUNDED: "result",
}


@dataclass(slots=True)
class PaymentRequest(PageRequest):
    """One request to a page of a payment."""

    payment: Payment
    _form_nonce: str | None = field(init=False, default=None)
    _is_customer: bool | None = field(init=False, default=None)
    _cookie: CustomerCookie | Literal[False] | None = field(
        init=False, default=False
    )  # False: not read

    @property
    def order(self) -> Order:
        return self.payment.order

    @property
    def status(self) -> Status:
        return self.app.context.status_of(self.payment)

    @property
    def current(self) -> str:
        """The page where the payment is now."""
        status, attempt = self.status, self.payment.live
        if status is Status.REQUIRES_ACTION and attempt is not None:
            stays = isinstance(attempt.next_action, Instructions) or attempt.next_action is None
            return "wait" if stays or attempt.returned_at is not None else "redirect"
        return PAGE[status]

    def attempt_kind(self, attempt: Attempt | None) -> str:
        """The kind of an attempt's method."""
        return kind_of_attempt(self.app.context, self.shop, attempt)

    async def offered_methods(self, customer: Customer | None = None) -> tuple[OfferedMethod, ...]:
        """`customer`: in place of the page's `known_customer`."""
        known = customer or self.known_customer
        return await offered_methods(self.app.context, self.payment, self.shop, self.lang, known)

    @property
    def known_customer(self) -> Customer:
        """The customer's data of the last attempt, else the shop's; never what a stranger typed."""
        typed = [each.customer for each in self.payment.attempts if not each.stranger]
        return typed[-1] if typed else self.order.customer

    @property
    def cookie(self) -> CustomerCookie | None:
        if self._cookie is False:
            value, uid = our_cookie(self.request), self.payment.uid
            self._cookie = self.app.signer.read_cookie(uid, value) if value else None
        return self._cookie

    @property
    def is_customer(self) -> bool:
        """Whether this is the customer's browser; anybody else is a stranger, who may pay but is
        shown none of the customer's data."""
        if self._is_customer is None:
            cookie = self.cookie
            self._is_customer = cookie is not None and cookie.own
        return self._is_customer

    def recognise(self) -> None:
        """From now on this request counts as the customer's."""
        self._is_customer = True

    def url(self, page: str = "", *, lang: str | None = None) -> str:
        """The path of a page of this payment; "" is the payment page."""
        payment = self.payment
        path = f"/{lang or self.lang}/payment/{payment.uid}/{payment.secret}"
        return f"{path}/{page}" if page else path

    def picture_url(self, address: str) -> str:
        """Our path of a picture at the shop's address."""
        return PICTURE_PATH + self.app.signer.sign_picture(self.shop.id, address)

    def receipt_url(self) -> str:
        """The path of the receipt, which doesn't give access to the payment."""
        payment = self.payment
        return f"/{self.lang}/order/{payment.uid}/{receipt_secret(payment.secret)}"

    def form_token(self, purpose: str, number: int) -> str:
        if self._form_nonce is None:
            self._form_nonce = new_form_nonce()
        uid = self.payment.uid
        own = purpose == "pay" and self._is_customer is True
        return self.app.signer.sign_form(purpose, uid, number, self._form_nonce, own=own)

    def summary(self, *, timed: bool = False) -> Summary:
        found = summary(self.payment, self.spoken, self.app.context.clock(), timed=timed)
        view = None if self.framed else lines_view(self.order, self.spoken, self.picture_url)
        if view is None:
            return found
        lines = self.app.render.part("partials/order_lines.html", self.spoken, view=view)
        return msgspec.structs.replace(found, order_lines=lines)

    @property
    def time_zone(self) -> tzinfo | None:
        """The zone that times are shown in: the browser's own, where its cookie has it."""
        cookie = self.cookie
        return zone_of(cookie.browser if cookie else {})

    async def posted_for(self, purpose: str) -> dict[str, str]:
        """The fields of a form whose token is of this purpose. Raises Forbidden."""
        fields = await self.posted()
        self.app.signer.read_form(purpose, self.payment.uid, fields.get("form_token", ""))
        return fields

    def to_current(self, cookie: CustomerCookie | None = None) -> RawResponse:
        """A redirect to the page where the payment is now; `cookie`: to be set. The payment page's
        own script follows one to the payment page, and is told of any other by a header."""
        url = located(self.request, self.app.settings, self.shop, self.url(self.current))
        headers = self._cookie_header(cookie)
        if self.current == "redirect" and self._comes_back:
            url += f"?{AGAIN}"
        if self.current and self.behind is not None:
            return RawResponse(headers=headers | {"hx-redirect": url}, media_type=PLAIN)
        return see_other(url, headers)

    @property
    def _comes_back(self) -> bool:
        """Whether a browser opens a page, rather than sends a form."""
        request = self.request
        return request.method != "POST" and header(request, b"sec-fetch-mode") == "navigate"

    def _cookie_header(self, cookie: CustomerCookie | None) -> dict[str, str]:
        return {"set-cookie": set_cookie(self.app.signer.sign_cookie(cookie))} if cookie else {}

    def respond(
        self,
        page: bytes | FilledPage,
        nonce: str,
        *,
        status_code: int,
        cookie: CustomerCookie,
        wallets: Collection[str] = (),
    ) -> RawResponse:
        """A rendered page as the response; `cookie`: to be set; `wallets`: that it offers."""
        headers = self._cookie_header(cookie)
        if isinstance(page, FilledPage):
            page, encoding = encoded(page, header(self.request, b"accept-encoding") or "")
            headers |= encoding
        return self.app.respond(
            page,
            nonce,
            ancestors=self.shop.frame_origins,
            wallets=wallets,
            status_code=status_code,
            headers=headers,
        )

    def frame(self, uid: str | None) -> Frame:
        status = self.status
        uid = uid or self.payment.uid
        return Frame(self.shop.frame_origins, uid, OUTWARD[status], status in LIVE)


def payment_request(
    app: AppContext, request: AppRequest, lang: str, payment: Payment
) -> PaymentRequest:
    """Raises NotFound for a shop that is no longer in the settings."""
    shop = app.context.shop(payment)
    # For the error page, which shows the shop too, and for headers. The payment and not the page:
    # that refers to its request, and only the garbage collector would free such a cycle.
    request.scope["state"]["payment"] = payment
    return PaymentRequest(app, request, lang, shop, payment)


async def enter(request: AppRequest, *, cached: bool = False) -> PaymentRequest:
    """The request behind a payment's address. Raises NotFound, also for an unknown language.
    `cached`: the payment may be a second old."""
    app, place, lang = _address_of(request)
    found = find.by_address_cached if cached else find.by_address
    payment = await found(app.context, place["uid"], place["secret"])
    only_at_own_address(request, app.settings, app.context.shop(payment))
    return payment_request(app, request, lang, payment)


async def enter_receipt(request: AppRequest) -> tuple[PaymentRequest, bool]:
    """The request behind a receipt's address, and whether it may link to the payment: only
    where it was opened by the payment's own secret. Raises NotFound."""
    app, place, lang = _address_of(request)
    payment, by_payment = await find.by_receipt(app.context, place["uid"], place["secret"])
    only_at_own_address(request, app.settings, app.context.shop(payment))
    return payment_request(app, request, lang, payment), by_payment


def _address_of(request: AppRequest) -> tuple[AppContext, dict[str, Any], str]:
    place = request.path_params
    lang: str = place["lang"]
    if lang not in LANGUAGES:
        raise NotFound
    return app_of(request), place, lang
