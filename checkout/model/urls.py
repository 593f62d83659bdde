"""URLs that others give us: which are accepted, and which site they belong to.

A URL is kept byte for byte; these functions only check it. They raise `Invalid`. What people write
in other scripts is made ASCII before, by `browser_urls`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from checkout.model.validation.reader import Invalid

LONGEST: Final = 2048
DEFAULT_PORTS: Final = {"https": 443, "http": 80}
PLAIN: Final = "http://"
NO_TLS: Final = "must begin with https://"
NOT_LISTED: Final = f"{NO_TLS}: http:// is for origins that the shop's return_origins list"

# Schemes that run code, read files or belong to no app: a customer is never sent there.
FORBIDDEN_SCHEMES: Final = frozenset({
    "about", "blob", "chrome", "data", "file", "filesystem", "ftp", "ftps", "http", "https",
    "intent", "jar", "javascript", "mailto", "resource", "sms", "tel", "vbscript", "view-source",
    "ws", "wss",
})  # fmt: skip
# The apps by which people pay: besides https a gateway may send a customer to these only, so that
# no link of ours opens another program.
APPS: Final = frozenset({
    # cryptocurrencies and their wallets
    "avalanche", "binancecoin", "bitcoin", "bitcoincash", "bnb", "cosmos", "dash", "dogecoin",
    "ethereum", "lightning", "litecoin", "monero", "nano", "polkadot", "polygon", "ripple",
    "solana", "stellar", "tether", "ton", "tron", "usdc", "usdt", "web+cardano", "web+stellar",
    "xrpl", "zcash", "bitpay", "bnc", "cbwallet", "exodus", "ledgerlive", "metamask", "okx",
    "phantom", "tonkeeper", "trust",
    # banks and their payment systems
    "alfabank", "bancontact", "bepgenapp", "bhim", "bizum", "blik", "gcash", "iko", "kaspi",
    "kaspibank", "kftc-bankpay", "mbway", "mirpay", "mobilepay", "momo", "monzo",
    "n26", "oplati", "paymaya", "payconiq", "payme", "revolut", "sberpay", "sbolpay", "sbppay",
    "sbp", "starlingbank", "supertoss", "swish", "tinkoffbank", "tpay", "twint", "upi", "uzum",
    "vipps", "vipps-mt", "vnpay", "vtb", "wise", "zalopay",
    # and others
    "alipay", "alipays", "cashapp", "click", "credpay", "gpay", "kakaopay", "mobikwik", "naverpay",
    "payco", "paypal", "paypay", "paytm", "paytmmp", "phonepe", "qiwi", "tez", "venmo", "wechat",
    "weixin", "yandexpay", "yoomoney",
})  # fmt: skip
_SBP = re.compile(
    r"bank1[0-9]{11}", re.ASCII
)  # a bank of the Russian payment system, by its number
_VISIBLE = re.compile(r"[!-~]*")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)
# What browsers read as the last part of an IPv4 address, in any of its spellings.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*", re.ASCII)


class Address(NamedTuple):
    """The parts of a URL that decide its site; `host` in lower case, IPv6 without its brackets;
    `port` also where the URL leaves it out."""

    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """As browsers write it: the default port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = DEFAULT_PORTS[self.scheme] == self.port
        return f"{self.scheme}://{host}" if default else f"{self.scheme}://{host}:{self.port}"


def web_url(
    text: str,
    *,
    sandbox: bool = False,
    longest: int = LONGEST,
    ports: Collection[int] | None = None,
    plain: Collection[str] | None = None,
) -> str:
    """An https address; in the sandbox also http on loopback. `ports`: at one of these, where that
    matters; on loopback, in the sandbox, at any. `plain`: where http is taken besides, each at its
    own port: of these the http:// origins. Returns it unchanged."""
    _check_characters(text, longest)
    address = parse(text)
    if ports is not None and address.host.endswith("."):  # in no certificate is there such a name
        raise Invalid("must have a host without a dot at its end")
    if sandbox and is_loopback(address.host):
        return text
    if address.scheme == "http":
        if address.origin not in (plain or ()):
            raise Invalid(NO_TLS if plain is None else NOT_LISTED)
    elif ports is not None and address.port not in ports:
        raise Invalid(f"must be at port {' or '.join(map(str, sorted(ports)))}")
    return text


