"""Signing secrets are strong and of their own; references are followed; nothing is ever shown."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from secrets import token_urlsafe

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.pretty import pprint

from checkout.model.validation.reader import Reader
from checkout.settings import Settings
from checkout.settings.load import read_settings
from checkout.settings.secret_strength import password, strong, weak
from tests.settings.conftest import Problems, Settled
from tests.settings.example import ADAPTERS

OWN = 'secrets = ["env:CHECKOUT_SECRET"]'
LINKS = 'link_keys = ["env:SHOP_LINK_KEY"]'


# --- Strength ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secret",
    [
        "a" * 64,
        "ab" * 32,
        "abcdefghijk" * 5,
        "0123456789abcdefghijklmnopqrstuvwxyz",
        "zyxwvutsrqponmlkjihgfedcba9876543210",
        "change me before you go to production",
        "CHANGE-ME-31c0a6b5f9e24d7786a1fe02bd45c9",
        "ch.ange_me31c0a6b5f9e24d7786a1fe02bd45c9",
        "my-secret-31c0a6b5f9e24d7786a1fe02bd45c9",
        "qwertyuiopasdfghjklzxcvbnm1234567890",
        "111111111111112222222222222233333333333",
    ],
)
def test_what_is_easy_to_guess(secret: str) -> None:
    assert weak(secret)


def test_what_is_drawn_at_random_is_strong() -> None:
    for _ in range(200):
        for secret in (secrets.token_hex(16), secrets.token_hex(32), secrets.token_urlsafe(32)):
            assert strong()(secret) == secret


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("", "variable CHECKOUT_SECRET is empty"),
        ("5f" * 15 + "a", "32 characters or more: make one with `checkout keys`"),
        ("x" * 40, "too easy to guess"),
        ("\0" + "q1w2e3r4" * 8, "control characters"),
    ],
)
def test_weak_keys_refuse_to_start(problems: Problems, secret: str, reason: str) -> None:
    ((key, told),) = problems(CHECKOUT_SECRET=secret).items()
    assert key in ("secrets", "secrets.1")
    assert reason in told
    if secret:
        told = problems(SHOP_LINK_KEY=secret)["shops.361.link_keys"]
        assert reason in told


@pytest.mark.parametrize(
    "secret",
    [
        "hunter2",
        "a1b2c3d4e5f6",
        "a" * 64,
        "deadbeef" * 8,
        "0123456789abcdef" * 4,
        "my-shop-password-361",
    ],
)
def test_weak_passwords_of_shops_refuse_to_start(problems: Problems, secret: str) -> None:
    told = problems(SHOP_SECRET=secret)
    assert told == {"shops.361.secret_key": "is too easy to guess: make one with `checkout keys`"}


def test_what_gateways_of_the_family_hand_out_is_a_password(settled: Settled) -> None:
    for secret in (secrets.token_hex(32), secrets.token_hex(16), secrets.token_urlsafe(18)):
        for _ in range(50):
            assert password(secret) == secret
        # As editors, Windows and orchestrators leave them in variables.
        for around in (f"{secret}\n", f" {secret}\r\n", f"{secret}\t"):
            assert settled(SHOP_SECRET=around).shop("361").secret_key == secret


@pytest.mark.parametrize("secret", ["x" * 32, "secret_key", "change me", "12345678", "abababab"])
def test_a_gateways_secret_is_no_placeholder(problems: Problems, secret: str) -> None:
    assert problems(ACQUIRER_KEY=secret) == {
        "gateways.acquirer.secure_key": "can be guessed: use the one that the gateway gave you"
    }


def test_a_gateways_secret_may_be_short(settled: Settled) -> None:
    for secret in ("39471058", "Kx7pQ2", "b5f9e24d7786a1fe"):
        assert settled(ACQUIRER_KEY=secret).account("acquirer").options.secure_key == secret


def test_the_operators_token_is_strong(problems: Problems) -> None:
    assert "16 characters" in problems(OPERATOR_TOKEN="s3cr3t")["operator_token"]
    assert "too easy" in problems(OPERATOR_TOKEN="letmein" * 4)["operator_token"]


def test_at_least_one_secret(problems: Problems) -> None:
    assert problems((OWN, "secrets = []")) == {"secrets": "must have 1 to 100 items"}
    assert problems((OWN, "")) == {"secrets": "is required"}
    assert problems((OWN, f'secrets = "{secrets.token_hex(32)}"')) == {"secrets": "must be a list"}


# --- Each for one purpose ----------------------------------------------------------------------

TWO = (OWN, 'secrets = ["env:CHECKOUT_SECRET", "env:SECOND"]')


@pytest.mark.parametrize(
    "name",
    ["OVERPAY_SECRET", "OVERPAY_PUBLIC_KEY", "ACQUIRER_KEY", "IPN_SECRET", "SHOP_SECRET",
     "OPERATOR_TOKEN", "SHOP_LINK_KEY", "CHECKOUT_SECRET"],
)  # fmt: skip
def test_a_signing_secret_is_nothing_else(
    problems: Problems, environ: dict[str, str], name: str
) -> None:
    ((key, reason),) = problems(TWO, SECOND=environ[name]).items()
    assert "must not be the same as" in reason
    expected = "shops.361.link_keys.1" if name == "SHOP_LINK_KEY" else "secrets.2"
    assert key == expected
    assert environ[name] not in reason


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("OVERPAY_SECRET", "gateways.cards.secret_key"),
        ("ACQUIRER_KEY", "gateways.acquirer.secure_key"),
        ("IPN_SECRET", "gateways.coins.ipn_secret"),
        ("OPERATOR_TOKEN", "operator_token"),
    ],
)
def test_a_shops_password_is_nothing_else(
    problems: Problems, environ: dict[str, str], name: str, first: str
) -> None:
    for same in (environ[name], f"{environ[name]}\n"):
        assert problems(SHOP_SECRET=same) == {
            "shops.361.secret_key": f"must not be the same as {first}"
        }


def test_passwords_of_servers_are_nothing_else(problems: Problems, environ: dict[str, str]) -> None:
    secret = environ["SHOP_SECRET"]
    assert problems(("user:password@host:587", f"user:{secret}@host:587")) == {
        "shops.361.secret_key": "must not be the same as smtp.url"
    }
    address = f"postgresql://me:{secret}@host/name"
    assert problems(('"sqlite:///checkout.db"', f'"{address}"')) == {
        "shops.361.secret_key": "must not be the same as database"
    }
    token = environ["OPERATOR_TOKEN"]
    assert problems(IPN_SECRET=token) == {
        "gateways.coins.ipn_secret": "must not be the same as operator_token"
    }


@pytest.mark.parametrize("name", ["OVERPAY_SECRET", "IPN_SECRET", "SHOP_SECRET", "SHOP_LINK_KEY"])
def test_a_link_key_is_nothing_else(problems: Problems, environ: dict[str, str], name: str) -> None:
    keys = 'link_keys = ["env:SHOP_LINK_KEY", "env:SECOND"]'
    ((key, reason),) = problems((LINKS, keys), SECOND=environ[name]).items()
    assert key == "shops.361.link_keys.2"
    assert "must not be the same as" in reason


def test_two_shops_share_no_secret(problems: Problems) -> None:
    second = """
        [shops.362]
        name = "Other"
        secret_key = "env:SHOP_SECRET"
        link_keys = ["env:SHOP_LINK_KEY"]
        private_key = "file:shop-361.pem"
        url = "https://other.example"
        methods = { credit_card = "cards" }
        [smtp]"""
    assert problems(("[smtp]", second)) == {
        "shops.362.secret_key": "must not be the same as shops.361.secret_key",
        "shops.362.link_keys.1": "must not be the same as shops.361.link_keys.1",
    }


def test_a_publishable_key_is_one_shop_s_and_no_secret(problems: Problems) -> None:
    key = "pk_PUT-THE-ONE-OF-checkout-keys-IN-THIS-PLACE00"
    second = f"""
        [shops.362]
        name = "Other"
        secret_key = "env:OTHER_SECRET"
        publishable_key = "{key}"
        private_key = "file:shop-361.pem"
        url = "https://other.example"
        methods = {{ credit_card = "cards" }}
        [smtp]"""
    assert problems(("[smtp]", second), OTHER_SECRET=secrets.token_hex(32)) == {
        "shops.362.publishable_key": "must not be the same as shops.361.publishable_key"
    }
    secret = f"pk_{token_urlsafe(48)}"
    for name in ("SHOP_SECRET", "CHECKOUT_SECRET"):
        found = problems((f'"{key}"', f'"env:{name}"'), **{name: secret})
        assert "must not be the same as" in found["shops.361.publishable_key"]


def test_a_secret_may_be_anywhere_in_a_gateways_options(problems: Problems) -> None:
    values = "from_values = { a = 'env:CHECKOUT_SECRET' }"
    line = 'from_values = { "507f191e810c19729de860ea" = "{email}" }'
    assert problems((line, values)) == {
        "secrets.1": "must not be the same as gateways.coins.from_values"
    }


def test_accounts_share_theirs_and_keys_rotate(settled: Settled, environ: dict[str, str]) -> None:
    new = secrets.token_urlsafe(32)
    assert settled(TWO, SECOND=new).secrets == (environ["CHECKOUT_SECRET"], new)


# --- References --------------------------------------------------------------------------------


def test_a_missing_variable_or_file_is_told_by_name(problems: Problems, folder: Path) -> None:
    assert problems((OWN, 'secrets = ["env:CHECKOUT_SECRET", "env:NOT_SET"]')) == {
        "secrets.2": "the environment variable NOT_SET is not set"
    }
    assert problems(("env:ACQUIRER_KEY", "env:NOT_SET")) == {
        "gateways.acquirer.secure_key": "the environment variable NOT_SET is not set"
    }
    assert problems(("file:shop-361.pem", "file:none.pem")) == {
        "shops.361.private_key": "the file none.pem can't be read: No such file or directory"
    }
    assert problems(("file:shop-361.pem", "file:.")) == {
        "shops.361.private_key": "the file . can't be read: Is a directory"
    }
    assert problems(("file:shop-361.pem", "file:")) == {
        "shops.361.private_key": "must name a file after file:"
    }
    # What stands after env: may be the secret itself, by mistake.
    assert problems(("env:SHOP_SECRET", "env:hunter2 !")) == {
        "shops.361.secret_key": "must name a variable after env:"
    }
    (folder / "big").write_bytes(b"x" * 70_000)
    (folder / "binary").write_bytes(b"\xff")
    assert "larger than" in problems(("env:SHOP_SECRET", "file:big"))["shops.361.secret_key"]
    assert "not UTF-8" in problems(("env:SHOP_SECRET", "file:binary"))["shops.361.secret_key"]


def test_any_text_may_be_a_reference(settled: Settled, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "number").write_text("77\n\n")
    settings = settled(
        ('"sqlite:///checkout.db"', '"env:DATABASE"'),
        ('"99999999"', '"file:sub/number"'),
        ('erip = { gateway = "local"', 'erip = { gateway = "env:ACCOUNT"'),
        DATABASE="postgresql://user:dbpassword@host/name",
        ACCOUNT="local",
    )
    assert settings.database == "postgresql://user:dbpassword@host/name"
    erip = settings.shop("361").method("erip")
    assert erip is not None
    assert (erip.gateway, erip.params) == ("local", {"service_no": "77"})


# --- No way out --------------------------------------------------------------------------------


def shown(settings: Settings) -> Iterator[str]:
    values = [settings, *settings.gateways.values(), *settings.shops.values(), settings.smtp]
    for value in values:
        yield repr(value)
        yield str(value)
        yield f"{value!s} {[value]}"
        page = StringIO()
        pprint(value, console=Console(file=page, width=1000), expand_all=True)
        yield page.getvalue()


def test_nothing_secret_is_printed(settled: Settled, environ: dict[str, str], pem: str) -> None:
    settings = settled(
        ('"sqlite:///checkout.db"', '"postgresql://me:dbpassword@host/name"'),
        ("user:password@host:587", "user:mailpassword@host:587"),
        ('"99999999"', '"parameter"'),
    )
    hidden = [*environ.values(), *pem.splitlines(), "dbpassword", "mailpassword", "parameter"]
    for text in shown(settings):
        assert not [secret for secret in hidden if secret in text]
    assert "361" in repr(settings)


@given(
    st.text(alphabet=string.ascii_letters + string.digits + ":/@#\"' .", min_size=9, max_size=60)
)
def test_a_reason_never_repeats_a_value(value: str) -> None:
    """Each rule that is applied to settings is given a secret where it does not belong."""
    value = f"Zq8{value}"  # which no reason has in it by itself
    table = dict.fromkeys(
        ["adapter", "base_url", "shop_id", "name", "secret_key", "private_key", "url", "email",
         "logo", "accent", "accent_dark", "scheme",
         "link_keys", "frame_origins", "return_origins", "sender",
         "submits_per_payment"],
        value,
    )  # fmt: skip
    lists = {key: [value] for key in ("link_keys", "frame_origins", "return_origins")}
    page = {"adapter": "exchanger", "base_url": "x", "page": value, "to_values": [value]}
    fields = Reader({
        "public_url": value, "database": value, "secrets": [value], "trusted_proxies": [value],
        "operator_token": value, "sandbox": value, "gateways": {"a": table, "b": page},
        "shops": {"c": {**table, **lists, "methods": {"m": value}}, "d": table},
        "smtp": table, "limits": table, "postgresql": {"connections": value},
    })  # fmt: skip
    read_settings(fields, ADAPTERS)
    assert fields.problems
    for reasons in fields.problems.values():
        assert not [reason for reason in reasons if value in reason]
