"""The settings of the web tests' server: a demo shop, and one that frames the page."""

from __future__ import annotations

import secrets
from collections import defaultdict
from pathlib import Path
from tomllib import loads
from typing import Final

from checkout.process import write_private
from tests.support.samples import pem as shared_key
from tests.support.settings import Table, merged, overpay, secret, shop, write_settings

PUBLIC: Final = "https://pay.example.com"
SANDBOX: Final = "http://localhost:8002"


def publishable_key() -> str:
    return f"pk_{secrets.token_urlsafe(32)}"


def acquired_shop(*account: str) -> str:
    """Settings of the shop `acquired` with an account at the other acquirer; `account`: its lines
    beside those that each has."""
    lines = "\n".join(account)
    return f"""
[gateways.acquirer]
adapter = "rest"
base_url = "http://localhost:8002"
member_id = "11344"
secure_key = "{secrets.token_hex(32)}"
{lines}

[shops.acquired]
name = "Acquired shop"
secret_key = "{secrets.token_hex(32)}"
link_keys = ["{secrets.token_hex(32)}"]
private_key = "file:shop.pem"
url = "https://shop.example.com"

[shops.acquired.methods]
credit_card = "acquirer"
"""


USUAL: Final = {
    "public_url": PUBLIC,
    "sandbox": SANDBOX,
    "gateway": "",
    "framing_key": "framing.pem",
    "framing": "",
    "submits": "1000",
    "declines": "100000",
    "per_shop": "100000",
    "openings": "100000",
    "challenge": "off",
    "app_payments": "100000",
    "shops_app_payments": "100000",
}


def write_usual_settings(folder: Path, pem: str, **changes: str) -> Path:
    """The settings file. `changes` are secrets and other words of `USUAL`; lines for the
    gateways (`gateway`), the shops (`apps`, `framing_apps`, `framing`) and the whole (`top`)."""
    write_private(folder / "framing.pem", shared_key())
    words = defaultdict(secret, USUAL | changes)
    for name in ("apps", "framing_apps"):
        words.setdefault(name, f'apps = true\npublishable_key = "{publishable_key()}"')
    words.setdefault("top", f'operator_token = "{secrets.token_urlsafe(32)}"')
    tables = {
        "secrets": [words["secret"]],
        "gateways": gateways(words),
        "shops": {"361": demo_shop(words), "framing": framing_shop(words)},
        "limits": {
            "submits_per_payment": int(words["submits"]),
            "declines_per_address_10min": int(words["declines"]),
            "declines_per_bin_10min": int(words["declines"]),
            "declines_per_shop_10min": int(words["per_shop"]),
            "payments_per_address_10min": 100000,
            "openings_per_address_10min": int(words["openings"]),
            "slow_seconds": 0,
            "challenge": words["challenge"],
            "challenge_bits": 8,
            "app_payments_per_address_10min": int(words["app_payments"]),
            "app_payments_per_shop_10min": int(words["shops_app_payments"]),
        },
    }
    return write_settings(folder, words["public_url"], merged(tables, loads(words["top"])), pem)


def gateways(words: dict[str, str]) -> Table:
    sandbox, same = words["sandbox"], {"secret_key": words["gateway_secret"]}
    more = same | loads(words["gateway"])
    return {
        "cards": overpay(sandbox, **more),
        "plain": overpay(sandbox, shop_id="362", **same),
        "local": overpay(sandbox, "apm", **more),
    }


def demo_shop(words: dict[str, str]) -> Table:
    erip = {"gateway": "local", "params": {"service_no": "99999999"}}
    return shop(
        "https://shop.example.com",
        {"credit_card": "cards", "bank_transfer": "local", "sbp": "local", "erip": erip},
        secret_key=words["shop_secret"],
        link_keys=[words["old_link_key"], words["link_key"]],
        email="help@shop.example.com",
        **loads(words["apps"]),
    )


def framing_shop(words: dict[str, str]) -> Table:
    known: Table = {
        "name": "Framing shop",
        "secret_key": words["other_secret"],
        "link_keys": [words["other_link_key"]],
        "private_key": f"file:{words['framing_key']}",
        "frame_origins": ["https://framing.example.com", "https://m.framing.example.com:8443"],
        "return_origins": ["https://framing.example.com", "framing://"],
        "accent": "#b34700",
        "apps": True,
    }
    known |= loads(words["framing_apps"]) | loads(words["framing"])
    return shop("https://framing.example.com", {"credit_card": "plain"}, **known)
