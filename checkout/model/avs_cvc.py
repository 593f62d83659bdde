"""The result codes of the address and security code checks in words.

Source: the page "AVS/CVC verification" of the family's public documentation. For operators.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

AVS: Final[Mapping[str, str]] = {
    "0": "unknown",
    "1": "not supported for this card",
    "A": "street matches, postal code doesn't",
    "B": "street matches, postal code not checked",
    "E": "not checked: a fault",
    "M": "street and postal code match",
    "N": "street and postal code don't match",
    "O": "address doesn't match",
    "P": "postal code matches, street not checked",
    "W": "postal code matches, street doesn't",
    "U": "no address at the bank",
    "AE1": "postal code matches, name doesn't",
    "AE2": "street and postal code match, name doesn't",
    "AE3": "street matches, name doesn't",
    "AE4": "name matches",
    "AE5": "name and postal code match",
    "AE6": "name, street and postal code match",
    "AE7": "name and street match",
}
CVC: Final[Mapping[str, str]] = {
    "0": "unknown",
    "1": "not supported for this card",
    "D": "checked, wrong",
    "E": "not checked: a fault",
    "M": "matches",
    "N": "doesn't match",
    "P": "not checked: none on the card",
    "S": "should have been given",
    "U": "not supported by the bank",
    "X": "nothing known",
    "Y": "checked, right",
}


def explained(code: str | None, words: Mapping[str, str]) -> str | None:
    """ "M (street and postal code match)"; an unknown code is shown as it is."""
    if code is None:
        return None
    return f"{code} ({words[code]})" if code in words else code
