"""Where the customer goes back to the shop, and with which parameters."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote_plus

from checkout.ledger.rows import Payment
from checkout.model.order import PageSettings
from checkout.model.status import OUTWARD, Status
from checkout.settings import Shop
from checkout.shop_api.signed_result import signed_result

# Which of the shop's addresses a status goes to, by name, first one that is set. `return_url` takes
# the place of `success_url` and `decline_url` only: a cancelled and an expired payment have
# addresses of their own.
ADDRESS: Final[dict[Status, tuple[str, ...]]] = {
    Status.PAID: ("return_url", "success_url"),
    Status.AUTHORIZED: ("return_url", "success_url"),
    Status.REFUNDED: ("return_url", "success_url"),
    Status.PENDING: ("return_url",),
    Status.REQUIRES_ACTION: ("return_url",),
    Status.OPEN: ("cancel_url", "return_url"),
    Status.DECLINED: ("return_url", "decline_url", "fail_url"),
    Status.EXPIRED: ("fail_url", "return_url", "decline_url"),
    Status.CANCELLED: ("cancel_url", "return_url", "decline_url"),
}
CALLBACK: Final = {Status.PAID: "success", Status.AUTHORIZED: "success"}


def return_url_of(payment: Payment, status: Status, shop: Shop, now: float) -> str | None:
    """The shop's address for this status with `token`, `status`, `uid` and the signed result
    appended, its own query and fragment kept byte for byte. The result is left out where the shop
    wants none, or its own query has a parameter of that name: readers that take the last would
    miss the shop's own. The others are appended always, as the gateways do that plugins are
    written for. A `client_callback_url` gets only `?status=success|error`. The shop's plain address
    where the order names none."""
    settings = payment.order.page_settings
    if settings.client_callback_url:
        result = CALLBACK.get(status, "error")
        return _appended(settings.client_callback_url, f"status={result}")
    url = _named(settings, ADDRESS[status])
    if url is None:
        return shop.url
    told = f"token={payment.token}&status={quote(OUTWARD[status])}&uid={payment.uid}"
    name = shop.result_parameter
    if name and name not in _names(url):
        told += f"&{name}={signed_result(payment, status, shop, now)}"
    return _appended(url, told)


def has_return_url(payment: Payment, status: Status) -> bool:
    """Whether the order names a return URL; without one the customer goes to the shop's site."""
    settings = payment.order.page_settings
    return settings.client_callback_url is not None or _named(settings, ADDRESS[status]) is not None


def _named(settings: PageSettings, names: tuple[str, ...]) -> str | None:
    return next((url for name in names if (url := getattr(settings, name))), None)


def _names(url: str) -> set[str]:
    """Names in a URL's own query, as shops' software reads them: `result[x]` is `result` to PHP."""
    query = url.partition("#")[0].partition("?")[2]
    names = (pair.partition("=")[0] for pair in query.replace(";", "&").split("&"))
    return {unquote_plus(name).strip().partition("[")[0] for name in names}


def _appended(url: str, query: str) -> str:
    head, hash_, fragment = url.partition("#")
    joint = "" if head.endswith(("?", "&")) else "&" if "?" in head else "?"
    return f"{head}{joint}{query}{hash_}{fragment}"
