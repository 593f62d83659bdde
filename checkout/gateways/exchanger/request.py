"""What an order is created with. The fields of its route come from the settings, or are asked of
the customer.

The shop's payout account is never asked for: a customer could enter an account of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from checkout.gateways.base import Charge, InputField, merged
from checkout.gateways.exchanger.options import Options
from checkout.gateways.exchanger.quote import Quote
from checkout.gateways.exchanger.response import Refusal
from checkout.gateways.exchanger.route import Route, RouteField, Side
from checkout.gateways.exchanger.templates import LONGEST, Templates, clean, filled, of_customer

Labels = Mapping[tuple[Side, str], str]

LISTS: Final[Mapping[Side, str]] = {
    "from": "fromValues",
    "to": "toValues",
    "route": "routeValues",
}


LANGUAGES: Final[Mapping[str, str]] = {"en": "eng", "ru": "rus"}  # in its pages -> in its API
TERMS: Final = "terms"  # the name of the box to tick


class Missing(Exception):
    """A field that the route requires is empty. `name`: of the input that the customer can fill."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def order_request(options: Options, charge: Charge, wanted: Quote, route: Route) -> dict[str, Any]:
    """Raises Missing."""
    if options.terms_url and not charge.inputs.get(TERMS):
        raise Missing(TERMS)
    return merged(
        {
            "routeId": options.route_id,
            "partner": options.partner,
            "amount": msgspec.Raw(wanted.give.encode()),  # digit by digit
            "lang": LANGUAGES[spoken(charge.language)],
            "agreement": True,
            "hideOutData": options.hide_out_data,
            "clientCallbackUrl": charge.return_url,
            "ipnUrl": charge.notify_url,
            "ipnSecret": options.ipn_secret,
        },
        values(route, options.templates, charge),
    )


def spoken(language: str) -> str:
    """One of `LANGUAGES`."""
    known = language.partition("-")[0].lower()
    return known if known in LANGUAGES else "en"


def asked(route: Route, templates: Templates, labels: Labels) -> tuple[InputField, ...]:
    """The required fields that the settings don't fill, or fill from data that may be missing."""
    return tuple(
        InputField(
            name=_name(field),
            label=labels.get((field.side, field.key), field.label),
            kind="email" if field.email or known == "email" else "text",
            longest=LONGEST,
            unless=known,
        )
        for field, known in _open(route, templates)
    )


def never_asked(route: Route, templates: Templates) -> list[RouteField]:
    """The fields required for the payout to the shop that the settings leave out."""
    return [
        field
        for field in route.fields
        if field.side == "to" and field.required and field.key not in templates["to"]
    ]


def unknown(route: Route, templates: Templates) -> list[str]:
    """The fields of the settings that the route doesn't have, as the settings name them."""
    keys = {(field.side, field.key) for field in route.fields}
    return [
        f"{side}_values.{key}"
        for side, given in templates.items()
        for key in given
        if (side, key) not in keys
    ]


def values(route: Route, templates: Templates, charge: Charge) -> dict[str, list[dict[str, str]]]:
    """The lists of the request. Raises Missing."""
    found = {
        side: {key: filled(template, charge) for key, template in given.items()}
        for side, given in templates.items()
    }
    for field, known in _open(route, templates):
        written = clean(charge.inputs.get(_name(field), ""))
        value = found[field.side].get(field.key) or written
        if not value:
            raise Missing(known or _name(field))
        found[field.side][field.key] = value
    # A field without a value is left out: the exchanger checks which it needs.
    return {
        LISTS[side]: [{"key": key, "value": value} for key, value in given.items() if value]
        for side, given in found.items()
    }


def refused_input(
    refusal: Refusal, route: Route, templates: Templates, charge: Charge
) -> str | None:
    """What the customer filled in that the exchanger refused, by our own name for it."""
    names = [
        (LISTS[field.side] == refusal.values, _input(field, templates, charge))
        for field in route.fields
        if field.key == refusal.field
    ]
    # Exchangers are known to name the wrong list: it only decides between two fields of one key.
    found = [name for _, name in sorted(names, key=lambda each: not each[0]) if name]
    return found[0] if found else None


def _input(field: RouteField, templates: Templates, charge: Charge) -> str | None:
    template = templates[field.side].get(field.key)
    if template is None:
        return _name(field) if field.side != "to" and field.required else None
    return of_customer(template) if filled(template, charge) else _name(field)


def _open(route: Route, templates: Templates) -> Iterator[tuple[RouteField, str | None]]:
    """The fields to ask for, each with the customer's datum that would fill it, or None."""
    for field in route.fields:
        if field.side == "to" or not field.required:
            continue
        template = templates[field.side].get(field.key)
        if template is None:
            yield field, None
        elif known := of_customer(template):
            yield field, known


def _name(field: RouteField) -> str:
    return f"{field.side}.{field.key}"
