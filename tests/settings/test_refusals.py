"""Each rule: what it refuses, under which key, with which words."""

from __future__ import annotations

import base64
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

from checkout.errors import BadSettings, NotFound
from checkout.model.urls import NOT_LISTED
from checkout.settings import load
from tests.settings.conftest import Problems, Settled
from tests.settings.example import ADAPTERS

CARDS = 'base_url = "https://gateway.overpay.io"'
PUBLIC = 'public_url = "https://pay.example.com"'
CONTACT = "security@example.com"
SHOP_URL = 'url = "https://shop.example.com"'


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        # unknown keys, with what was perhaps meant
        ("database =", "databse =", "databse", "did you mean database?"),
        ('logo = "', 'lgo = "', "shops.361.lgo", "did you mean logo?"),
        ('partner_id = "195"', 'partner_id = "195"\nsecure_kee = "x"',
         "gateways.acquirer.secure_kee", "did you mean secure_key?"),
        ('label = "Net', 'lable = "Net', "shops.361.methods.netbanking.lable", "mean label?"),
        ("submits_per_payment", "submits_per_paymnt", "limits.submits_per_paymnt", "did you mean"),
        ("[smtp]", "[smtp]\nport = 25", "smtp.port", "is unknown"),
        ("sandbox = false", "sandbox = false\ncolour = 1", "colour", "is unknown"),
        # whom to tell of weaknesses
        (CONTACT, "http://example.com", "security_contact", "an e-mail address or an https"),
        (CONTACT, "javascript:alert(1)", "security_contact", "an e-mail address or an https"),
        (CONTACT, "a@b.example\\r\\nX: y", "security_contact", "an e-mail address or an https"),
        (CONTACT, "https://example.com/\\r\\nX: y", "security_contact", "must"),
        ('"https://example.com/security"', '"http://example.com/security"', "security_policy",
         "https://"),
        ('security_languages = ["en"]', "security_languages = []", "security_languages", "must"),
        ('security_languages = ["en"]', 'security_languages = ["en, de"]', "security_languages",
         "item 1 must be a language"),
        # wallets
        ('country = "CY"                             # where the payments are processed',
         'country = "Cyprus"', "shops.361.apple_pay.country", "two letters"),
        ('"merchant.com.example"', '"com.example"', "shops.361.apple_pay.merchant_id", "Apple's"),
        ('networks = ["visa", "master", "maestro"]', "networks = []",
         "shops.361.apple_pay.networks", "1"),
        ("file:apple-pay.pem", "file:apple-pay.key", "shops.361.apple_pay.certificate",
         "certificate as PEM"),
        ("file:apple-pay.key", "file:shop-361.pem", "shops.361.apple_pay.private_key",
         "is not the one"),
        ("file:apple-pay.key", "no key", "shops.361.apple_pay.private_key", "as PEM"),
        ('merchant_id = "BCR2DN4TEXAMPLE7"', "", "shops.361.google_pay.merchant_id", "required"),
        ('gateway = "examplegateway"', 'gatewy = "examplegateway"',
         "shops.361.google_pay.gatewy", "did you mean gateway?"),
        # addresses
        (PUBLIC, 'public_url = "http://pay.example.com"', "public_url", "https://"),
        (PUBLIC, 'public_url = "https://pay.example.com/pay"', "public_url", "without a path"),
        (PUBLIC, 'public_url = "https://pay.example.com?x"', "public_url", "without a path"),
        (PUBLIC, 'public_url = "https://u:p@pay.example.com"', "public_url", "user name"),
        (PUBLIC, 'public_url = "https://"', "public_url", "host"),
        (PUBLIC, "public_url = 1", "public_url", "must be text"),
        (PUBLIC, 'public_url = ""', "public_url", "must be text"),
        (PUBLIC, f'public_url = "https://{"a" * 58}.com"', "public_url",
         "must have at most 69 characters, for the gateway of gateways.acquirer"),
        (CARDS, 'base_url = "http://gateway.overpay.io"', "gateways.cards.base_url", "https://"),
        (CARDS, 'base_url = "http://127.0.0.1:8002"', "gateways.cards.base_url", "https://"),
        (CARDS, 'base_url = "https://gateway.overpay.io/?a=b"', "gateways.cards.base_url", "query"),
        (SHOP_URL, 'url = "javascript:alert(1)"', "shops.361.url", "https://"),
        ('\nlogo = "https', '\nlogo = "http', "shops.361.logo", "https://"),
        ('frame_origins = ["https://shop.example.com"]', 'frame_origins = ["https://*.example.com"]',
         "shops.361.frame_origins", "item 1 must have a valid host"),
        ('frame_origins = ["https://shop.example.com"]', 'frame_origins = ["https://a.example/x"]',
         "shops.361.frame_origins", "item 1 must be an origin"),
        ('frame_origins = ["https://shop.example.com"]', 'frame_origins = "https://a.example"',
         "shops.361.frame_origins", "must be a list"),
        ('"myshop://"]', '"javascript://"]', "shops.361.return_origins", "item 2"),
        ('"myshop://"]', '"myshop://pay"]', "shops.361.return_origins", "item 2"),
        # who is believed, where things are kept
        ('["127.0.0.1"]', '["10.0.0.1/8"]', "trusted_proxies", "item 1 must be an address"),
        ('["127.0.0.1"]', '["127.0.0.1", "0.0.0.0/0"]', "trusted_proxies", "item 2 must not be"),
        ('["127.0.0.1"]', "[2130706433]", "trusted_proxies", "item 1 must be an address"),
        ("sqlite:///checkout.db", "mysql://host/name", "database", "sqlite:///"),
        ("sqlite:///checkout.db", "sqlite:///", "database", "sqlite:///"),
        ("sqlite:///checkout.db", "postgresql://host", "database", "postgresql://"),
        ("sandbox = false", 'sandbox = "no"', "sandbox", "true or false"),
        ("sandbox = false", "sandbox = 0", "sandbox", "true or false"),
        # accounts
        ('adapter = "rest"', 'adapter = "rst"', "gateways.acquirer.adapter", "did you mean rest?"),
        ('adapter = "rest"', "", "gateways.acquirer.adapter", "is required"),
        ('member_id = "11344"', "", "gateways.acquirer.member_id", "is required"),
        ('member_id = "11344"', "member_id = 11344", "gateways.acquirer.member_id", "must be text"),
        ('page = "own"', 'page = "theirs"', "gateways.coins.page", "one of: exchanger, own"),
        ('wallet = "bc1q..."', "wallet = 1", "gateways.coins.to_values", "must be text (at"),
        # shops
        ('name = "Demo shop"', 'name = " "', "shops.361.name", "blank"),
        ('name = "Demo shop"', "", "shops.361.name", "is required"),
        ('"help@shop.example.com"', '"help"', "shops.361.email", "e-mail"),
        ('country = "CY"', 'country = "CYP"', "shops.361.country", "two letters"),
        ('country = "CY"', 'country = "QQ"', "shops.361.country", "two letters"),
        ('dark_logo = "https', 'dark_logo = "http', "shops.361.dark_logo", "https://"),
        ('"#0b5fff"', '"blue"', "shops.361.accent", "#0b5fff"),
        ('"#0b5fff"', '"#ffee00"', "shops.361.accent", "is too light: its contrast"),
        ('"#6ea0ff"', '"#101030"', "shops.361.accent_dark", "is too dark: its contrast"),
        ('"pk_PUT-THE-ONE-OF-checkout-keys-IN-THIS-PLACE00"', '"pk_short"',
         "shops.361.publishable_key", "must be pk_ and 43"),
        ('"pk_PUT-THE-ONE-OF-checkout-keys-IN-THIS-PLACE00"', '"env:SHOP_SECRET"',
         "shops.361.publishable_key", "must be pk_ and 43"),
        ('publishable_key = "pk_', '# = "pk_', "shops.361.publishable_key",
         "is required where apps = true"),
        ('["payment"]', '["refund"]', "shops.361.apps_transaction_types", "item 1 must be one of"),
        ('["payment"]', "[]", "shops.361.apps_transaction_types", "must have 1 to"),
        ("apps = true", 'apps = "yes"', "shops.361.apps", "true or false"),
        ('"https://shop.example.com/notifications"', '"http://shop.example.com/"',
         "shops.361.notification_url", "https://"),
        ('scheme = "auto"', 'scheme = "night"', "shops.361.scheme", "one of: auto, dark, light"),
        ('credit_card = "cards"', 'credit_card = "crads"',
         "shops.361.methods.credit_card", "(acquirer, cards, coins, local)"),
        ('credit_card = "cards"', "credit_card = 1", "shops.361.methods.credit_card", "object"),
        ('credit_card = "cards"', '"Credit card" = "cards"',
         "shops.361.methods.Credit card", "small letters"),
        ('gateway = "local", params', "params", "shops.361.methods.erip.gateway", "is required"),
        ('"99999999"', "2030-01-01", "shops.361.methods.erip.params", "must hold"),
        ('"99999999"', "nan", "shops.361.methods.erip.params", "must hold"),
        # the way back, notifications
        ('result_parameter = "result"', 'result_parameter = "a b"', "shops.361.result_parameter",
         "letters, digits"),
        ('result_parameter = "result"', 'result_parameter = "r&x"', "shops.361.result_parameter",
         "letters, digits"),
        ('result_parameter = "result"', 'result_parameter = "token"', "shops.361.result_parameter",
         "must not be one of token, status, uid"),
        ('result_parameter = "result"', f'result_parameter = "{"r" * 65}"',
         "shops.361.result_parameter", "at most 64"),
        ("notify_canceled = false", 'notify_canceled = "yes"', "shops.361.notify_canceled", "true"),
        # mail, limits
        ("smtp://user", "http://user", "smtp.url", "smtp://"),
        ('"pay@example.com"', '"pay@example.com\\nBcc: all"', "smtp.sender", "e-mail"),
        # how long
        ('retention = "400d"', "retention = 400", "retention", "must be text"),
        ('retention = "400d"', 'retention = "400"', "retention", "days or weeks"),
        ('retention = "400d"', 'retention = "0d"', "retention", "from 1 to 3660 days"),
        ('retention = "400d"', 'retention = "600w"', "retention", "from 1 to 3660 days"),
        ('retention_unpaid = "30d"', 'retention_unpaid = "30m"', "retention_unpaid", "days or"),
        ("submits_per_payment = 5", "submits_per_payment = 0",
         "limits.submits_per_payment", "from 1 to"),
        ("submits_per_payment = 5", "submits_per_payment = true",
         "limits.submits_per_payment", "integer"),
        ("submits_per_payment = 5", 'submits_per_payment = "5"',
         "limits.submits_per_payment", "integer"),
        # the database's time
        ("connections = 10", "connections = 0", "postgresql.connections", "from 1 to 1000"),
        ("lock_seconds = 3", "lock_seconds = 61", "postgresql.lock_seconds", "from 1 to 60"),
        ("lock_seconds = 3", "lock_second = 3", "postgresql.lock_second", "did you mean"),
    ],
)  # fmt: skip
def test_what_is_refused(problems: Problems, old: str, new: str, key: str, reason: str) -> None:
    found = problems((old, new))
    # A misspelt key leaves the one that was meant missing; nothing else is told.
    others = {told for told, why in found.items() if why != "is required"} - {key}
    assert reason in found[key]
    assert not others


