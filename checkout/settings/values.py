"""What the settings are, once read and checked.

None of these shows a secret: `repr` (and rich's) has only the fields that a class lists in `SHOWN`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from typing import Any, ClassVar, overload
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import Struct, field

from checkout.errors import NotFound
from checkout.model.mail import Kind
from checkout.model.order import Method
from checkout.model.urls import PLAIN, parse
from checkout.settings.colour import on_dark, text_on

DEFAULT_ACCENT = "#0b5fff"
HTTPS_PORT = 443
NOTIFY_MAILS = (Kind.PAID.value, Kind.SUMMARY.value)
RETENTION, RETENTION_UNPAID = 400 * 24 * 3600.0, 30 * 24 * 3600.0  # seconds


class HidesSecrets(Struct, frozen=True, kw_only=True):
    """A value that may hold secrets: only the fields in `SHOWN` are ever printed."""

    SHOWN: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in self.SHOWN]


class Account(HidesSecrets, frozen=True):
    """An account at a gateway, under the operator's own name for it."""

    SHOWN = ("name", "adapter")

    name: str
    adapter: str
    options: Any  # the Struct that the adapter declares; it hides its own secrets


class GooglePay(HidesSecrets, frozen=True):
    """Google Pay at a shop: `gateway` is Google's name of the gateway, `gateway_merchant_id` the
    gateway's of the shop, `merchant_id` Google's of the merchant, needed where money moves.
    `country`: where the payments are processed."""

    SHOWN = ("gateway", "gateway_merchant_id", "merchant_id")

    gateway: str
    gateway_merchant_id: str
    country: str
    merchant_id: str | None = None
    networks: tuple[str, ...] = ("visa", "master")


class ApplePay(HidesSecrets, frozen=True):
    """Apple Pay at a shop: `merchant_id` is Apple's of the merchant; `certificate` and
    `private_key` (PEM) are the merchant's identity, by which Apple knows who asks for a session."""

    SHOWN = ("merchant_id",)

    merchant_id: str
    certificate: str
    private_key: str
    country: str
    networks: tuple[str, ...] = ("visa", "master")


@lru_cache(maxsize=1024)
def _origin(url: str) -> str:
    return parse(url).origin


