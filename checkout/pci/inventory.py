"""The scripts, styles and headers of each page type, as this version serves them."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from checkout import __version__
from checkout.gateways import OFFLINE, open_accounts
from checkout.model.wallet import WALLETS
from checkout.pci import purposes
from checkout.settings import Settings
from checkout.web.page_types import PAGE_TYPES, PageType
from checkout.web.render import Assets, bundles
from checkout.web.security import (
    HEADERS,
    HSTS,
    REPORTING,
    WITH_PAYMENT,
    content_security_policy,
)
from checkout.web.widget import (
    BUILD_FORM,
    BUILD_FORM_PATHS,
    LATEST_PATHS,
    LATEST_SCRIPT,
    SCRIPTS,
    Script,
    path_of,
)

NONCE: Final = "..."  # stands for the one of each answer
ANCESTORS: Final = "https://frames.invalid"  # stands for the shop's
BY_NONCE: Final = "the page's policy, by its nonce; the page says its hash"
BY_NONCE_ALONE: Final = "the page's policy, by its nonce; only colours and corners may be in it"
BY_SELF: Final = "the page's policy, as a file of our own; the page says its hash"
BY_SHOP: Final = "the shop's page, by the tag of `checkout widget`, which says its hash"
BY_UNPINNED: Final = "the shop's page, by a tag without a hash: it takes the latest"
BY_OLD_SHOP: Final = "the shop's page, by a tag of its own"
INLINE: Final = "(inline)"


class Part(Struct, frozen=True):
    """One of our files that were joined."""

    file: str
    purpose: str


class Resource(Struct, frozen=True, kw_only=True):
    """A script or a style. `integrity`: its hash as a page says it; "" of what is in the page
    itself and differs. `besides`: a page may have it beside one of the others."""

    kind: str  # script, style
    path: str
    integrity: str
    purpose: str
    authorised_by: str
    parts: tuple[Part, ...] = ()
    besides: bool = False


class Page(Struct, frozen=True, kw_only=True):
    """A page type. Of `scripts` it has one and any that are `besides`, of `styles` one beside what
    is in itself. `with_wallets`: the headers in place of `headers` where it offers some."""

    name: str
    address: str
    card_form: bool  # card numbers may be typed here
    scripts: tuple[Resource, ...]
    styles: tuple[Resource, ...]
    headers: dict[str, str]
    with_wallets: tuple[dict[str, str], ...] = ()


class Shop(Struct, frozen=True, kw_only=True):
    id: str
    card_methods: tuple[str, ...]  # those whose card is typed on our page
    wallets: tuple[str, ...] = ()
    frame_origins: tuple[str, ...]


class Inventory(Struct, frozen=True, kw_only=True):
    """`shops` empty: nothing is known of the settings."""

    version: str
    public_url: str
    sandbox: bool
    card_form: bool
    pages: tuple[Page, ...]
    widget: tuple[Resource, ...]
    shops: tuple[Shop, ...] = ()

    def page(self, name: str) -> Page:
        return next(each for each in self.pages if each.name == name)


def of_settings(settings: Settings) -> Inventory:
    """What the server of these settings serves."""
    gateways = open_accounts(settings.gateways, OFFLINE)
    shops = tuple(
        Shop(
            id=shop.id,
            card_methods=tuple(
                method.name
                for method in shop.methods
                if gateways[method.gateway].capabilities.takes_card(method)
            ),
            frame_origins=shop.frame_origins,
            wallets=tuple(name for name in WALLETS if getattr(shop, name)),
        )
        for shop in settings.shops.values()
    )
    return inventory(settings.public_url, sandbox=settings.sandbox, shops=shops)


def inventory(public_url: str, *, sandbox: bool = False, shops: tuple[Shop, ...] = ()) -> Inventory:
    """Without the shops: what any server of this version serves at `public_url`."""
    assets, https = Assets(), public_url.startswith("https:")
    card = not shops or any(shop.card_methods for shop in shops)
    return Inventory(
        version=__version__,
        public_url=public_url,
        sandbox=sandbox,
        card_form=card,
        pages=tuple(
            Page(
                name=each.name,
                address=each.address,
                card_form=each.card and card,
                scripts=_scripts(each, assets),
                styles=_styles(assets) if each.whole else (),
                headers=_headers(each, https=https, sandbox=sandbox),
                with_wallets=tuple(
                    _headers(each, https=https, sandbox=sandbox, wallets=(wallet,))
                    for wallet in (_wallets(shops) if each.card else ())
                ),
            )
            for each in PAGE_TYPES
        ),
        widget=(
            *(
                _widget(path_of(version), script, purposes.WIDGET, BY_SHOP)
                for version, script in SCRIPTS.items()
            ),
            _widget(LATEST_PATHS[0], LATEST_SCRIPT, purposes.WIDGET, BY_UNPINNED),
            _widget(BUILD_FORM_PATHS[0], BUILD_FORM, purposes.BUILD_FORM, BY_OLD_SHOP),
        ),
        shops=shops,
    )


def _wallets(shops: tuple[Shop, ...]) -> tuple[str, ...]:
    """Those that a page may offer: the shops', where these are known."""
    known = {wallet for shop in shops for wallet in shop.wallets}
    return tuple(known) if shops else WALLETS


def _widget(path: str, script: Script, purpose: str, authorised_by: str) -> Resource:
    return Resource(
        kind="script",
        path=path,
        integrity=script.integrity,
        purpose=purpose,
        authorised_by=authorised_by,
    )


def _scripts(page: PageType, assets: Assets) -> tuple[Resource, ...]:
    return tuple(
        _script(name, assets, besides=name in page.besides)
        for name in (*page.scripts, *page.besides)
    )


def _script(name: str, assets: Assets, *, besides: bool) -> Resource:
    parts = tuple(
        Part(file.removeprefix("../"), purposes.SCRIPTS[file])
        for file in bundles()[name.removesuffix(".js")]
    )
    return Resource(
        kind="script",
        path=assets(name),
        integrity=assets.integrity(name),
        purpose="; ".join(part.purpose for part in parts),
        authorised_by=BY_NONCE,
        parts=parts,
        besides=besides,
    )


def _styles(assets: Assets) -> tuple[Resource, ...]:
    files = tuple(
        Resource(
            kind="style",
            path=assets(name),
            integrity=assets.integrity(name),
            purpose=purpose,
            authorised_by=BY_SELF,
        )
        for name, purpose in purposes.STYLES.items()
    )
    theme = Resource(
        kind="style",
        path=INLINE,
        integrity="",
        purpose=purposes.THEME,
        authorised_by=BY_NONCE_ALONE,
    )
    return (*files, theme)


def _headers(
    page: PageType, *, https: bool, sandbox: bool, wallets: tuple[str, ...] = ()
) -> dict[str, str]:
    """`...` stands for the nonce and for the sites that may frame the page."""
    policy = content_security_policy(
        NONCE, ancestors=(ANCESTORS,), leaves=page.leaves, wallets=wallets, sandbox=sandbox
    )
    own = {"content-security-policy": policy.replace(ANCESTORS, NONCE), **REPORTING}
    found = {**HEADERS, **own, "content-type": "text/html; charset=utf-8"}
    if wallets:
        found["permissions-policy"] = WITH_PAYMENT
    return found | ({"strict-transport-security": HSTS} if https else {})
