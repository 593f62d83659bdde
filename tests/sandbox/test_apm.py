"""Online payment systems: forms, links, ERIP, and the provider's page."""

from __future__ import annotations

from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from checkout.sandbox.state import SandboxState
from tests.sandbox.requests import RETURN, apm_request

PAYMENTS = "/beyag/transactions/payments"

Client = TestClient[Litestar]


def pay(sandbox: Client, name: str, /, **more: Any) -> dict[str, Any]:
    answer = sandbox.post(PAYMENTS, json=apm_request(name, **more))
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()["transaction"]
    return said


def path_of(url: str) -> str:
    return url.removeprefix("http://sandbox.test")


def test_pending_answer(sandbox: Client) -> None:
    said = pay(sandbox, "bank_transfer", method={"type": "bank_transfer", "account": "7"})
    assert (said["status"], said["message"], said["method_type"]) == (
        *("pending", "Waiting", "bank_transfer"),
    )
    assert said["bank_transfer"] == {"account": "7"}
    assert said["payment"].keys() >= {"status", "ref_id", "message"}
    assert (said["form"]["method"], said["form"]["fields"]) == ("GET", [])
    assert "?" in said["form"]["action"]
    assert "code" not in said


def test_link_must_arrive_byte_for_byte(sandbox: Client) -> None:
    action = pay(sandbox, "bank_transfer")["form"]["action"]
    assert sandbox.get(path_of(action)).status_code == 200
    bare, _, query = path_of(action).partition("?")
    for spoiled in (bare, f"{bare}?{urlencode(parse_qsl(query))}", f"{bare}?{query}&x="):
        answer = sandbox.get(spoiled)
        assert answer.status_code == 400
        assert "lost on the way" in answer.text


def test_what_opens_an_app(sandbox: Client) -> None:
    said = pay(sandbox, "sberpay_qr_deeplink")
    action = said["form"]["action"]
    assert action.startswith("sbolpay://")
    assert said["sberpay_qr_deeplink"]["deep_link"] == action
    desk = path_of(said["sberpay_qr_deeplink"]["qr_code"])
    assert "Pay this bill" in sandbox.get(desk).text


def test_a_number_among_the_fields_arrives_as_it_was_written(sandbox: Client) -> None:
    answer = sandbox.post(PAYMENTS, json=apm_request("form_decimal"))
    assert '"value":19.99' in answer.text
    form = answer.json()["transaction"]["form"]
    fields = {item["name"]: str(item["value"]) for item in form["fields"]}
    assert sandbox.post(path_of(form["action"]), data=fields).status_code == 303
    for wrong in ("19.990", "19"):
        spoiled = fields | {"sum": wrong}
        assert sandbox.post(path_of(form["action"]), data=spoiled).status_code == 400


def test_forms_that_nobody_can_send(sandbox: Client) -> None:
    assert pay(sandbox, "form_http")["form"]["action"].startswith("http://provider.example/")
    assert pay(sandbox, "form_put")["form"]["method"] == "PUT"


def test_refunds(sandbox: Client) -> None:
    """Of what was paid, in parts, each a transaction of its own; not of what waits or failed."""

    def refund(uid: str, amount: int) -> Any:
        body = {"parent_uid": uid, "amount": amount, "reason": "x", "tracking_id": "key-2"}
        return sandbox.post("/beyag/transactions/refunds", json={"request": body})

    paid = pay(sandbox, "instant")["uid"]
    said = refund(paid, 1500).json()["transaction"]
    assert (said["type"], said["status"], said["parent_uid"]) == ("refund", "successful", paid)
    assert (said["refund"]["status"], said["amount"]) == ("successful", 1500)
    shown = sandbox.get(f"/beyag/transactions/{said['uid']}").json()["transaction"]
    assert shown == said
    found = sandbox.get("/beyag/transactions/tracking_id/key-2").json()["transactions"]
    assert [one["uid"] for one in found] == [said["uid"]]
    assert refund(paid, 500).json()["errors"].keys() == {"amount"}
    assert refund(said["uid"], 1).json()["errors"].keys() == {"parent_uid"}
    assert refund(pay(sandbox, "sbp")["uid"], 1).json()["errors"].keys() == {"parent_uid"}
    assert refund("unknown", 1).json()["message"] == "Parent uid Parent transaction is not found."
    nameless = {"request": {"parent_uid": paid, "amount": 1}}
    refused = sandbox.post("/beyag/transactions/refunds", json=nameless)
    assert refused.json()["errors"] == {"reason": ["can't be blank"]}


def test_charged_back_at_the_payment_system(sandbox: Client) -> None:
    paid = pay(sandbox, "instant")["uid"]
    path = f"/sandbox/transactions/{paid}/follow"
    said = sandbox.post(path, json={"kind": "chargeback", "amount": 1000}).json()
    shown = sandbox.get(f"/beyag/transactions/{said['uid']}").json()["transaction"]
    assert (shown["type"], shown["parent_uid"], shown["amount"]) == ("chargeback", paid, 1000)
    assert sandbox.post(path, json={"kind": "void"}).status_code == 409


