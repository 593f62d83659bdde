"""The web pages of the sandbox and the sample shop: plain HTML, one style, no third party."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from checkout.sandbox.call_log import annotate
from checkout.sandbox.money import formatted
from checkout.sandbox.state import HttpRequest, SandboxState, state_of
from checkout.sandbox.transaction import Transaction
from checkout.sandbox.urls import with_query

T = TypeVar("T", bound=Transaction)

FOLDER = Path(__file__).parent / "templates"

ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters["money"] = formatted

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "strict-origin",
    "X-Content-Type-Options": "nosniff",
}

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'{embeds}; img-src 'self' data:; "
    "connect-src 'self'; frame-src {frames}; base-uri 'none'; frame-ancestors {ancestors}"
)
"""No `form-action`: it would forbid the way back to the shop after a form was sent."""


def page(
    template: str, /, status: int = 200, framed: bool = False, embeds: str = "", **context: object
) -> Response[str]:
    """A page from `templates/`; `framed` allows other sites to show it in a frame; `embeds` is the
    origin whose script it runs and whose pages it shows in frames, with the banks' after them."""
    policy = POLICY.format(
        ancestors="*" if framed else "'none'",
        embeds=f" {embeds}" if embeds else "",
        frames="http: https:" if embeds else "'none'",
    )
    return Response(
        ENVIRONMENT.get_template(template).render(context),
        status_code=status,
        media_type="text/html",
        headers=HEADERS | {"Content-Security-Policy": policy},
    )


def not_found() -> Response[str]:
    return page("not_found.html", status=404)


def spoiled(payment: Transaction) -> Response[str]:
    """Something was changed on the way from the shop to here."""
    return page("spoiled.html", status=400, payment=payment)


class UnknownTransaction(Exception):
    """A browser came for what isn't there, or without what it was given: 404."""


def check(known: bool) -> None:
    if not known:
        raise UnknownTransaction


def transaction_of(request: HttpRequest, uid: str, kind: type[T]) -> tuple[SandboxState, T]:
    """The transaction of this kind that a browser comes for, and the sandbox it is in. Raises
    UnknownTransaction."""
    state = state_of(request)
    annotate(request, uid=uid)
    found = state.transactions.get(uid)
    if not isinstance(found, kind):
        raise UnknownTransaction
    state.expire(found)
    return state, found


def see_other(url: str) -> Response[str]:
    """303 to exactly these bytes: a redirect that is never re-encoded."""
    return Response(
        "", status_code=303, media_type="text/plain", headers=HEADERS | {"Location": url}
    )


def leave(url: str, parameters: dict[str, str], method: str, framed: bool = False) -> Response[str]:
    """Send the browser to another site: by a redirect, or by a form that posts itself."""
    if method == "POST":
        return page("leave.html", framed=framed, action=url, fields=parameters)
    return see_other(with_query(url, urlencode(parameters)))


def asset(path: str, name: str, media: str) -> HTTPRouteHandler:
    """A route that serves one file of `templates/`, read once at start."""
    content = (FOLDER / name).read_text(encoding="utf-8")

    @get(path, name=name, opt={"unlogged": True}, sync_to_thread=False)
    def serve() -> Response[str]:
        headers = {"Cache-Control": "max-age=60", "X-Content-Type-Options": "nosniff"}
        return Response(content, media_type=media, headers=headers)

    return serve