@pytest.mark.parametrize(
    ("decimals", "key", "reason"),
    [
        ("{ EURO = 0 }", ".EURO", "must be an ISO 4217 code, like EUR"),
        ("{ idr = 0 }", ".idr", "must be in capitals: IDR"),
        ("{ XAU = 0 }", ".XAU", "must be an ISO 4217 code"),
        ("{ IDR = 5 }", ".IDR", "must be from 0 to 4"),
        ("{ IDR = -1 }", ".IDR", "must be from 0 to 4"),
        ("{ IDR = true }", ".IDR", "must be an integer"),
        ('{ IDR = "0" }', ".IDR", "must be an integer"),
        ("{ IDR = { to = 0 } }", ".IDR", "must be an integer"),
        ("0", "", "must be an object"),
        ("[]", "", "must be an object"),
    ],
)
def test_how_an_account_counts(problems: Problems, decimals: str, key: str, reason: str) -> None:
    found = problems(("decimals = { IDR = 0 }", f"decimals = {decimals}"))
    assert reason in found.pop(f"gateways.cards.decimals{key}")
    assert not found


def test_an_account_counts_as_it_says(settled: Settled) -> None:
    assert settled().gateways["cards"].options.decimals == {"IDR": 0}
    settings = settled(("{ IDR = 0 }", "{ IDR = 0, JPY = 2, CLF = 4 }"))
    assert settings.gateways["cards"].options.decimals == {"IDR": 0, "JPY": 2, "CLF": 4}
    assert settings.gateways["local"].options.decimals == {}


