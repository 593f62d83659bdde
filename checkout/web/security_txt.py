"""`/.well-known/security.txt` (RFC 9116): where somebody who has found a weakness can say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from litestar import route

from checkout.errors import NotFound
from checkout.settings import Settings
from checkout.web.context import app_of
from checkout.web.own_address import address_here
from checkout.web.request import READ, AppRequest
from checkout.web.response import RawResponse

PATH: Final = "/.well-known/security.txt"
LASTS: Final = timedelta(days=180)  # the RFC recommends less than a year
TEXT: Final = "text/plain; charset=utf-8"


@route(PATH, http_method=READ, include_in_schema=False)
async def security_txt(request: AppRequest) -> RawResponse:
    app = app_of(request)
    return RawResponse(
        security_text(
            app.settings, app.context.clock(), address_here(request, app.settings)
        ).encode(),
        media_type=TEXT,
    )


def security_text(settings: Settings, now: float, address: str) -> str:
    """`address`: where it is asked for. Raises NotFound where the settings name nobody. It never
    ends while the server runs."""
    if settings.security_contact is None:
        raise NotFound
    ends = datetime.fromtimestamp(now, UTC) + LASTS
    fields = {
        "Contact": settings.security_contact,
        "Expires": ends.strftime("%Y-%m-%dT00:00:00Z"),
        "Policy": settings.security_policy,
        "Preferred-Languages": ", ".join(settings.security_languages),
        "Canonical": address + PATH,
    }
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)


HANDLERS: Final = (security_txt,)
