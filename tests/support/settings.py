"""Settings files for tests: tables of plain values, with secrets made for the run."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any, Final

from checkout.process import write_private
from tests.support.databases import copy_migrated
from tests.support.samples import pem

Table = dict[str, Any]

SHOP: Final = "361"
NOBODY: Final = "http://127.0.0.1:9"  # an address where nothing answers

# All customers of a test come from one address, and many of their cards are declined.
UNLIMITED: Final = {
    "declines_per_address_10min": 100_000,
    "declines_per_bin_10min": 100_000,
    "declines_per_shop_10min": 100_000,
    "payments_per_address_10min": 100_000,
    "openings_per_address_10min": 100_000,
}


def secret() -> str:
    return secrets.token_hex(32)


def overpay(base_url: str, kind: str = "cards", **more: Any) -> Table:
    known = {"adapter": f"overpay_{kind}", "base_url": base_url}
    return known | {"shop_id": SHOP, "secret_key": secret()} | more


def exchanger(base_url: str, **more: Any) -> Table:
    return {
        "adapter": "exchanger",
        "base_url": base_url,
        "route_id": "507f1f77bcf86cd799439011",
        "from_values": {"507f191e810c19729de860ea": "{email}"},
        "to_values": {"wallet": "DE02120300000000202051"},
        "agreement": "shop",
        "ipn_secret": secret(),
    } | more


def rest(base_url: str, **more: Any) -> Table:
    return {
        "adapter": "rest",
        "base_url": base_url,
        "partner_id": "195",
        "username": "shop",
        "member_id": "11344",
        "secure_key": secrets.token_hex(16),
    } | more


def shop(url: str, methods: Table, **more: Any) -> Table:
    return {
        "name": "Demo shop",
        "secret_key": secret(),
        "link_keys": [secret()],
        "private_key": "file:shop.pem",
        "url": url,
        "methods": methods,
    } | more


def write_settings(folder: Path, public_url: str, tables: Table, private_key: str = "") -> Path:
    """checkout.toml in `folder`, over a migrated ledger there, and the shops' key beside it."""
    write_private(folder / "shop.pem", private_key or pem())
    top = {
        "public_url": public_url,
        "database": f"sqlite:///{folder.as_posix()}/checkout.db",
        "secrets": [secret()],
        "sandbox": True,
    }
    if not (folder / "checkout.db").exists():
        copy_migrated(folder / "checkout.db")
    path = folder / "checkout.toml"
    write_private(path, toml(top | tables))
    return path


def toml(table: Table, heading: str = "") -> str:
    """The plain values, then the tables in it under their headings; None is left out."""
    tables = {name: value for name, value in table.items() if isinstance(value, dict)}
    lines = [
        f"{_key(name)} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in table.items()
        if name not in tables and value is not None
    ]
    if heading and (lines or not tables):
        lines.insert(0, f"\n[{heading}]")
    inner = [
        toml(value, f"{heading}.{_key(name)}".removeprefix(".")) for name, value in tables.items()
    ]
    return "".join(f"{line}\n" for line in lines) + "".join(inner)


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else json.dumps(name)


def merged(table: Table, changes: Table) -> Table:
    """`changes` over `table`, and so for the tables in it."""
    both: Table = table | changes
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(table.get(name), dict):
            both[name] = merged(table[name], value)
    return both
