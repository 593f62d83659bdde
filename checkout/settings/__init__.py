"""The settings: `load()` reads checkout.toml and the environment into frozen values, once."""

from checkout.settings.load import load
from checkout.settings.values import (
    Account,
    Limits,
    PostgresLimits,
    Settings,
    Shop,
    ShopDirectory,
    Smtp,
)

__all__ = [
    "Account",
    "Limits",
    "PostgresLimits",
    "Settings",
    "Shop",
    "ShopDirectory",
    "Smtp",
    "load",
]