def test_every_problem_is_told_at_once(problems: Problems) -> None:
    found = problems(
        ('member_id = "11344"', ""),
        ("sqlite", "mysql"),
        ('name = "Demo shop"', ""),
        ("= 20", "= 0"),
    )
    assert list(found) == [
        "gateways.acquirer.member_id",
        "shops.361.name",
        "database",
        "limits.declines_per_address_10min",
    ]


def test_what_an_adapter_refuses_is_told_by_key(problems: Problems) -> None:
    assert problems(OVERPAY_PUBLIC_KEY="no key") == {
        "gateways.cards.public_key": "is not base64 of a DER key"
    }
    assert problems(('shop_id = "361"', 'shop_id = "0"')) == {
        "gateways.cards": "two of these do not fit together"
    }


# --- The sandbox -------------------------------------------------------------------------------

LOOPBACK = (
    (PUBLIC, 'public_url = "http://127.0.0.1:8001/"'),
    ("sandbox = false", "sandbox = true"),
    ("https://gateway.overpay.io", "http://localhost:8002"),
    ("https://api.overpay.io", "http://127.0.0.2:8002/"),
    ("https://secure.acquirer.example", "http://[::1]:8002/rest"),
    ("https://exchanger.example", "https://LOCALHOST"),
)


def test_the_sandbox_is_all_http_and_loopback(settled: Settled) -> None:
    settings = settled(*LOOPBACK, (SHOP_URL, 'url = "http://127.0.0.1:8000"'))
    assert settings.public_url == "http://127.0.0.1:8001"
    assert not settings.https
    assert settings.account("local").options.base_url == "http://127.0.0.2:8002"
    assert settings.account("acquirer").options.base_url == "http://[::1]:8002/rest"
    assert settings.shop("361").url == "http://127.0.0.1:8000"


