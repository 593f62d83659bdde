"""What every handler needs: settings, the context of `payments`, templates; one a worker."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from checkout.model.order import PageSettings
from checkout.payments.apple_pay import MerchantSessions
from checkout.payments.context import Context
from checkout.payments.due_queries import DueQueries
from checkout.payments.pictures import Pictures
from checkout.settings import Settings, Shop
from checkout.signing import Signer
from checkout.web.api.password_throttle import PasswordThrottle
from checkout.web.challenge import Challenge
from checkout.web.pages.layout import Layout, ShopView, shop_view
from checkout.web.poll_schedule import PollSchedule
from checkout.web.receipt_pdf import PdfSlots
from checkout.web.render import Renderer
from checkout.web.request import AppRequest
from checkout.web.response import RawResponse
from checkout.web.security import (
    REPORTING,
    WITH_PAYMENT,
    content_security_policy,
    new_nonce,
)


@dataclass(frozen=True, slots=True)
class AppContext:
    """In the app's state."""

    context: Context
    signer: Signer
    render: Renderer
    logos: dict[tuple[str, str], str]  # shop id, address there -> our own address of the logo
    due_queries: DueQueries
    merchant_sessions: MerchantSessions
    pictures: Pictures
    challenge: Challenge | None = None
    password_throttle: PasswordThrottle = field(default_factory=PasswordThrottle)
    poll_schedule: PollSchedule = field(default_factory=PollSchedule)
    pdfs: PdfSlots = field(default_factory=PdfSlots)

    @property
    def settings(self) -> Settings:
        return self.context.settings

    def show(
        self,
        template: str,
        layout: Layout,
        *,
        ancestors: Iterable[str] = (),
        leaves: bool = False,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        **views: object,
    ) -> RawResponse:
        """Respond with `templates/<template>` and its views, under a nonce of its own."""
        nonce = new_nonce()
        return self.respond(
            self.render(template, layout.lang, layout=layout, nonce=nonce, **views).encode(),
            nonce,
            ancestors=ancestors,
            leaves=leaves,
            status_code=status_code,
            headers=headers,
        )

    def respond(
        self,
        page: bytes,
        nonce: str,
        *,
        ancestors: Iterable[str] = (),
        leaves: bool = False,
        wallets: Collection[str] = (),
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> RawResponse:
        """A page under the policy of its nonce. `ancestors`: the origins that may frame it;
        `leaves`: its form may go to any bank; `wallets`: those that it offers."""
        policy = content_security_policy(
            nonce,
            ancestors=ancestors,
            leaves=leaves,
            wallets=wallets,
            sandbox=self.settings.sandbox,
        )
        own = {"content-security-policy": policy, **REPORTING}
        if wallets:
            own["permissions-policy"] = WITH_PAYMENT
        headers = {**own, **(headers or {})}
        return RawResponse(page, status_code=status_code, headers=headers)

    def shop_view(self, shop: Shop, page_settings: PageSettings = PageSettings()) -> ShopView:
        """The shop as its page shows it; the order's own colour before the shop's."""
        logo, dark_logo = (
            self.logos.get((shop.id, url)) if url else None for url in (shop.logo, shop.dark_logo)
        )
        return shop_view(shop, page_settings, logo=logo, dark_logo=dark_logo)


def app_of(request: AppRequest) -> AppContext:
    app: AppContext = request.app.state.context
    return app
