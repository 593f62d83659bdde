"""What every page has around its content (`templates/base.html`): the shop, its colours, the
languages, and the shop's page around a frame."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from msgspec import Struct

from checkout.i18n import LANGUAGES, locale
from checkout.model.order import PageSettings
from checkout.settings import Shop
from checkout.settings.colour import on_dark, text_on


class ShopView(Struct, frozen=True):
    name: str
    url: str | None = None
    email: str | None = None
    site: str | None = None  # the host of `url`
    logo: str | None = None  # an address of our own, as is `dark_logo`
    dark_logo: str | None = None
    accent: str = "#0b5fff"
    on_accent: str = "#ffffff"  # the readable text on it, chosen by contrast
    dark_accent: str = "#0b5fff"  # both on a dark page
    on_dark_accent: str = "#ffffff"
    scheme: str = "auto"  # light, dark
    radius: int | None = None  # pixels of the corners; None: our own


class Frame(Struct, frozen=True):
    """What static/js/frame.js reports to the shop's page around ours, or to the one that opened
    our window: to these origins only."""

    origins: tuple[str, ...]
    uid: str
    status: str  # the outward status; "" for none
    live: bool = False  # an attempt is under way


class Layout(Struct, frozen=True):
    """The templates' `layout`."""

    lang: str
    title: str  # of the tab: the payment's state
    dir: str  # ltr, rtl
    shop: ShopView | None = None
    framed: bool = False  # inside the shop's frame: only the content, links by target=_top
    test: bool = False
    charges: bool = True  # False: a card is kept, and no money moves
    payee: str | None = None  # "Example Ltd, Cyprus"
    language: str | None = None  # its own name, a link to the picker; None where that is open
    languages: tuple[tuple[str, str], ...] = ()  # in the picker: (code, its own name)
    frame: Frame | None = None  # where other sites may show the page
    behind: bool = False  # fetched by the script of a page in sight, whose looks it has


def picker(
    lang: str, codes: Collection[str], *, opened: bool
) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """`language` and `languages` of a layout; neither where the shop has one language alone."""
    if len(codes) == 1:
        return None, ()
    return (None, choices(codes)) if opened else (LANGUAGES[lang], ())


def choices(codes: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The picker's languages: a shop's, or all where it names none."""
    return tuple((code, LANGUAGES[code]) for code in codes or LANGUAGES)


def payee_of(shop: Shop, language: str) -> str:
    """Who gets the money, and where they are."""
    name, country = shop.legal_name or shop.name, shop.country
    return f"{name}, {locale(language).territories[country]}" if country else name


def shop_view(
    shop: Shop,
    page_settings: PageSettings,
    *,
    logo: str | None,
    dark_logo: str | None = None,
) -> ShopView:
    """`logo`, `dark_logo`: their addresses, of our own."""
    light, dark = shop.accent, shop.on_dark
    if page_settings.accent:
        light, dark = page_settings.accent, on_dark(page_settings.accent)
    if shop.scheme == "dark":
        light, logo = dark, dark_logo or logo
    return ShopView(
        name=shop.name,
        url=shop.url,
        email=shop.email,
        site=urlsplit(shop.url).hostname,
        logo=logo or dark_logo,
        dark_logo=dark_logo if shop.scheme != "light" else None,
        accent=light,
        on_accent=text_on(light),
        dark_accent=dark,
        on_dark_accent=text_on(dark),
        scheme=shop.scheme,
        radius=page_settings.radius,
    )