class Shop(HidesSecrets, frozen=True):
    """A shop that may take payments. `return_origins` empty: customers go to the origin of `url`
    alone; those of http are the only ones where its addresses may be http.

    `private_key` is RSA of 2048 bits or more; `public_key` is its other half, base64 of the DER
    SubjectPublicKeyInfo, as shops' plugins want it. While the shop rotates there is a next one
    beside: it has not, or not everywhere, taken that over yet. The same of `secret_key`.

    `apps`: whoever has the `publishable_key` (with `apps_public_key` the `public_key` too) may make
    payments of `apps_transaction_types`. `notification_url`: where the notifications of payments go
    that name no address of their own, and those of apps always. `result_parameter`: of the signed
    result in return URLs, "" for none. `notify_canceled`: the shop is told when a customer gives
    up, unless its order says otherwise.

    `receipts`: customers are mailed when they have paid and when they are refunded. `notify_email`:
    where the shop is mailed `notify_mails` (of `NOTIFY_MAILS`) in `notify_language`.

    `disabled`: it takes no new payments; what it has goes on. Only a shop of the ledger can be.
    `revision`: the number of its last change there.
    """

    SHOWN = ("id", "name", "url")  # not the methods: their params may be the gateway's secrets

    id: str
    name: str
    secret_key: str
    private_key: RSAPrivateKey
    public_key: str
    url: str
    methods: tuple[Method, ...]
    next_secret_key: str | None = None
    next_private_key: RSAPrivateKey | None = None
    next_public_key: str | None = None
    link_keys: tuple[str, ...] = ()
    email: str | None = None
    logo: str | None = None
    languages: tuple[str, ...] = ()  # that its pages can be shown in; empty: all of ours
    dark_logo: str | None = None  # on a dark page
    legal_name: str | None = None  # who is paid, where that is not `name`
    country: str | None = None  # ISO 3166-1 alpha-2, of who is paid
    brands: tuple[str, ...] = ()  # whose card marks are shown; (): the gateway's
    renew: bool = False  # customers may renew a payment that expired untried
    frame_origins: tuple[str, ...] = ()
    return_origins: tuple[str, ...] = ()
    accent: str = DEFAULT_ACCENT
    accent_dark: str | None = None
    scheme: str = "auto"  # or light, dark: whatever the customer's device prefers
    ports: frozenset[int] = frozenset({HTTPS_PORT})  # where it may be called: the server's own
    notification_url: str | None = None
    apps: bool = False
    publishable_key: str | None = None
    apps_public_key: bool = False
    apps_transaction_types: tuple[str, ...] = ("payment",)
    result_parameter: str = "result"
    notify_canceled: bool = False
    receipts: bool = True
    notify_email: str | None = None
    notify_mails: tuple[str, ...] = NOTIFY_MAILS
    notify_language: str = "en"
    apple_pay: ApplePay | None = None
    google_pay: GooglePay | None = None
    disabled: bool = False
    revision: int = 0

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """One, or two while the shop rotates; the old one first."""
        return (self.secret_key, *([self.next_secret_key] if self.next_secret_key else []))

    @property
    def private_keys(self) -> tuple[RSAPrivateKey, ...]:
        return (self.private_key, *([self.next_private_key] if self.next_private_key else []))

    @property
    def public_keys(self) -> tuple[str, ...]:
        return (self.public_key, *([self.next_public_key] if self.next_public_key else []))

    @property
    def customer_origins(self) -> tuple[str, ...]:
        """Where customers may be sent: origins, and apps like myshop://."""
        return self.return_origins or (_origin(self.url),)

    @property
    def plain_origins(self) -> tuple[str, ...]:
        """Those of `return_origins` that are http://."""
        return tuple(origin for origin in self.return_origins if origin.startswith(PLAIN))

    @property
    def on_accent(self) -> str:
        """The colour of text on the accent, chosen by contrast."""
        return text_on(self.accent)

    @property
    def on_dark(self) -> str:
        """The accent on a dark page."""
        return self.accent_dark or on_dark(self.accent)

    def method(self, name: str) -> Method | None:
        return next((method for method in self.methods if method.name == name), None)


def unpadded(key: str) -> str:
    """Of base64, whose padding may be missing."""
    return key.rstrip("=")


class ShopDirectory(Mapping[str, Shop]):
    """Every shop by id: those of the settings file, which stay as they were read, and those of the
    ledger, which `put_ledger` changes while the server runs. One of the file wins over one of the
    ledger. Who holds a shop keeps it as it was."""

    def __init__(self, of_file: Mapping[str, Shop] = {}) -> None:
        self._of_file = dict(of_file)
        self._all = dict(self._of_file)
        self._note()

    def put_ledger(self, changed: Mapping[str, Shop | None], *, whole: bool = False) -> None:
        """Take over what the ledger has now; None: a shop that is gone, or can't be read. `whole`:
        it has no others."""
        base: dict[str, Shop | None] = {} if whole else {**self._all}
        found = {name: shop for name, shop in (base | dict(changed)).items() if shop is not None}
        self._all = found | self._of_file  # at once: another thread sees the old or the new
        self._note()

    def _note(self) -> None:
        """What requests ask of all shops, worked out once: there may be thousands."""
        shops = self._all.values()
        self.has_apps = any(shop.apps for shop in shops)
        self.plain_origins = frozenset(each for shop in shops for each in shop.plain_origins)
        keys: dict[str, list[Shop]] = {}
        for shop in shops:
            for key in {shop.publishable_key, *(unpadded(each) for each in shop.public_keys)}:
                if key:
                    keys.setdefault(key, []).append(shop)
        self._by_key = {key: tuple(owners) for key, owners in keys.items()}

    def with_key(self, key: str) -> tuple[Shop, ...]:
        """Whose publishable or public key it is; neither is a secret."""
        return self._by_key.get(key) or self._by_key.get(unpadded(key), ())

    def in_file(self, id: str) -> bool:
        return id in self._of_file

    def __getitem__(self, id: str) -> Shop:
        return self._all[id]

    @overload
    def get(self, id: str, default: None = None, /) -> Shop | None: ...
    @overload
    def get(self, id: str, default: Any, /) -> Any: ...
    def get(self, id: str, default: Any = None, /) -> Any:
        return self._all.get(id, default)

    def __contains__(self, id: object) -> bool:
        return id in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __repr__(self) -> str:
        return repr(self._all)


