"""The objects that shops get: Overpay's names, all of them, in every status."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from checkout.ledger.operations import Operation
from checkout.ledger.rows import Payment
from checkout.model.order import Customer, Details, PageSettings, SaveCard
from checkout.model.outcome import GatewayFacts, PaidCard
from checkout.model.status import Status
from checkout.shop_api.responses import checkout, encoded, moment, operation, transaction
from tests.shop_api.checkout_requests import body, read
from tests.shop_api.payment_rows import PAID_FACTS, WHO, payment
from tests.support import samples
from tests.support.clock import BEGINNING

NOW: Final = BEGINNING + 600
SHOP: Final = samples.shop()
CHECKED: Final = {
    "avs_verification": {"result_code": "M"},
    "cvc_verification": {"result_code": "Y"},
}
NOT_SAID: Final = dict.fromkeys(("status", "message", "ve_status", "pa_status", "eci"))
RECEIPT: Final = "https://pay.example.com/en/order/u/s"

CHECKOUT: Final = {
    "token", "shop_id", "transaction_type", "gateway_response", "order", "settings", "customer",
    "finished", "expired", "shop", "test", "status", "message", "version", "payment_method",
}  # fmt: skip
TRANSACTION: Final = {
    "uid", "status", "amount", "currency", "description", "type", "payment_method_type",
    "tracking_id", "message", "test", "created_at", "updated_at", "paid_at", "expired_at",
    "language", "receipt_url", "credit_card", "additional_data", "code", "friendly_message",
    "customer", "billing_address", "token", "shop_id", "method_type", "payment",
}  # fmt: skip
BANK: Final = {
    "uid", "status", "message", "auth_code", "rrn", "bank_code", "ref_id", "amount", "currency",
    "billing_descriptor", "paid_at",
}  # fmt: skip


def answer(told: Payment, now: float = NOW) -> dict[str, Any]:
    """As a shop reads it: through JSON."""
    found: dict[str, Any] = json.loads(encoded(checkout(told, SHOP, now)))
    return found


# The answer of GET /ctp/api/checkouts/{token}


def test_before_a_payment() -> None:
    made = payment()
    found = answer(made)
    assert set(found) >= CHECKOUT
    assert found["token"] == made.token
    assert found["shop_id"] == 361
    assert found["gateway_response"] is None
    assert (found["status"], found["message"]) == (None, None)
    assert (found["finished"], found["expired"], found["test"]) == (False, False, False)
    assert found["order"] == {
        "amount": 1250,
        "currency": "EUR",
        "description": "Two tickets",
        "tracking_id": "order-1001",
        "expired_at": moment(made.expires_at),
    }
    assert found["shop"] == {
        "name": "Demo shop",
        "url": "https://shop.example.com",
        "email": "help@shop.example.com",
    }


@pytest.mark.parametrize(
    ("attempts", "status", "message", "finished"),
    [
        ((Status.PENDING,), "pending", "Waiting", False),
        ((Status.SUBMITTING,), "pending", "Waiting", False),
        ((Status.REQUIRES_ACTION,), "incomplete", None, False),
        ((Status.NOT_SENT,), "incomplete", None, False),
        ((Status.PAID,), "successful", "Successfully processed", True),
        ((Status.AUTHORIZED,), "successful", "Successfully processed", True),
        ((Status.DECLINED,), "failed", "Payment was declined", True),
        ((Status.REFUNDED,), "refunded", "Payment was refunded", True),
        ((Status.DECLINED, Status.PAID), "successful", "Successfully processed", True),
    ],
)
def test_after_a_payment(
    attempts: tuple[Status, ...], status: str, message: str | None, finished: bool
) -> None:
    found = answer(payment(*attempts))
    assert (found["status"], found["message"], found["finished"]) == (status, message, finished)
    ((kind, bank),) = found["gateway_response"].items()
    assert kind == "payment"
    assert set(bank) >= BANK
    assert (bank["status"], bank["message"]) == (status, message)
    assert (bank["amount"], bank["currency"]) == (1250, "EUR")
    assert found["expired"] is False


def test_an_expired_token() -> None:
    for told in (payment(), payment(Status.NOT_SENT), payment(Status.EXPIRED)):
        found = answer(told, told.expires_at)
        assert (found["status"], found["message"]) == ("error", "Token is expired.")
        assert (found["expired"], found["finished"]) == (True, True)


def test_more_attempts_are_left_after_a_decline() -> None:
    found = answer(payment(Status.DECLINED, attempts=2))
    assert (found["status"], found["finished"]) == ("incomplete", False)


def test_the_bank_s_own_answer() -> None:
    made = payment({"status": Status.PAID, "facts": PAID_FACTS})
    bank = answer(made)["gateway_response"]["payment"]
    assert bank == {
        "uid": made.uid,
        "status": "successful",
        "message": "Payment was approved",
        "auth_code": "654321",
        "bank_code": "05",
        "rrn": "999",
        "ref_id": "777",
        "amount": 1250,
        "currency": "EUR",
        "billing_descriptor": "DEMO SHOP",
        "paid_at": "2027-01-15T08:00:05.000Z",
        "avs_cvc_verification": CHECKED,
    }


def test_what_the_bank_found_of_address_and_code() -> None:
    told = payment({"status": Status.PAID, "facts": PAID_FACTS})
    assert told_of(told, Status.PAID)["avs_cvc_verification"] == CHECKED
    silent = payment({"status": Status.PAID, "facts": GatewayFacts(cvc="N")})
    assert told_of(silent, Status.PAID)["avs_cvc_verification"] == {
        "avs_verification": {"result_code": None},
        "cvc_verification": {"result_code": "N"},
    }
    for told in (payment(), payment(Status.PAID)):
        assert told_of(told, Status.PAID)["avs_cvc_verification"] is None


def test_a_charge_is_one_transaction() -> None:
    made = payment(Status.PAID, transaction_type="charge")
    assert told_of(made, Status.PAID)["parent_uid"] == made.uid
    assert "parent_uid" not in told_of(payment(Status.PAID), Status.PAID)


def test_what_the_shop_added_comes_back() -> None:
    details = Details(referer="https://shop.example.com/x", meta={"a": [1]}, travel={"airline": {}})
    made = payment({"status": Status.PAID, "contract": ("recurring",)}, details=details)
    assert told_of(made, Status.PAID)["additional_data"] == {
        "receipt_text": [],
        "contract": ["recurring"],
        "vendor": {"name": "checkout", "token": made.token},
        "referer": "https://shop.example.com/x",
        "meta": {"a": [1]},
    }
    assert told_of(made, Status.PAID)["recurring_type"] == "initial"
    assert answer(made)["travel"] == {"airline": {}}


@pytest.mark.parametrize(
    ("contract", "by_shop", "place"),
    [((), False, None), (("oneclick",), False, None), (("recurring",), True, "recurring")],
)
def test_the_place_in_a_series(contract: tuple[str, ...], by_shop: bool, place: str | None) -> None:
    made = payment({"status": Status.PAID, "contract": contract}, merchant_initiated=by_shop)
    assert told_of(made, Status.PAID)["recurring_type"] == place


def test_a_vendor_of_the_shops_own_stays() -> None:
    made = payment(Status.PAID, echoed={"vendor": {"name": "crm", "token": "7"}})
    assert told_of(made, Status.PAID)["additional_data"]["vendor"] == {"name": "crm", "token": "7"}


def test_an_authorization_is_called_one() -> None:
    found = answer(payment(Status.AUTHORIZED, transaction_type="authorization"))
    assert list(found["gateway_response"]) == ["authorization"]


def test_the_shops_own_objects_come_back() -> None:
    sent = body(
        **{
            "settings.return_url": "https://shop.example.com/r?x=%20",
            "settings.style": {"a": [1, 2.5]},
            "payment_method.types": ["credit_card"],
            "order.additional_data.meta": {"k": "v"},
        }
    )
    order = read(sent)
    made = payment()
    made = samples.changed(made, order=order, attempts=())
    found = answer(made)
    assert found["settings"] == sent["checkout"]["settings"]
    assert found["payment_method"] == sent["checkout"]["payment_method"]
    assert found["order"]["additional_data"] == {"meta": {"k": "v"}}


def test_the_customer_as_typed_last() -> None:
    found = answer(payment(Status.DECLINED, customer=Customer(email="first@example.com")))
    assert found["customer"]["email"] == WHO.email
    found = answer(payment(customer=Customer(email="first@example.com")))
    assert found["customer"]["email"] == "first@example.com"


# Transactions


def told_of(story_: Payment, status: Status) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encoded(transaction(story_, status, SHOP, RECEIPT)))
    return found


def test_a_whole_transaction() -> None:
    made = payment({"status": Status.PAID, "facts": PAID_FACTS}, receipt_text=("one",))
    found = told_of(made, Status.PAID)
    assert set(found) >= TRANSACTION
    assert found["uid"] == made.uid
    assert found["token"] == made.token
    assert (found["amount"], found["currency"]) == (1250, "EUR")
    assert (found["status"], found["type"]) == ("successful", "payment")
    assert (found["payment_method_type"], found["tracking_id"]) == ("credit_card", "order-1001")
    assert (found["message"], found["code"]) == ("Payment was approved", "S.0000")
    assert found["receipt_url"] == "https://gateway.example/receipt"
    assert found["paid_at"] == "2027-01-15T08:00:05.000Z"
    assert found["credit_card"]["last_4"] == "0000"
    assert "number" not in found["credit_card"]
    assert found["customer"]["email"] == WHO.email
    assert found["billing_address"]["first_name"] == "Ann"
    assert found["additional_data"]["receipt_text"] == ["one"]
    assert set(found["payment"]) == BANK


def test_the_gateways_own_name_of_it_is_for_our_queries_alone() -> None:
    made = payment({"status": Status.PAID, "facts": PAID_FACTS, "gateway_id": "gateway-7"})
    text = encoded(checkout(made, SHOP, NOW)) + encoded(transaction(made, Status.PAID, SHOP, ""))
    assert "gateway-7" not in text
    for name in (made.attempts[0].key, made.attempts[0].return_ticket, made.secret):
        assert name not in text


def test_a_transaction_without_facts() -> None:
    made = payment(Status.PAID)
    found = told_of(made, Status.PAID)
    assert found["receipt_url"] == RECEIPT
    assert found["paid_at"] == moment(made.attempts[0].updated_at)
    assert set(found["credit_card"].values()) == {None}, "opened wherever the method is a card"
    assert found["three_d_secure_verification"] == NOT_SAID


@pytest.mark.parametrize("status", [Status.DECLINED, Status.CANCELLED, Status.REFUNDED])
def test_what_is_not_paid_has_no_time_of_payment(status: Status) -> None:
    assert told_of(payment(Status.DECLINED), status)["paid_at"] is None


def test_no_card_of_a_method_without_one() -> None:
    attempt = {"status": Status.PAID, "facts": PAID_FACTS, "method": "erip"}
    found = told_of(payment(attempt), Status.PAID)
    assert found["credit_card"] is None
    assert found["payment_method_type"] == "erip"


def test_the_attempt_that_decided() -> None:
    """Late money of the first attempt: its facts, not those of the last."""
    refused = {"status": Status.DECLINED, "facts": GatewayFacts(message="No money", code="F.0114")}
    paid = {"status": Status.PAID, "facts": PAID_FACTS, "language": "de"}
    found = told_of(payment(paid, refused, attempts=3), Status.PAID)
    assert (found["message"], found["language"]) == ("Payment was approved", "de")
    found = told_of(
        payment(refused, refused | {"facts": GatewayFacts(message="Expired card")}), Status.DECLINED
    )
    assert found["message"] == "Expired card"


def test_a_gateways_words_wait_for_the_end() -> None:
    """What it says meanwhile is not told as if it were the result."""
    attempt = {"status": Status.PENDING, "facts": GatewayFacts(message="Approved by 3-D Secure")}
    assert answer(payment(attempt))["message"] == "Waiting"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (BEGINNING, "2027-01-15T08:00:00.000Z"),
        (BEGINNING + 0.5, "2027-01-15T08:00:00.500Z"),
        (0.0, "1970-01-01T00:00:00.000Z"),
        (None, None),
    ],
)
def test_times(seconds: float | None, said: str | None) -> None:
    assert moment(seconds) == said


# Operations


PAID_STORY: Final = payment({"status": Status.PAID, "facts": PAID_FACTS})


def told_after(**made: Any) -> dict[str, Any]:
    """A refund as the shop is told of it."""
    paid = PAID_STORY.uid
    values: dict[str, Any] = {
        "uid": "o-1", "payment": paid, "attempt": 1, "kind": "refund", "key": "k-1",
        "amount": 500, "status": Status.REFUNDED, "gateway_id": "gateway-7", "sweep_at": None,
        "created_at": BEGINNING + 60, "updated_at": BEGINNING + 90,
    }  # fmt: skip
    done = Operation(**(values | made))
    found: dict[str, Any] = json.loads(encoded(operation(done, PAID_STORY, RECEIPT)))
    return found


@pytest.mark.parametrize(
    ("status", "word", "message"),
    [
        (Status.SUBMITTING, "pending", "Waiting"),
        (Status.PENDING, "pending", "Waiting"),
        (Status.ACCEPTED, "pending", "Accepted, on its way"),
        (Status.REFUNDED, "successful", "By the bank"),
        (Status.DECLINED, "failed", "By the bank"),
        (Status.NOT_SENT, "failed", "By the bank"),
    ],
)
def test_an_operation_in_every_status(status: Status, word: str, message: str) -> None:
    """What the gateway says meanwhile is not the result; only what is done has its time."""
    found = told_after(status=status, message="By the bank")
    assert (found["status"], found["message"]) == (word, message)
    assert found["refund"]["status"] == word
    assert found["paid_at"] == (moment(BEGINNING + 90) if word == "successful" else None)


def test_an_operation_is_a_transaction_of_its_own() -> None:
    found = told_after(reason="broken", facts=GatewayFacts(code="S.0000", rrn="77", paid_at="2027"))
    assert (found["uid"], found["type"], found["amount"]) == ("o-1", "refund", 500)
    assert (found["code"], found["paid_at"], found["refund"]["rrn"]) == ("S.0000", "2027", "77")
    assert found["three_d_secure_verification"] == NOT_SAID
    assert (found["reason"], found["payment_method_type"]) == ("broken", "credit_card")
    assert found["created_at"] != found["updated_at"]
    assert "gateway-7" not in json.dumps(found), "the gateway's name of it is for our queries"


def test_its_parent_is_what_the_shop_named() -> None:
    assert told_after(parent="capture-1")["parent_uid"] == "capture-1"
    made = told_after(by_gateway=True, kind="chargeback")
    assert (made["type"], made["parent_uid"]) == ("chargeback", PAID_STORY.uid)


@pytest.mark.parametrize(
    ("asked", "contract", "token"),
    [
        (False, (), "tok-1"),  # the shop's own affair
        (True, (), None),
        (True, ("oneclick", "save_card"), "tok-1"),
        (True, ("recurring",), "tok-1"),  # its other contract stands
    ],
)
def test_a_token_only_of_who_agreed(
    asked: bool, contract: tuple[str, ...], token: str | None
) -> None:
    """Whatever the gateway gives: some give every card a token."""
    page = PageSettings(save_card=SaveCard(customer_contract=True) if asked else None)
    facts = GatewayFacts(card=PaidCard(brand="visa", last_4="0000", token="tok-1"))
    made = payment(
        {"status": Status.PAID, "contract": contract, "facts": facts}, page_settings=page
    )
    for found in (told_of(made, Status.PAID), answer(made)):
        assert (found["credit_card"]["token"], found["credit_card"]["last_4"]) == (token, "0000")