def shop_url(
    text: str,
    *,
    origins: Collection[str],
    sandbox: bool = False,
    longest: int = LONGEST,
) -> str:
    """Where a shop may send customers: an address on one of its `origins` ("myshop://" is an
    app's); http where they list it, and in the sandbox. Returns it unchanged."""
    _check_characters(text, longest)
    scheme = _scheme(text)
    if scheme not in DEFAULT_PORTS:
        if f"{scheme}://" not in origins or scheme in FORBIDDEN_SCHEMES:
            raise Invalid(NO_TLS)
        if "@" in urlsplit(text).netloc:
            raise Invalid("must not contain a user name")
        return text
    web_url(text, sandbox=sandbox, longest=longest, plain=origins)
    if parse(text).origin not in origins:
        raise Invalid(f"must be on one of the shop's return_origins ({', '.join(origins)})")
    return text


def web_origin(text: str, *, sandbox: bool = False, plain: bool = False) -> str:
    """Only a site, like https://shop.example.com, as browsers write it. `plain`: http too."""
    _check_characters(text, LONGEST)
    web_url(text, sandbox=sandbox, plain=(parse(text).origin,) if plain else None)
    parts = urlsplit(text)
    if parts.path not in ("", "/") or parts.query or parts.fragment or text.endswith(("?", "#")):
        raise Invalid("must be an origin like https://shop.example.com, without a path")
    return parse(text).origin


def return_origin(text: str, *, sandbox: bool = False) -> str:
    """An origin of the web, http:// too where that is written, or an app's scheme like myshop://."""
    scheme = _scheme(text)
    if scheme in DEFAULT_PORTS:
        return web_origin(text, sandbox=sandbox, plain=True)
    if scheme in FORBIDDEN_SCHEMES or text.lower() != f"{scheme}://":
        raise Invalid("must be an origin like https://shop.example.com or an app's like myshop://")
    return f"{scheme}://"


def is_app(scheme: str) -> bool:
    """Whether a scheme opens an app by which people pay."""
    known = scheme.lower()
    return known in APPS or _SBP.fullmatch(known) is not None


def parse(text: str) -> Address:
    """The address of an http or https URL; no user name, a host that can be one, a real port."""
    scheme = _scheme(text)
    if scheme not in DEFAULT_PORTS:
        raise Invalid(NO_TLS)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid("must be a URL") from None
    if "@" in parts.netloc:
        raise Invalid("must not contain a user name")
    # urlsplit accepts "host:" and "[::1]junk", which browsers may read differently.
    if not _is_host(host) or port == 0 or not _exact(parts.netloc, host, port):
        raise Invalid("must have a valid host")
    return Address(scheme, host, DEFAULT_PORTS[scheme] if port is None else port)


def is_loopback(host: str) -> bool:
    """localhost, 127.0.0.0/8 or ::1, and nothing that merely resolves to them."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    # Of IPv6 exactly ::1; whether mapped addresses count differs between versions of Python.
    return address.is_loopback if address.version == 4 else int(address) == 1


def _check_characters(text: str, longest: int) -> None:
    if len(text) > longest:
        raise Invalid(f"must have at most {longest} characters")
    # Others than visible ASCII are stripped, folded or escaped by browsers, each in its own way.
    if not _VISIBLE.fullmatch(text):
        raise Invalid("must be ASCII without blanks and control characters: percent-encode them")
    if "\\" in text:
        raise Invalid("must not contain a backslash")


def _scheme(text: str) -> str:
    match = _SCHEME.match(text)
    if not match:
        raise Invalid(NO_TLS)
    return match[1].lower()


def _exact(netloc: str, host: str, port: int | None) -> bool:
    written = f"[{host}]" if ":" in host else host
    allowed = {written} if port is None else {f"{written}:{port}"}
    return netloc.lower() in allowed


def _is_host(host: str) -> bool:
    if ":" in host:
        return _is_ip(host) and "%" not in host
    labels = host.removesuffix(".").split(".")  # to browsers "shop.example." is a site of its own
    if _NUMBER.fullmatch(labels[-1]):
        return _is_ip(host)
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
