"""The example and the documentation name every setting there is."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest
from msgspec import Struct
from msgspec.structs import asdict

from checkout.gateways.base import Options
from checkout.model.order import Method
from checkout.settings import Account, Limits, PostgresLimits, Settings, Shop, Smtp
from checkout.settings.values import ApplePay, GooglePay
from tests.settings.conftest import Settled
from tests.settings.example import DOCS, EXAMPLE

STRUCTS = (
    Settings, Account, Shop, Method, ApplePay, GooglePay, Smtp, Limits, PostgresLimits,
)  # fmt: skip
# Fields that are no setting: they come from a table's name or are worked out.
ROTATING = {"next_secret_key", "next_private_key", "next_public_key"}
DERIVED = {
    Account: {"name", "options"},
    Shop: {"id", "public_key", "ports", "disabled", "revision", *ROTATING},
    Method: {"name"},
}


def test_the_example_loads(settled: Settled, environ: dict[str, str], pem: str) -> None:
    settings = settled()

    assert settings.public_url == "https://pay.example.com"
    assert settings.https
    assert settings.url("/static/x.css") == "https://pay.example.com/static/x.css"
    assert settings.database == "sqlite:///checkout.db"
    assert settings.secrets == (environ["CHECKOUT_SECRET"],)
    assert settings.trusted_proxies == (ip_network("127.0.0.1"),)
    assert settings.sandbox is False
    assert settings.operator_token == environ["OPERATOR_TOKEN"]
    assert settings.security_contact == "mailto:security@example.com"
    assert settings.security_policy == "https://example.com/security"
    assert settings.security_languages == ("en",)
    assert settings.limits == Limits()
    assert settings.postgresql == PostgresLimits()
    assert (settings.retention, settings.retention_unpaid) == (400 * 86400, 30 * 86400)
    defaults = Settings(public_url="", database="", secrets=())
    assert (defaults.retention, defaults.retention_unpaid) == (400 * 86400, 30 * 86400)
    assert list(settings.gateways) == ["cards", "local", "acquirer", "coins"]
    assert settings.account("cards").adapter == "overpay_cards"
    assert settings.account("cards").options.secret_key == environ["OVERPAY_SECRET"]
    assert settings.account("coins").options.to_values == {"wallet": "bc1q..."}

    shop = settings.shop("361")
    assert (shop.id, shop.name, shop.secret_key) == ("361", "Demo shop", environ["SHOP_SECRET"])
    assert shop.link_keys == (environ["SHOP_LINK_KEY"],)
    assert shop.private_key.key_size == 2048
    assert (shop.apps, shop.apps_public_key, shop.apps_transaction_types) == (
        True, False, ("payment",),
    )  # fmt: skip
    assert shop.notification_url == "https://shop.example.com/notifications"
    assert shop.return_origins == ("https://shop.example.com", "myshop://")
    assert shop.renew is False
    assert (shop.legal_name, shop.country) == ("Example Ltd", "CY")
    assert shop.dark_logo == "https://shop.example.com/logo-dark.svg"
    assert (shop.accent, shop.on_accent) == ("#0b5fff", "#ffffff")
    assert (shop.accent_dark, shop.on_dark, shop.scheme) == ("#6ea0ff", "#6ea0ff", "auto")
    assert [method.name for method in shop.methods] == [
        "credit_card",
        "bank_transfer",
        "crypto",
        "erip",
        "netbanking",
    ]
    assert shop.method("credit_card") == Method("credit_card", "cards")
    assert shop.method("erip") == Method("erip", "local", params={"service_no": "99999999"})
    assert shop.method("netbanking") == Method(
        "netbanking", "acquirer", label="Net banking", kind="bank", mode="NB", brand="..."
    )
    assert shop.method("cash") is None

    assert settings.apple_pay_domain == "7B22"
    assert shop.apple_pay is not None
    assert (shop.apple_pay.merchant_id, shop.apple_pay.country) == ("merchant.com.example", "CY")
    assert "BEGIN" not in repr(shop.apple_pay)
    assert shop.google_pay == GooglePay(
        gateway="examplegateway",
        gateway_merchant_id="361",
        country="CY",
        merchant_id="BCR2DN4TEXAMPLE7",
    )

    assert settings.smtp is not None
    assert (settings.smtp.host, settings.smtp.port, settings.smtp.tls) == ("host", 587, False)
    assert (settings.smtp.user, settings.smtp.password) == ("user", "password")


@pytest.mark.parametrize(
    "struct",
    STRUCTS,
    ids=lambda struct: struct.__name__,
)
def test_every_field_is_documented_and_in_the_example(struct: type[Struct]) -> None:
    documented = set(
        re.findall(r"^\| `(\w+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE)
    )
    example = EXAMPLE.read_text()
    for name in set(struct.__struct_fields__) - DERIVED.get(struct, set()):
        assert name in documented
        assert re.search(rf"\b{name}\b", example)


def test_nothing_else_is_documented() -> None:
    fields = {name for struct in STRUCTS for name in struct.__struct_fields__}
    documented = set(
        re.findall(r"^\| `(\w+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE)
    )
    of_every_adapter = set(Options.__struct_fields__)
    assert {"base_url", "decimals"} <= documented - fields <= of_every_adapter


def test_the_defaults_of_the_limits_are_documented() -> None:
    rows = dict(
        re.findall(
            r"^\| `(\w+)` \|.*\| `?(\d+|proof_of_work)`? \|$",
            (DOCS / "settings.md").read_text(),
            re.MULTILINE,
        )
    )
    defaults = asdict(Limits()) | asdict(PostgresLimits())
    assert rows == {name: str(value) for name, value in defaults.items()}