class Smtp(HidesSecrets, frozen=True):
    """The mail server: smtp:// (port 587, STARTTLS) or smtps:// (port 465)."""

    SHOWN = ("host", "port", "sender")

    url: str
    sender: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (465 if self.tls else 587)

    @property
    def tls(self) -> bool:
        """TLS from the first byte."""
        return urlsplit(self.url).scheme == "smtps"

    @property
    def user(self) -> str | None:
        name = urlsplit(self.url).username
        return None if name is None else unquote(name)

    @property
    def password(self) -> str | None:
        password = urlsplit(self.url).password
        return None if password is None else unquote(password)


class Limits(Struct, frozen=True, kw_only=True):
    """How many are allowed; the window is in the name, else it is a minute."""

    submits_per_payment: int = 5
    declines_per_address_10min: int = 20
    declines_per_bin_10min: int = 30
    declines_per_shop_10min: int = 100
    payments_per_address_10min: int = 100
    openings_per_address_10min: int = 60
    reserved_percent: int = 50
    reserved_per_address_percent: int = 10
    slow_seconds: int = 2
    challenge: str = "proof_of_work"
    challenge_bits: int = 18
    challenge_wait_seconds: int = 15
    app_payments_per_address_10min: int = 30
    app_payments_per_shop_10min: int = 3000
    requests_per_address: int = 200
    requests_per_shop: int = 300


class PostgresLimits(Struct, frozen=True, kw_only=True):
    """How many connections a worker keeps to PostgreSQL, and how long it waits: for a connection to
    be made, for a free one, for what others have locked, for a statement."""

    connections: int = 10
    connect_seconds: int = 3
    wait_seconds: int = 3
    lock_seconds: int = 3
    statement_seconds: int = 4


class Settings(HidesSecrets, frozen=True):
    """All of checkout.toml. `secrets`, `shops_key`: oldest first, newest last; `public_url` has no
    path and no slash at its end. Shops are called at `egress_ports`, in public or in
    `notify_networks`."""

    SHOWN = ("public_url", "sandbox", "trusted_proxies", "gateways", "shops", "limits")

    public_url: str
    database: str
    secrets: tuple[str, ...]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    sandbox: bool = False
    http2: bool = False
    operator_token: str | None = None
    security_contact: str | None = None  # mailto: or https:
    security_policy: str | None = None
    security_languages: tuple[str, ...] = ("en",)
    apple_pay_domain: str | None = None  # the file by which Apple knows that the address is ours
    gateways: dict[str, Account] = {}
    shops: ShopDirectory = field(default_factory=ShopDirectory)
    shops_key: tuple[str, ...] = ()  # seals those of the ledger; (): it has none
    smtp: Smtp | None = None
    retention: float = RETENTION  # seconds that personal data of paid payments are kept
    retention_unpaid: float = RETENTION_UNPAID  # and of unpaid ones
    limits: Limits = Limits()
    postgresql: PostgresLimits = PostgresLimits()
    egress_ports: frozenset[int] = frozenset({HTTPS_PORT})
    notify_networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https:")

    def called_ports(self, address: str) -> frozenset[int]:
        """Where shops are called: `egress_ports`; of an http address that one of them lists, its
        own. Raises Invalid."""
        site = parse(address)
        listed = site.scheme == "http" and site.origin in self.shops.plain_origins
        return self.egress_ports | {site.port} if listed else self.egress_ports

    def url(self, path: str) -> str:
        """The address of a path of ours, which begins with a slash."""
        return self.public_url + path

    def shop(self, shop_id: str) -> Shop:
        """Raises NotFound."""
        try:
            return self.shops[shop_id]
        except KeyError:
            raise NotFound from None

    def account(self, name: str) -> Account:
        """Raises NotFound."""
        try:
            return self.gateways[name]
        except KeyError:
            raise NotFound from None
