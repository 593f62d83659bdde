"""The web pages of the sandbox and the sample shop: plain HTML, one style, no third party."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from checkout.sandbox.money import written
from checkout.sandbox.urls import with_query

FOLDER = Path(__file__).parent / "templates"

ENVIRONMENT = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters["money"] = written

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
