"""One `[shops.ID]` table."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, Final, TypeVar

from checkout.i18n import LANGUAGES, SOURCE, locale
from checkout.model.order import KINDS, TRANSACTION_TYPES, Method
from checkout.model.pan import BRAND_OF
from checkout.model.validation.reader import Invalid, Reader, Rule
from checkout.model.validation.rules import (
    choice,
    country,
    email_address,
    flag,
    many,
    matching,
    plain_object,
    text,
    web_address,
)
from checkout.settings.colour import accent, accent_dark
from checkout.settings.rules import back_origin, frame_origin, public_url
from checkout.settings.secret_strength import password, strong
from checkout.settings.signing_keys import private_key, public_half
from checkout.settings.values import DEFAULT_ACCENT, HTTPS_PORT, NOTIFY_MAILS, Shop
from checkout.settings.wallets import apple_pay, google_pay

T = TypeVar("T")

APPENDED: Final = ("token", "status", "uid")  # in each return URL
SCHEMES: Final = ("auto", "light", "dark")

publishable_key = matching(
    r"pk_[A-Za-z0-9_-]{43,200}", "must be pk_ and 43 letters or more: `checkout keys` prints one"
)
_parameter = matching(
    r"[A-Za-z0-9_-]{0,64}", 'must be letters, digits, _ and - (at most 64), or "" for none'
)
# Rules of every shop, made once: a file may have many shops.
_NAME: Final = text(80)
_LEGAL_NAME: Final = text(160)
_LINK_KEYS: Final = many(strong())
_SCHEME: Final = choice(SCHEMES)
_LANGUAGES: Final = many(choice(tuple(LANGUAGES)), least=1)
_TYPES: Final = many(choice(TRANSACTION_TYPES), least=1)
_NOTIFY_MAILS: Final = many(choice(NOTIFY_MAILS))
_NOTIFY_LANGUAGE: Final = choice(tuple(LANGUAGES))
_BRANDS: Final = many(choice(tuple(BRAND_OF)))
_LABEL, _MODE, _BRAND, _KIND = text(60), text(32), text(64), choice(KINDS)
_method_name = matching(r"[a-z0-9_]{1,64}", "must be small letters, digits and _ (at most 64)")
_address = lru_cache(maxsize=64)(web_address)  # most shops have no sites without TLS


def read_shop(
    fields: Reader,
    shop_id: str,
    accounts: frozenset[str],
    *,
    sandbox: bool,
    ports: frozenset[int] = frozenset({HTTPS_PORT}),
) -> Shop:
    """`accounts`: the names that a method may lead to; `ports`: where shops are called."""
    back, framed = _origins(sandbox)
    origins = fields.get("return_origins", back, ())
    web = _address(sandbox=sandbox, plain=origins)
    called = _address(sandbox=sandbox, ports=ports, plain=origins)
    secret_key, next_secret_key = _both(fields, "secret_key", _SECRETS)
    key, next_key = _both(fields, "private_key", _PRIVATE_KEYS)
    shop = Shop(
        id=shop_id,
        name=fields.need("name", _NAME),
        secret_key=secret_key,
        next_secret_key=next_secret_key,
        private_key=key,
        public_key=public_half(key) if key else "",
        next_private_key=next_key,
        next_public_key=public_half(next_key) if next_key else None,
        url=fields.need("url", web),
        link_keys=fields.get("link_keys", _LINK_KEYS, ()),
        email=fields.get("email", email_address),
        logo=fields.get("logo", _address(sandbox=sandbox, ports=ports)),
        dark_logo=fields.get("dark_logo", _address(sandbox=sandbox, ports=ports)),
        legal_name=fields.get("legal_name", _LEGAL_NAME),
        country=fields.get("country", _country),
        brands=fields.get("brands", _BRANDS, ()),
        renew=fields.get("renew", flag, False),
        frame_origins=fields.get("frame_origins", framed, ()),
        return_origins=origins,
        languages=fields.get("languages", _LANGUAGES, ()),
        accent=fields.get("accent", accent, DEFAULT_ACCENT),
        accent_dark=fields.get("accent_dark", accent_dark),
        scheme=fields.get("scheme", _SCHEME, "auto"),
        ports=ports,
        notification_url=fields.get("notification_url", called),
        apps=fields.get("apps", flag, False),
        publishable_key=fields.get("publishable_key", publishable_key),
        apps_public_key=fields.get("apps_public_key", flag, False),
        apps_transaction_types=fields.get("apps_transaction_types", _TYPES, ("payment",)),
        result_parameter=fields.get("result_parameter", result_parameter, "result"),
        notify_canceled=fields.get("notify_canceled", flag, False),
        receipts=fields.get("receipts", flag, True),
        notify_email=fields.get("notify_email", email_address),
        notify_mails=fields.get("notify_mails", _NOTIFY_MAILS, NOTIFY_MAILS),
        notify_language=fields.get("notify_language", _NOTIFY_LANGUAGE, SOURCE),
        methods=_methods(fields.within("methods"), accounts),
        apple_pay=apple_pay(fields),
        google_pay=google_pay(fields, sandbox=sandbox),
        public_url=fields.get("public_url", public_url(sandbox=sandbox)),
        sender=fields.get("sender", email_address),
    )
    if shop.apps and not (shop.apps_public_key or fields.has("publishable_key")):
        fields.wrong("publishable_key", "is required where apps = true: `checkout keys` prints one")
    fields.no_others()
    return shop


@cache
def _origins(sandbox: bool) -> tuple[Rule[tuple[str, ...]], Rule[tuple[str, ...]]]:
    """(the rule of `return_origins`, that of `frame_origins`)"""
    return many(back_origin(sandbox=sandbox)), many(frame_origin(sandbox=sandbox))


def _country(value: Any) -> str:
    """A rule: a country that pages can name."""
    code: str = country(value)
    if code not in locale(SOURCE).territories:
        raise Invalid("must be a country's two letters (ISO 3166-1)")
    return code


def result_parameter(value: Any) -> str:
    """A rule: the name of the signed result in return URLs, beside `APPENDED`."""
    name: str = _parameter(value)
    if name in APPENDED:
        raise Invalid(f"must not be one of {', '.join(APPENDED)}: they are appended as well")
    return name


def _rotating(rule: Rule[T]) -> Rule[tuple[T, T | None]]:
    """What `rule` takes, or a list of the old one and the new one; (the old one, the new one)"""
    both = many(rule, least=1, most=2)

    def read(value: Any) -> tuple[T, T | None]:
        if not isinstance(value, list):
            return rule(value), None
        old, *new = both(value)
        if value[1:] == value[:1]:
            raise Invalid("must be two different ones: the old and the new")
        return old, new[0] if new else None

    return read


def _both(fields: Reader, name: str, rule: Rule[Any]) -> Any:
    """What a rotating setting has; (None, None) only where it has a problem."""
    return fields.need(name, rule) or (None, None)


_SECRETS: Final = _rotating(password)
_PRIVATE_KEYS: Final = _rotating(private_key)


def _methods(fields: Reader, accounts: frozenset[str]) -> tuple[Method, ...]:
    if not fields.names:
        fields.wrong("", "must have at least one")
    return tuple(_method(fields, name, accounts) for name in fields.names)


def _method(fields: Reader, name: str, accounts: frozenset[str]) -> Method:
    """`name = "account"`, or a table with the account as `gateway`."""
    try:
        _method_name(name)
    except Invalid as wrong:
        fields.wrong(name, f"as a name {wrong}")
    account = _account(accounts)
    if isinstance(fields.data[name], str) or fields.data[name] is None:
        return Method(name=name, gateway=fields.need(name, account))
    table = fields.child(name)
    method = Method(
        name=name,
        gateway=table.need("gateway", account),
        label=table.get("label", _LABEL),
        kind=table.get("kind", _KIND),
        mode=table.get("mode", _MODE),
        brand=table.get("brand", _BRAND),
        params=table.get("params", plain_object, {}),
    )
    table.no_others()
    return method


def _account(accounts: frozenset[str]) -> Any:
    def rule(value: Any) -> str:
        if isinstance(value, str) and value in accounts:
            return value
        listed = ", ".join(sorted(accounts)) or "there are none"
        raise Invalid(f"must be one of the gateway accounts ({listed})")

    return rule