def test_the_sandbox_never_reaches_a_real_gateway(problems: Problems) -> None:
    for real in (
        "https://exchanger.example",
        "https://localhost.example",
        "https://10.0.0.1",
        "https://[::ffff:127.0.0.1]",
        "https://127.0.0.1.nip.io",
    ):
        found = problems(*LOOPBACK[:-1], ("https://exchanger.example", real))
        assert list(found) == ["gateways.coins.base_url"]
        assert "loopback" in found["gateways.coins.base_url"]


def test_the_sandbox_takes_http_from_shops_on_loopback_alone(problems: Problems) -> None:
    found = problems(*LOOPBACK, (SHOP_URL, 'url = "http://shop.example.com"'))
    assert found == {"shops.361.url": NOT_LISTED}


# --- Addresses are kept in one form ------------------------------------------------------------


def test_origins_are_kept_as_browsers_write_them(settled: Settled) -> None:
    settings = settled(
        (PUBLIC, 'public_url = "HTTPS://Pay.Example.com:443/"'),
        (
            'frame_origins = ["https://shop.example.com"]',
            'frame_origins = ["https://Shop.example:443/"]',
        ),
        ('"myshop://"]', '"MyShop://", "https://other.example:8443"]'),
        (CARDS, 'base_url = "https://gateway.overpay.io/v1/"'),
        ('["127.0.0.1"]', '["10.0.0.0/8", "fd00::/8"]'),
    )
    shop = settings.shop("361")
    assert settings.public_url == "https://pay.example.com"
    assert shop.frame_origins == ("https://shop.example",)
    assert shop.return_origins[1:] == ("myshop://", "https://other.example:8443")
    assert settings.account("cards").options.base_url == "https://gateway.overpay.io/v1"
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


