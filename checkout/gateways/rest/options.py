"""The settings of an account at the REST gateway: credentials, addresses, and what it may be asked
for although no source confirms how."""

from __future__ import annotations

import re
from typing import ClassVar, Final, Literal

from checkout.gateways import base
from checkout.gateways.rest.request import LONGEST_RETURN_URL
from checkout.gateways.rest.signature import SEPARATOR

BASE: Final = "/transactionServices/REST/v1"
ID: Final = "{id}"  # in `inquiry_path`: where the payment's id goes
CREDENTIALS: Final = ("partner_id", "username")  # by which a token is had, unless by the member
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])+", re.ASCII)


class Options(base.Options, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the gateway hands out. `answers`: what to ask for; whichever comes is read. `token_by`:
    whom the token is asked for as. `inquiry_path` without `{id}`: the id goes into the body.
    `registrations`, `pay_with_token`, `payouts`: whether the account is asked for these."""

    longest_return_url: ClassVar[int] = LONGEST_RETURN_URL
    secrets: ClassVar[tuple[str, ...]] = ("secure_key",)
    asked: ClassVar[tuple[str, ...]] = (*CREDENTIALS, "terminal_id")

    member_id: str
    secure_key: str
    token_by: Literal["partner", "member"] = "partner"
    partner_id: str | None = None
    username: str | None = None
    terminal_id: str | None = None
    answers: Literal["json", "xml"] = "json"
    token_path: str = f"{BASE}/authToken"
    payments_path: str = f"{BASE}/payments"
    inquiry_path: str = f"{BASE}/payments/{ID}"
    registrations_path: str = f"{BASE}/registrations"
    pay_with_token_path: str = f"{BASE}/paywithtoken"
    payout_path: str = f"{BASE}/payout"
    registrations: bool = True
    pay_with_token: bool = True
    payouts: bool = True

    def __post_init__(self) -> None:
        for name in ("member_id", "secure_key", *CREDENTIALS):
            value = getattr(self, name)
            if value is not None and not value.strip():
                raise ValueError(f"{name}: must not be empty")
        for name in CREDENTIALS:
            if self.token_by == "partner" and getattr(self, name) is None:
                raise ValueError(f'{name}: is required, unless token_by is "member"')
        if SEPARATOR in self.member_id:
            raise ValueError(f"member_id: must not contain {SEPARATOR}")
        for name in self.__struct_fields__:
            if name.endswith("_path"):
                _check_path(name, getattr(self, name))


def _check_path(name: str, path: str) -> None:
    plain = path.replace(f"/{ID}", "/id", 1) if name == "inquiry_path" else path
    if not _PATH.fullmatch(plain):
        raise ValueError(f"{name}: must be a path like {BASE}/payments")
