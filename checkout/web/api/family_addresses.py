"""The family's other addresses, as clients of its hosts call them: what we can answer leads to the
handler of the same thing; what we can't says what to call in its place.

Sources: the PHP SDK and its older form, the Ruby clients of gateway and online payment systems, the
mobile SDKs, the family's documents. A slash at the end is passed over by the router, everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from litestar import HttpMethod, route
from litestar.handlers import HTTPRouteHandler

from checkout.errors import NotServed
from checkout.web.api import tracking_id, transactions
from checkout.web.request import AppRequest

# Online payment systems have hosts and addresses of their own; here a payment is a payment.
SAME: Final[Mapping[str, HTTPRouteHandler]] = {
    "/v2/transactions/{uid:str}": transactions.read_transaction,
    "/beyag/transactions/{uid:str}": transactions.read_transaction,
    "/beyag/payments/{uid:str}": transactions.read_transaction,
    "/beyag/refunds/{uid:str}": transactions.read_transaction,
    "/beyag/transactions/tracking_id/{tracking_id:path}": tracking_id.list_by_tracking_id,
    **{
        f"/beyag/transactions/{kind}{plural}": handler
        for kind, handler in transactions.OPERATIONS.items()
        for plural in ("", "s")
    },
}

CREATE: Final = "create the payment by POST /ctp/api/checkouts and send the customer to its page"
TOKENS: Final = (
    "Cards' numbers are typed on the payment page alone: a payment under a contract brings a token "
    "(order.additional_data.contract), and so does the transaction_type tokenization"
)
SYSTEMS: Final = f"Online payment systems are paid on the payment page: {CREATE}"
ONLY_THERE: Final = "Only the gateway itself has this: call it there"
NOT_SERVED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "/credit_cards",
            "/credit_cards/{token:str}",
            "/v2/credit_cards",
            "/v2/credit_cards/{token:str}",
            "/transactions/tokenizations",
            "/transactions/recipient_tokenizations",
        ),
        TOKENS,
    ),
    **dict.fromkeys(
        ("/beyag/payments", "/beyag/transactions/payments", "/beyag/transactions/payment"), SYSTEMS
    ),
    **dict.fromkeys(
        (
            "/transactions/close_days",
            "/transactions/{uid:str}/recover",
            "/transactions/{uid:str}/renotify",
            "/transactions/{uid:str}/confirm",
            "/transactions/{uid:str}/proof",
            "/p2p-restrictions",
            "/bank_names",
            "/process/{uid:str}",
            "/process/{uid:str}/return",
            "/vendor/tokens/{name:str}/{token:str}",
            "/vendor/parent_transaction/{name:str}/{token:str}",
        ),
        ONLY_THERE,
    ),
}
ANY: Final = (HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH)


def heads(handlers: Iterable[HTTPRouteHandler]) -> Iterator[HTTPRouteHandler]:
    """HEAD for those that answer GET alone: the same without the body."""
    for handler in handlers:
        if handler.http_methods == {HttpMethod.GET}:
            yield _same(sorted(handler.paths), handler, HttpMethod.HEAD)


def _same(
    paths: list[str] | str, handler: HTTPRouteHandler, method: HttpMethod | None = None
) -> HTTPRouteHandler:
    return route(
        paths,
        http_method=method or [HttpMethod(name) for name in handler.http_methods],
        status_code=handler.status_code,
        include_in_schema=False,
    )(handler.fn)


def _not_served(message: str) -> HTTPRouteHandler:
    paths = [path for path, said in NOT_SERVED.items() if said == message]

    @route(paths, http_method=ANY, status_code=404, include_in_schema=False)
    async def not_served(request: AppRequest) -> None:
        raise NotServed(message)

    return not_served


HANDLERS: Final = (
    *(_same(path, handler) for path, handler in SAME.items()),
    *(_not_served(message) for message in dict.fromkeys(NOT_SERVED.values())),
)
