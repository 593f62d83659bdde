"""What the customer has to do next: a closed union, one template each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct


class Redirect(Struct, frozen=True, tag="redirect"):
    """Go to `url`, kept byte for byte. `framed`: the gateway allows it in a frame."""

    url: str
    framed: bool = False


class PostForm(Struct, frozen=True, tag="form"):
    """Submit `fields` to `url` from the customer's browser, in this order."""

    url: str
    fields: tuple[tuple[str, str], ...]
    method: Literal["POST", "GET"] = "POST"
    framed: bool = False


class Instructions(Struct, frozen=True, tag="instructions"):
    """Pay elsewhere: `lines` to read, the `account` to pay to, the `memo` without which the money
    isn't found, `amount` as the gateway wrote it, `qr` the text of a QR code, `link` to the
    customer's wallet or to a page that takes the payment."""

    lines: tuple[str, ...] = ()
    account: str | None = None
    memo: str | None = None
    amount: str | None = None
    qr: str | None = None
    link: str | None = None


NextAction = Redirect | PostForm | Instructions


def form_action(
    action: str, method: str, fields: Iterable[tuple[str, str]], *, framed: bool = False
) -> Redirect | PostForm:
    """The action for a gateway's form. A GET form without fields is a plain URL; one with fields
    would make the browser drop the action's query, so that goes into hidden inputs first."""
    pairs = tuple(fields)
    if method.upper() == "POST":
        return PostForm(action, pairs, framed=framed)
    if not pairs:
        return Redirect(action, framed)
    parts = urlsplit(action)
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    return PostForm(parts._replace(query="").geturl(), query + pairs, "GET", framed)
