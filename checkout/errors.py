"""Everything that can go wrong, as one tree; each class carries the HTTP status it becomes.

    CheckoutError                500
    ├── Elsewhere                303   a page of ours that is at another address of ours
    ├── BadSettings              (the command line's exit code 2)
    ├── BadRequest               400   unreadable: broken JSON, bad UTF-8, too deep
    ├── Unauthorized             401   shop credentials or a notification's signature
    ├── Forbidden                403   a cross-site form post
    │   └── ShopDisabled               of a shop that takes no new payments
    ├── NotFound                 404   a wrong uid and a wrong secret look the same
    │   └── NotServed                  an address of the family's that has no counterpart here
    ├── SoldOut                  409   others bought the last ones while the page was open
    ├── Gone                     410   a link or a payment past its time
    │   ├── Expired                    a link that its customer may renew
    │   └── Cancelled                  a link whose shop has cancelled its invoice
    ├── TooLarge                 413   a body over 64 KiB
    ├── WrongType                415   a body of the API that isn't JSON in UTF-8; a compressed one
    ├── Unprocessable            422   readable but wrong; names every wrong field
    │   └── Duplicate            422   the same money on the same card again, too soon
    ├── TooMany                  429   with seconds to wait
    └── Unavailable              503   the ledger can't be used or the server is full

None of their messages contains card data, a secret or a signed token.
"""

from __future__ import annotations

from collections.abc import Mapping


class CheckoutError(Exception):
    """The root. `status` is the HTTP status, `message` is safe to show."""

    status = 500
    message = "Internal error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)
        if message:
            self.message = message


class BadSettings(CheckoutError):
    """Settings that can't be used; `problems` lists (key, reason), all of them at once."""

    message = "The settings can't be used"

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{key}: {reason}" for key, reason in problems))


class Elsewhere(CheckoutError):
    """The same page is at `url`."""

    status = 303
    message = "This page is at another address"

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


class BadRequest(CheckoutError):
    status = 400
    message = "The request can't be read"


class Unauthorized(CheckoutError):
    status = 401
    message = "Access denied"


class Forbidden(CheckoutError):
    status = 403
    message = "This form was sent from another site"


class ShopDisabled(Forbidden):
    message = "This shop is disabled: it takes no new payments"


class NotFound(CheckoutError):
    status = 404
    message = "Record not found"


class NotServed(NotFound):
    """The message says what to call in its place."""

    message = "This address is not served"


class SoldOut(CheckoutError):
    status = 409
    message = "Sold out"


class Gone(CheckoutError):
    status = 410
    message = "This link has expired"


class Expired(Gone):
    """A link that has expired, and that its customer may renew."""


class Cancelled(Gone):
    message = "This invoice was cancelled"


class TooLarge(CheckoutError):
    status = 413
    message = "The request is too large"


class WrongType(CheckoutError):
    status = 415
    message = "Send the body as application/json"


class Unprocessable(CheckoutError):
    """Fields that are wrong: `fields` maps a dotted path to its reasons, in the order found.
    `code`: the result code that the family's gateways have for it."""

    status = 422
    message = "Some fields are wrong"
    code: str | None = None

    def __init__(self, fields: Mapping[str, list[str]], message: str | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields)


class Duplicate(Unprocessable):
    """The same request again within 30 seconds. `code` is the one of Overpay's gateway for it."""

    message = "Duplicate transaction"
    code = "E.1018"

    def __init__(self) -> None:
        super().__init__({"base": [self.message]})


class TooMany(CheckoutError):
    """Too many tries; `retry_after` in seconds. `limit`: which one, by its name in the settings."""

    status = 429
    message = "Too many attempts"

    def __init__(self, retry_after: int, message: str | None = None, *, limit: str = "") -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.limit = limit


class Unavailable(CheckoutError):
    """The server can't take this now; `retry_after` in seconds."""

    status = 503
    message = "Temporarily unavailable"

    def __init__(self, retry_after: int = 5, message: str | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