# --- Keys --------------------------------------------------------------------------------------


def test_a_private_key_is_rsa_of_2048_bits(problems: Problems, folder: Path) -> None:
    plain = (Encoding.PEM, PrivateFormat.PKCS8)
    strong = rsa.generate_private_key(65537, 2048)
    small = rsa.generate_private_key(65537, 1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    kept = (folder / "shop-361.pem").read_bytes()
    for pem, reason in (
        (b"none", "as PEM"),
        (kept[:200], "as PEM"),
        (
            strong.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "as PEM",
        ),
        (strong.private_bytes(*plain, BestAvailableEncryption(b"x")), "passphrase"),
        (small.private_bytes(*plain, NoEncryption()), "2048 bits"),
        (curve.private_bytes(*plain, NoEncryption()), "RSA key"),
    ):
        (folder / "shop-361.pem").write_bytes(pem)
        found = problems()
        assert list(found) == ["shops.361.private_key"]
        assert reason in found["shops.361.private_key"]


def test_a_public_key_is_given_to_shops_in_their_form(settled: Settled) -> None:
    shop = settled().shop("361")
    key = load_der_public_key(base64.b64decode(shop.public_key, validate=True))
    assert key == shop.private_key.public_key()


# --- Names -------------------------------------------------------------------------------------


def test_names_stand_in_addresses(problems: Problems) -> None:
    tables = ("", ".methods", ".apple_pay", ".google_pay")
    found = problems(*((f"[shops.361{each}]", f'[shops."3/61"{each}]') for each in tables))
    assert list(found) == ["shops.3/61"]
    assert "letters, digits" in found["shops.3/61"]


def test_gateways_shops_and_methods_are_needed(folder: Path, environ: dict[str, str]) -> None:
    (folder / "empty.toml").write_text("[shops.361.methods]\n")
    with pytest.raises(BadSettings) as caught:
        load(folder / "empty.toml", environ, ADAPTERS)
    found = dict(caught.value.problems)
    assert found["gateways"] == found["shops.361.methods"] == "must have at least one"
    assert (
        found["public_url"] == found["secrets"] == found["shops.361.private_key"] == "is required"
    )


def test_what_is_not_there_is_not_found(settled: Settled) -> None:
    settings = settled()
    with pytest.raises(NotFound):
        settings.shop("362")
    with pytest.raises(NotFound):
        settings.account("card")


# --- The file ----------------------------------------------------------------------------------


def test_the_file_is_found_by_the_environment(
    settled: Settled, folder: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settled()
    named = environ | {"CHECKOUT_CONFIG": str(folder / "checkout.toml")}
    assert load(None, named, ADAPTERS).secrets == settings.secrets
    monkeypatch.chdir(folder)
    assert load(None, environ, ADAPTERS).secrets == settings.secrets


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "not UTF-8"),
        (b"= 1", "not valid TOML"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"a = " + b"9" * 5000, "can't be read"),
        (b"#" * (1024 * 1024 + 1), "larger"),
    ],
    ids=["missing", "bytes", "syntax", "deep", "digits", "large"],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "x.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadSettings) as caught:
        load(path, {}, ADAPTERS)
    ((key, told),) = caught.value.problems
    assert key == str(path)
    assert reason in told
