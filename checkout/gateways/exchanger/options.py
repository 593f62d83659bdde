"""The settings of an account at an exchanger."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from checkout.gateways import base
from checkout.gateways.exchanger.templates import Templates, check
from checkout.model.money import EXPONENTS
from checkout.model.urls import web_url
from checkout.model.validation.reader import Invalid

LONGEST: Final = 200  # characters that the exchanger takes of an address or a secret


class Options(base.Options, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The route that the shop is paid by. Its fields: the exchanger's key = a template over the
    order, see `templates.NAMES`. `rate_routes`: by currency, the route of the same exchanger whose
    rate converts a price in that currency, where it is neither side of `route_id`. `ipn_secret`
    signs notifications; `page`: whose page shows how to pay. Either `terms_url`, where customers
    read what they agree to, or `agreement = "shop"`: the shop's own terms cover the exchanger's."""

    longest_return_url: ClassVar[int] = LONGEST
    secrets: ClassVar[tuple[str, ...]] = ("ipn_secret",)
    asked: ClassVar[tuple[str, ...]] = ("terms_url", "agreement")
    usual_method: ClassVar[str] = "crypto"

    route_id: str
    ipn_secret: str
    from_values: dict[str, str] = {}
    to_values: dict[str, str] = {}
    route_values: dict[str, str] = {}
    rate_routes: dict[str, str] = {}
    page: Literal["own", "exchanger"] = "own"
    partner: str | None = None
    hide_out_data: bool = True
    terms_url: str | None = None
    agreement: Literal["shop"] | None = None

    @property
    def templates(self) -> Templates:
        return {"from": self.from_values, "to": self.to_values, "route": self.route_values}

    def __post_init__(self) -> None:
        for name in ("route_id", "ipn_secret"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name}: must not be empty")
        if len(self.ipn_secret) > LONGEST:
            raise ValueError(f"ipn_secret: must have at most {LONGEST} characters")
        for name in ("from_values", "to_values", "route_values"):
            try:
                check(getattr(self, name))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        for currency, route_id in self.rate_routes.items():
            if currency not in EXPONENTS or not route_id.strip():
                raise ValueError('rate_routes: must be like { JPY = "id of a route" }')
        self._check_agreement()

    def _check_agreement(self) -> None:
        if (self.terms_url is None) is (self.agreement is None):
            raise ValueError(
                "agreement: name the exchanger's terms (terms_url), which customers then agree to,"
                ' or say that your own terms cover them (agreement = "shop"); one of the two'
            )
        try:
            web_url(self.terms_url or "https://example.com", sandbox=True)
        except Invalid as error:
            raise ValueError(f"terms_url: {error}") from None
