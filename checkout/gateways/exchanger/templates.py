"""Field values made from an order: `{email}` in a setting stands for the customer's address.

Plain replacement from a fixed list of names. Nothing of the customer's is ever read as a template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from checkout.gateways.base import Charge
from checkout.gateways.exchanger.route import Side
from checkout.model.cut import cut
from checkout.model.order import Customer
from checkout.model.validation.reader import suggestion

Templates = Mapping[Side, Mapping[str, str]]  # the settings' fields, by where the route has them

NAMES: Final[Mapping[str, Callable[[Charge], str | None]]] = {
    "amount": lambda charge: f"{charge.money.major:f}",
    "currency": lambda charge: charge.money.currency,
    "description": lambda charge: charge.order.description,
    "language": lambda charge: charge.language,
    "email": lambda charge: charge.customer.email,
    "first_name": lambda charge: charge.customer.first_name,
    "last_name": lambda charge: charge.customer.last_name,
    "phone": lambda charge: charge.customer.phone,
    "address": lambda charge: charge.customer.address,
    "city": lambda charge: charge.customer.city,
    "state": lambda charge: charge.customer.state,
    "zip": lambda charge: charge.customer.zip,
    "country": lambda charge: charge.customer.country,
    "birth_date": lambda charge: charge.customer.birth_date,
}
LONGEST: Final = 255
_PLACE = re.compile(r"\{([^{}]*)\}")


def check(templates: Mapping[str, str]) -> None:
    """Raises ValueError for a name that isn't in `NAMES`, or a brace that belongs to none."""
    for key, template in templates.items():
        if not key.strip():
            raise ValueError("must name a field")
        for name in _PLACE.findall(template):
            if name not in NAMES:
                raise ValueError(f"{{{name}}} {suggestion(name, NAMES)}")
        if set("{}") & set(_PLACE.sub("", template)):
            raise ValueError("must write a placeholder like {email}")


def filled(template: str, charge: Charge) -> str:
    """Empty where nothing is known."""
    return clean(_PLACE.sub(lambda place: NAMES[place[1]](charge) or "", template))


def clean(text: str) -> str:
    return cut("".join(c for c in text if c.isprintable()).strip(), LONGEST)


def of_customer(template: str) -> str | None:
    """Which of the customer's fields a template is, where it is nothing but that: `email`."""
    place = _PLACE.fullmatch(template.strip())
    return place[1] if place and place[1] in Customer.__struct_fields__ else None
