"""The card gateway keeps cards: `/credit_cards`, and the tokens that payments give."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from checkout.sandbox.state import SandboxState
from tests.sandbox.requests import DECLINED, PAID, card_request

Client = TestClient[Litestar]

CARDS = "/credit_cards"
CARD = {"number": PAID, "holder": "Jane Doe", "exp_month": "02", "exp_year": "2040"}


def keep(sandbox: Client, path: str = CARDS, **fields: Any) -> dict[str, Any]:
    answer = sandbox.post(path, json={"request": fields})
    assert answer.status_code == 200, answer.text
    card: dict[str, Any] = answer.json()
    return card


def errors(sandbox: Client, path: str = CARDS, **fields: Any) -> Any:
    answer = sandbox.post(path, json={"request": fields})
    assert answer.status_code == 422
    assert answer.json()["response"]["errors"] == answer.json()["errors"]
    return answer.json()["errors"]


def charge(sandbox: Client, token: str, amount: int = 1999, **card: Any) -> Any:
    body = card_request(amount=amount, credit_card={"token": token} | card)
    return sandbox.post("/transactions/authorizations", json=body).json()


def test_a_card_is_kept_without_a_payment(sandbox: Client) -> None:
    """Flat, without an envelope and without a status."""
    card = keep(sandbox, **CARD, token=None)
    assert (card["holder"], card["brand"], card["first_1"], card["last_4"]) == (
        *("Jane Doe", "visa", "4", "0000"),
    )
    assert (card["exp_month"], card["exp_year"], len(card["stamp"])) == (2, 2040, 64)
    assert "status" not in card
    paid = charge(sandbox, card["token"], verification_value="123")["transaction"]
    assert (paid["status"], paid["credit_card"]["stamp"]) == ("successful", card["stamp"])
    assert sandbox.get("/sandbox/ledger").json()["charges"] == 1


@pytest.mark.parametrize("by_address", [False, True], ids=["in the body", "in the address"])
def test_an_update_keeps_the_token(sandbox: Client, by_address: bool) -> None:
    token = keep(sandbox, **CARD)["token"]
    path, named = (f"{CARDS}/{token}", {}) if by_address else (CARDS, {"token": token})
    changed = keep(sandbox, path, **named, number=None, holder="John Roe", exp_month="01")
    assert changed["token"] == token
    assert (changed["holder"], changed["exp_month"], changed["exp_year"]) == ("John Roe", 1, 2040)
    assert (changed["brand"], changed["first_1"], changed["last_4"]) == ("visa", "4", "0000")
    paid = charge(sandbox, token)["transaction"]["credit_card"]
    assert (paid["holder"], paid["exp_month"]) == ("John Roe", 1)
    assert keep(sandbox, path, **named)["holder"] == "John Roe"  # nothing to change


def test_a_token_is_of_a_card_and_a_shop(sandbox: Client) -> None:
    token = keep(sandbox, **CARD)["token"]
    assert keep(sandbox, **CARD)["token"] == token
    assert keep(sandbox, **CARD | {"number": DECLINED})["token"] != token
    said = sandbox.post(CARDS, json={"request": {"token": token}}, auth=("other", "key"))
    assert said.json()["message"] == "Token does not exist."


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {name: ["can't be blank"] for name in CARD}),
        ({"number": "4200000000000001"}, {"number": ["is invalid"]}),
        ({"holder": "x" * 33}, {"holder": ["is too long (maximum is 32 characters)"]}),
        ({"exp_month": 13}, {"exp_month": ["is invalid"]}),
        ({"exp_year": 2010}, {"date": ["is expired"]}),
        ({"token": "12345"}, {"token": ["does not exist"]}),
        ({"token": 12345}, {"token": ["must be a string"]}),
    ],
    ids=repr,
)
def test_what_is_wrong_is_named(
    sandbox: Client, fields: dict[str, Any], wrong: dict[str, Any]
) -> None:
    assert errors(sandbox, **(CARD | fields if fields else {})) == wrong


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"exp_year": 2010}, {"date": ["is expired"]}),
        ({"exp_month": "0"}, {"exp_month": ["is invalid"]}),
        ({"holder": "x" * 33}, {"holder": ["is too long (maximum is 32 characters)"]}),
    ],
    ids=",".join,
)
def test_a_wrong_update_changes_nothing(
    sandbox: Client, fields: dict[str, Any], wrong: dict[str, Any]
) -> None:
    card = keep(sandbox, **CARD)
    assert errors(sandbox, token=card["token"], **fields) == wrong
    assert keep(sandbox, token=card["token"]) == card


def test_the_same_request_id_gives_the_same_card(sandbox: Client) -> None:
    first, second = (
        sandbox.post(CARDS, json={"request": CARD | {"holder": name}}, headers={"RequestID": "one"})
        for name in ("Jane Doe", "John Roe")
    )
    assert first.content == second.content


def test_who_calls_is_asked_first(sandbox: Client) -> None:
    sandbox.post("/sandbox/credentials", json={"shop_id": "361", "secret_key": "right"})
    for path in (CARDS, f"{CARDS}/token"):
        assert sandbox.post(path, json={"request": CARD}).status_code == 401


def test_neither_number_nor_token_stays(sandbox: Client, state: SandboxState) -> None:
    """A token is as good as money: no ledger shows it."""
    token = keep(sandbox, **CARD)["token"]
    keep(sandbox, f"{CARDS}/{token}", holder="John Roe")
    assert PAID not in repr(state.memory)
    ledger = sandbox.get("/sandbox/ledger").text
    assert PAID not in ledger
    assert token not in ledger


def test_a_token_that_nobody_knows(sandbox: Client) -> None:
    said = charge(sandbox, "12345")
    assert said["errors"] == {"credit_card": {"token": ["does not exist"]}}
    assert (said["message"], said["code"]) == ("Token does not exist.", "E.1005")
    credit = {"amount": 1, "currency": "EUR", "description": "x", "credit_card": {"token": "12345"}}
    said = sandbox.post("/transactions/credits", json={"request": credit}).json()
    assert said["message"] == "Token does not exist."


@pytest.mark.parametrize("tokens", ["asked", "always"])
def test_who_is_given_a_token(sandbox: Client, tokens: str) -> None:
    """As set: those who ask, or all whose payment was made; it can be paid with."""
    sandbox.post("/sandbox/behaviour", json={"tokens": tokens})

    def token(number: str, **more: Any) -> str | None:
        body = card_request(number, **more)
        said = sandbox.post("/transactions/payments", json=body).json()["transaction"]
        found: str | None = said["credit_card"]["token"]
        return found

    given = token(PAID)
    assert (given is not None) is (tokens == "always")
    assert token(DECLINED) is None
    assert token(PAID, amount=5, additional_data={"contract": ["recurring"]})
    if given:
        assert charge(sandbox, given, 7)["transaction"]["status"] == "successful"


@pytest.mark.parametrize("wallet", ["apple_pay", "google_pay"])
def test_a_wallets_token_is_a_card(sandbox: Client, wallet: str) -> None:
    """It is long, needs no contract, and is no saved card."""
    token = f"$begateway_{wallet}_1_0_0$" + "QUJD" * 3000
    card = {"token": token}
    said = sandbox.post("/transactions/payments", json=card_request(credit_card=card)).json()
    assert said["transaction"]["status"] == "successful"
    assert said["transaction"]["credit_card"]["last_4"] == "0000"
    assert errors(sandbox, **card) == {"token": ["is too long (maximum is 1000 characters)"]}
    assert token not in sandbox.get("/sandbox/ledger").text
