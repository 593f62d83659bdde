"""Who is looking at which payment, which page that payment is at, and how a page is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from litestar import HttpMethod, Request

from checkout.errors import NotFound
from checkout.flow.verbs import Flow
from checkout.i18n import LANGUAGES, gettext
from checkout.identifiers import receipt_secret
from checkout.ledger.rows import Attempt, Story
from checkout.model.next_action import Instructions
from checkout.model.order import CARD, TOKENIZATION, Ways
from checkout.model.status import LIVE, OUTWARD, Status
from checkout.settings import Settings, Shop
from checkout.settings.colour import on_dark, text_on
from checkout.signing import (
    COOKIE,
    LARGEST_COOKIE,
    CustomerCookie,
    Signer,
    new_form_nonce,
    set_cookie,
)
from checkout.web import present
from checkout.web.answer import Answer
from checkout.web.challenge import Challenge
from checkout.web.guesses import Guesses
from checkout.web.render import Renderer
from checkout.web.security import (
    REPORTING,
    client_address,
    content_security_policy,
    new_nonce,
)
from checkout.web.views import Frame, Shell
from checkout.web.views import Shop as ShopView

Web_Request = Request[Any, Any, Any]
READ: Final = (HttpMethod.GET, HttpMethod.HEAD)  # HEAD answers like GET
OUR_COOKIE: Final = COOKIE.encode()

# Where each status lives; a customer on another page is sent there.
PAGE: Final[dict[Status, str]] = {
    Status.OPEN: "",
    Status.PENDING: "wait",
    Status.ACTION: "redirect",
    Status.PAID: "result",
    Status.AUTHORIZED: "result",
    Status.DECLINED: "result",
    Status.CANCELLED: "result",
    Status.EXPIRED: "result",
    Status.REFUNDED: "result",
}


@dataclass(frozen=True, slots=True)
class Web:
    """What every handler needs; one a worker, in the app's state."""

    settings: Settings
    flow: Flow
    signer: Signer
    render: Renderer
    logos: dict[str, str]  # shop id -> our own address of its logo
    challenge: Challenge | None = None
    guesses: Guesses = field(default_factory=Guesses)

    def show(
        self,
        template: str,
        shell: Shell,
        *,
        ancestors: Iterable[str] = (),
        leaves: bool = False,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        **views: object,
    ) -> Answer:
        """Answer with `templates/<template>` and its views, under a nonce of its own."""
        nonce = new_nonce()
        return self.answer(
            self.render(template, shell.lang, shell=shell, nonce=nonce, **views).encode(),
            nonce,
            ancestors=ancestors,
            leaves=leaves,
            status_code=status_code,
            headers=headers,
        )

    def answer(
        self,
        page: bytes,
        nonce: str,
        *,
        ancestors: Iterable[str] = (),
        leaves: bool = False,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A page under the policy of its nonce. `ancestors`: the origins that may frame it;
        `leaves`: its form may go to any bank."""
        policy = content_security_policy(
            nonce, ancestors=ancestors, leaves=leaves, sandbox=self.settings.sandbox
        )
        headers = {"content-security-policy": policy, **REPORTING, **(headers or {})}
        return Answer(page, status_code=status_code, headers=headers)


def web_of(request: Web_Request) -> Web:
    web: Web = request.app.state.web
    return web


@dataclass(slots=True)
class Visit:
    """One request to one payment."""

    web: Web
    request: Web_Request
    lang: str
    story: Story
    shop: Shop = field(init=False)
    framed: bool = field(init=False)
    """In the shop's frame: the browser says so; where it says nothing, the order does."""
    _form_nonce: str | None = field(init=False, default=None)
    _own: bool | None = field(init=False, default=None)
    # False: not read yet
    _cookie: CustomerCookie | Literal[False] | None = field(init=False, default=False)

    def __post_init__(self) -> None:
        """Raises NotFound for a shop that is no longer in the settings."""
        self.shop = self.web.flow.shop(self.story)
        dest = header(self.request, b"sec-fetch-dest")
        self.framed = dest in ("iframe", "frame") if dest else self.story.payment.order.iframe

    @property
    def status(self) -> Status:
        return self.web.flow.status(self.story)

    @property
    def page(self) -> str:
        """The page where the payment is now."""
        status, attempt = self.status, self.story.live
        if status is Status.ACTION and attempt is not None:
            stays = isinstance(attempt.step, Instructions) or attempt.step is None
            return "wait" if stays or attempt.returned_at is not None else "redirect"
        return PAGE[status]

    def attempt_kind(self, attempt: Attempt | None) -> str:
        """Of which kind the way is that an attempt was to pay by."""
        if attempt is None:
            return CARD
        method = self.shop.method(attempt.method)  # the settings may have lost it since
        told = self.web.flow.kind(method) if method else None
        return present.kind_of(attempt.method, told, card=attempt.facts.card is not None)

    @property
    def address(self) -> str:
        return client_address(self.request, self.web.settings.trusted_proxies)

    @property
    def cookie(self) -> CustomerCookie | None:
        if self._cookie is False:
            value, uid = our_cookie(self.request), self.story.payment.uid
            self._cookie = self.web.signer.read_cookie(uid, value) if value else None
        return self._cookie

    @property
    def own(self) -> bool:
        """Whether this is the customer's browser; anybody else is a stranger, who may pay and is
        shown nothing that is known of the customer."""
        if self._own is None:
            cookie = self.cookie
            self._own = cookie is not None and cookie.own
        return self._own

    def owned(self) -> None:
        """It has turned out to be the customer."""
        self._own = True

    def url(self, page: str = "", *, lang: str | None = None) -> str:
        """The path of a page of this payment; "" is the payment page."""
        payment = self.story.payment
        path = f"/{lang or self.lang}/payment/{payment.uid}/{payment.secret}"
        return f"{path}/{page}" if page else path

    def receipt_url(self) -> str:
        """The path of the receipt, which is no way into the payment."""
        payment = self.story.payment
        return f"/{self.lang}/order/{payment.uid}/{receipt_secret(payment.secret)}"

    def form_token(self, purpose: str, number: int) -> str:
        if self._form_nonce is None:
            self._form_nonce = new_form_nonce()
        uid = self.story.payment.uid
        own = purpose == "pay" and self._own is True
        return self.web.signer.sign_form(purpose, uid, number, self._form_nonce, own=own)

    def to_page(self, cookie: CustomerCookie | None = None) -> Answer:
        """On to the page where the payment is now; `cookie`: to be set."""
        return see_other(self.url(self.page), self._cookie_header(cookie))

    def _cookie_header(self, cookie: CustomerCookie | None) -> dict[str, str]:
        return {"set-cookie": set_cookie(self.web.signer.sign_cookie(cookie))} if cookie else {}

    def show(
        self,
        template: str,
        page: object,
        *,
        title: str = "",
        folder: str = "pages",
        leaves: bool = False,
    ) -> Answer:
        """Answer with `templates/<folder>/<template>.html`; a partial knows its view by its own
        name."""
        view: dict[str, Any] = {template if folder == "partials" else "page": page}
        return self.web.show(
            f"{folder}/{template}.html",
            self.shell(title),
            ancestors=self.shop.frame_origins,
            leaves=leaves,
            **view,
        )

    def answer(
        self, page: bytes, nonce: str, *, status_code: int, cookie: CustomerCookie
    ) -> Answer:
        """A page that is made already; `cookie`: to be set."""
        return self.web.answer(
            page,
            nonce,
            ancestors=self.shop.frame_origins,
            status_code=status_code,
            headers=self._cookie_header(cookie),
        )

    def shell(
        self,
        title: str,
        *,
        uid: str | None = None,
        languages: tuple[tuple[str, str, str], ...] = (),
    ) -> Shell:
        """What the page has around it. `uid`: what it calls the payment, where not by its own;
        `languages`: those that it can be shown in, by code, name and address."""
        order, origins, frame = self.story.payment.order, self.shop.frame_origins, None
        if self.framed and origins:
            status = self.status
            uid = uid or self.story.payment.uid
            frame = Frame(origins, uid, OUTWARD[status], status in LIVE)
        return Shell(
            lang=self.lang,
            title=title,
            shop=shop_view(self.web, self.shop, order.ways),
            framed=self.framed,
            test=order.test,
            charges=order.transaction_type != TOKENIZATION,
            languages=languages,
            frame=frame,
        )

    @property
    def _(self) -> Any:
        return gettext(self.lang)


async def enter(request: Web_Request, *, glance: bool = False) -> Visit:
    """The visit behind a payment's address. Raises NotFound, also for an unknown language.
    `glance`: a second old will do."""
    web, place, lang = _entered(request)
    find = web.flow.glance if glance else web.flow.open
    return _visit(web, request, lang, await find(place["uid"], place["secret"]))


async def enter_receipt(request: Web_Request) -> tuple[Visit, bool]:
    """The visit behind a receipt's address, and whether the payment may be opened from it: who
    has come by the payment's own secret can. Raises NotFound."""
    web, place, lang = _entered(request)
    story, by_payment = await web.flow.open_receipt(place["uid"], place["secret"])
    return _visit(web, request, lang, story), by_payment


def _entered(request: Web_Request) -> tuple[Web, dict[str, Any], str]:
    place = request.path_params
    lang: str = place["lang"]
    if lang not in LANGUAGES:
        raise NotFound
    return web_of(request), place, lang


def _visit(web: Web, request: Web_Request, lang: str, story: Story) -> Visit:
    visit = Visit(web, request, lang, story)
    # An error's page shows the shop too, and in its frame. The story and not the visit, which
    # would hold its own request in a circle: only the garbage collector would ever free them.
    request.scope["state"]["story"] = story
    return visit


def header(request: Web_Request, name: bytes) -> str | None:
    """One header, without reading them all as `request.headers` does."""
    return next(
        (value.decode("latin-1") for key, value in request.scope["headers"] if key == name), None
    )


def our_cookie(request: Web_Request) -> str | None:
    """The value of the one cookie that is ours, as it was sent. Not by `request.cookies`: that
    keeps the last thousand headers, and reads them in quadratic time."""
    for name, value in request.scope["headers"]:
        if name != b"cookie":
            continue
        for pair in value.split(b";"):
            key, _, found = pair.strip().partition(b"=")
            if key == OUR_COOKIE and len(found) <= LARGEST_COOKIE:
                return found.decode("latin-1")
    return None


def shop_view(web: Web, shop: Shop, ways: Ways = Ways()) -> ShopView:
    """The shop as its page shows it; the order's own colour before the shop's."""
    light, dark = shop.accent, shop.on_dark
    if ways.accent:
        light, dark = ways.accent, on_dark(ways.accent)
    if shop.scheme == "dark":
        light = dark
    return ShopView(
        name=shop.name,
        url=shop.url,
        email=shop.email,
        logo=web.logos.get(shop.id),
        accent=light,
        on_accent=text_on(light),
        dark_accent=dark,
        on_dark_accent=text_on(dark),
        scheme=shop.scheme,
        radius=ways.radius,
    )


def see_other(url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """303 with the address as it is: Litestar's Redirect would encode it anew."""
    return Answer(
        status_code=303,
        headers={"location": url, **(headers or {})},
        media_type="text/plain; charset=utf-8",
    )
