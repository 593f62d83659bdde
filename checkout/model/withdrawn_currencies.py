"""Currencies that ISO 4217 has withdrawn: payments in them stay readable, new ones are refused with
advice which currency came after.

Which there were, and where, is CLDR's list. Its decimals are those that prices are written with;
ours are the ones that ISO counted minor units with (CLDR has none for MRO, SLL, STD, ...).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from babel.core import get_global
from iso4217 import Currency

_CURRENT: Final = frozenset(currency.code for currency in Currency)
# By territory, in their order: (code, since, until or None, legal tender).
_BY_TERRITORY: Final = get_global("territory_currencies")
_NO_DECIMALS: Final = frozenset({
    "ADP", "BEF", "BYB", "BYR", "ESP", "GRD", "ITL", "LUF", "MGF", "PTE", "TPE", "TRL",
})  # fmt: skip

WITHDRAWN: Final[dict[str, int]] = {  # code -> decimals
    code: 0 if code in _NO_DECIMALS else 2
    for code in sorted(
        code
        for rows in _BY_TERRITORY.values()
        for code, _, _, tender in rows
        if tender and code not in _CURRENT
    )
}
# What a code's first two letters, the country's, don't lead to: countries that are no more, and
# changes that are younger than the list.
_SUCCESSORS: Final = {
    "ANG": "XCG", "BGL": "EUR", "BGM": "EUR", "BGN": "EUR", "BGO": "EUR", "BUK": "MMK",
    "CSD": "RSD", "DDM": "EUR", "TPE": "USD", "YDD": "YER", "YUM": "RSD", "ZRN": "CDF",
    "ZRZ": "CDF",
}  # fmt: skip


def successor(code: str) -> str | None:
    """The currency that is used today where a withdrawn one was; None where there are several.
    No rate between the two is known here: 1 of the one is not 1 of the other."""
    if code in _SUCCESSORS:
        return _SUCCESSORS[code]
    today = [
        (since or (), new)
        for new, since, until, tender in _BY_TERRITORY.get(code[:2], ())
        if tender and until is None and new in _CURRENT
    ]
    return max(today)[1] if today else None


def why_no_currency(code: str, current: Collection[str]) -> str:
    """The reason by which a code that is not one of the `current` ones is refused."""
    new = successor(code) if code in WITHDRAWN else None
    if new in current:
        return f"was replaced by {new}: state the amount in that currency"
    if code in WITHDRAWN:
        return "must be a currency that is in use"
    if (written := code[:3].upper()) in current and len(code) == 3:
        return f"must be in capitals: {written}"
    return "must be an ISO 4217 code, like EUR"