@pytest.mark.parametrize("method", ["sbp", "anything_else", "form_object"])
def test_form_must_arrive_unchanged(sandbox: Client, method: str) -> None:
    form = pay(sandbox, method)["form"]
    assert form["method"] == "POST"
    fields = form["fields"]
    if isinstance(fields, list):
        assert {item["type"] for item in fields} == {"hidden"}
        fields = {item["name"]: item["value"] for item in fields}
    assert fields["signature"].endswith("=")
    arrived = sandbox.post(path_of(form["action"]), data=fields)
    assert arrived.status_code == 303
    assert sandbox.get(path_of(arrived.headers["location"])).status_code == 200
    spoiled = fields | {"note": unescape(fields["note"]).replace("&", "&amp;")}
    assert sandbox.post(path_of(form["action"]), data=spoiled).status_code == 400


def test_get_form_keeps_the_query_of_its_action(sandbox: Client) -> None:
    form = pay(sandbox, "form_get")["form"]
    bare, _, query = path_of(form["action"]).partition("?")
    items = [(item["name"], item["value"]) for item in form["fields"]]
    assert sandbox.get(f"{bare}?{urlencode([*parse_qsl(query), *items])}").status_code == 200
    assert sandbox.get(f"{bare}?{urlencode(items)}").status_code == 400


def test_form_as_a_string(sandbox: Client) -> None:
    url = pay(sandbox, "form_string")["form"]
    assert sandbox.get(path_of(url)).status_code == 200


@pytest.mark.parametrize(
    ("choice", "status"), [("pay", "successful"), ("decline", "failed"), ("back", "pending")]
)
def test_provider_page(sandbox: Client, choice: str, status: str) -> None:
    said = pay(sandbox, "bank_transfer")
    session = dict(parse_qsl(said["form"]["action"].partition("?")[2]))["session"]
    path = f"/provider/{said['uid']}/decision"
    assert sandbox.post(path, data={"session": "guess", "choice": choice}).status_code == 404
    back = sandbox.post(path, data={"session": session, "choice": choice})
    assert back.status_code == 303
    assert back.headers["location"] == f"{RETURN}&uid={said['uid']}&status={status}"
    shown = sandbox.get(f"/beyag/transactions/{said['uid']}").json()["transaction"]
    assert shown["status"] == shown["payment"]["status"] == status
    assert ("form" in shown) == (status == "pending")


def test_instant_methods(sandbox: Client) -> None:
    paid, failed = pay(sandbox, "instant"), pay(sandbox, "instant_declined")
    assert (paid["status"], paid["code"]) == ("successful", "S.0000")
    assert (failed["status"], failed["code"]) == ("failed", "F.0105")


def test_erip(sandbox: Client) -> None:
    said = pay(sandbox, "erip", method={"type": "erip", "account_number": "42", "service_no": "7"})
    assert "form" not in said
    erip = said["erip"]
    assert (erip["account_number"], erip["service_no"]) == ("42", "7")
    assert all(isinstance(line, str) for line in erip["instruction"])
    desk = path_of(erip["qr_code"])
    assert sandbox.get(desk).status_code == 200
    assert sandbox.get(desk.partition("?")[0]).status_code == 404
    bare, _, query = desk.partition("?")
    paid = sandbox.post(bare, data=dict(parse_qsl(query)))
    assert paid.status_code == 303
    assert "successful" in sandbox.get(desk).text
    found = sandbox.get("/beyag/transactions/tracking_id/key-1").json()["transactions"]
    assert [one["status"] for one in found] == ["successful"]


def test_erip_twin(sandbox: Client) -> None:
    request = apm_request("erip")["request"] | {"order_id": "100"}
    request["payment_method"] = request.pop("method")
    del request["tracking_id"]
    said = sandbox.post("/beyag/payments", json={"request": request}).json()["transaction"]
    assert said["method_type"] == "erip"
    for path in (f"/beyag/payments/{said['uid']}", "/beyag/payments/?order_id=100"):
        assert sandbox.get(path).json()["transaction"]["uid"] == said["uid"]
    assert sandbox.get("/beyag/payments/?order_id=101").status_code == 404
    assert sandbox.get("/beyag/payments/").status_code == 422


def test_wrong_fields_are_named(sandbox: Client) -> None:
    body = apm_request(method={"type": "erip"}, amount=0)
    answer = sandbox.post(PAYMENTS, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"].keys() == {"amount", "method"}
    none = sandbox.post(PAYMENTS, json=apm_request(method=None))
    assert none.json()["errors"] == {"method": {"type": ["can't be blank"]}}


def test_a_method_may_not_take_the_place_of_a_field(sandbox: Client) -> None:
    assert pay(sandbox, "status")["status"] == "pending"
    assert pay(sandbox, "payment")["payment"]["status"] == "pending"


def test_pending_expires(sandbox: Client, state: SandboxState) -> None:
    said = pay(sandbox, "sbp", expired_at="2099-01-01T00:00:00+00:00")
    state.now = lambda: 4_080_000_000.0
    shown = sandbox.get(f"/beyag/transactions/{said['uid']}").json()["transaction"]
    assert shown["status"] == "expired"
    gone = sandbox.get(path_of(f"/provider/{said['uid']}"))
    assert gone.status_code == 400
