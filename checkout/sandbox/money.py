"""Amounts for people. Inside, an amount is an integer in minor units of its currency."""

from __future__ import annotations

EXPONENTS: dict[str, int] = (
    dict.fromkeys(
        (
            *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
            *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
        ),
        0,
    )
    | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
    | dict.fromkeys(("CLF", "UYW"), 4)
)
"""Digits after the decimal point where ISO 4217 has not two."""


def formatted(amount: int, currency: str) -> str:
    """`12.50 EUR`, `2100 JPY`, `4.150 KWD`."""
    digits = EXPONENTS.get(currency, 2)
    if digits == 0:
        return f"{amount} {currency}"
    whole, part = divmod(amount, 10**digits)
    return f"{whole}.{part:0{digits}d} {currency}"
