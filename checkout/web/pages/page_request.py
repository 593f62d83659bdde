"""One request to a page: the shop, the language, and whether it is in the shop's frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from checkout.i18n import direction, gettext, with_region
from checkout.model.order import Order, PageSettings
from checkout.model.visible_text import visible
from checkout.settings import Shop
from checkout.web.bodies import posted_form
from checkout.web.context import AppContext
from checkout.web.language_choice import picks
from checkout.web.pages.layout import Frame, Layout, payee_of, picker
from checkout.web.request import AppRequest, behind, header
from checkout.web.response import RawResponse
from checkout.web.security import client_address, guard_form


@dataclass(slots=True)
class PageRequest:
    """One request to a page of a shop."""

    app: AppContext
    request: AppRequest
    lang: str
    shop: Shop
    framed: bool = field(init=False)
    """In the shop's frame, by the browser's header; without one, by the order."""
    picks: bool = field(init=False)  # with the picker of languages
    spoken: str = field(init=False)
    """The language with the customer's region, for amounts and times: "en-GB"."""
    behind: str | None = field(init=False)

    def __post_init__(self) -> None:
        self.behind = behind(self.request)
        destination, order = header(self.request, b"sec-fetch-dest"), self.order
        wanted = order is not None and order.iframe
        self.picks = picks(self.request)
        self.spoken = with_region(self.lang, header(self.request, b"accept-language") or "")
        if self.behind is not None:
            self.framed = self.behind == "framed"
        else:
            self.framed = destination in ("iframe", "frame") if destination else wanted

    @property
    def order(self) -> Order | None:
        """The order of a payment's page."""
        return None

    @property
    def address(self) -> str:
        return client_address(self.request, self.app.settings.trusted_proxies)

    @property
    def _(self) -> Any:
        return gettext(self.lang)

    async def posted(self) -> dict[str, str]:
        """The fields of a form of ours, as `visible` text. Raises Forbidden for one that another
        site sends."""
        guard_form(self.request, self.app.settings.origin(self.shop))
        fields = await posted_form(self.request)
        return {name: visible(value) for name, value in fields.items()}

    def layout(
        self,
        title: str,
        *,
        test: bool = False,
        uid: str | None = None,
    ) -> Layout:
        """`uid`: the payment's, where it is a hole."""
        order = self.order
        language, languages = picker(self.lang, self.shop.languages, opened=self.picks)
        return Layout(
            lang=self.lang,
            title=title,
            dir=direction(self.lang),
            shop=self.app.shop_view(self.shop, order.page_settings if order else PageSettings()),
            framed=self.framed,
            test=order.test if order else test,
            charges=order is None or order.moves_money,
            payee=payee_of(self.shop, self.lang),
            language=language,
            languages=languages,
            frame=self.frame(uid) if self.shop.frame_origins else None,
            behind=self.behind is not None,
        )

    def frame(self, uid: str | None) -> Frame:
        """What the script reports to the shop's page around this one."""
        return Frame(self.shop.frame_origins, uid or "", "")

    def show(
        self,
        name: str,
        view: object,
        layout: Layout,
        *,
        leaves: bool = False,
        status_code: int = 200,
    ) -> RawResponse:
        """Respond with `templates/pages/<name>.html`."""
        return self.app.show(
            f"pages/{name}.html",
            layout,
            ancestors=self.shop.frame_origins,
            leaves=leaves,
            status_code=status_code,
            page=view,
        )
