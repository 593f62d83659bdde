"""The charge request by a card's token: what is said, refused, repeated, asked of the shop, and
answered."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from typing import Any, Final

import httpx
import pytest

from checkout.payments.schedule import Schedule
from tests.support.asgi import asgi_transport
from tests.web.conftest import Opened
from tests.web.server import CHALLENGE, PAID, SHOP, CreatedPayment, Customer, Server
from tests.web.test_verification import answering

SERVICE: Final = "/services/credit_cards/charges"
PAYING: Final = (
    SERVICE, "/transactions/charges", "/transactions/payments", "/transactions/authorizations",
)  # fmt: skip
SECTIONS: Final = {
    "/transactions/credits": ("credit_card", "customer"),
    "/transactions/payouts": ("recipient_credit_card", "recipient"),
}
OUT: Final = tuple(SECTIONS)
BACK: Final = "https://shop.example.com/back?order=7"
AMOUNTS: Final = count(20_000)

# The example of the charge document; the token stands for the card's number, holder and expiry.
EXAMPLE: Final[dict[str, Any]] = {
    "amount": 100,
    "currency": "USD",
    "description": "Test transaction",
    "tracking_id": "tracking_id_000",
    "credit_card": {"verification_value": "123"},
    "additional_data": {
        "browser": {
            "screen_width": 1920,
            "screen_height": 1080,
            "screen_color_depth": 24,
            "language": "en",
            "java_enabled": False,
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
            "time_zone": -180,
            "time_zone_name": "Europe/Vilnius",
            "accept_header": "*/*",
            "window_height": 667,
            "window_width": 600,
        },
        "referer": "https://example.com/server/cs_post/post.php?order_id=5304380&security=949247"
        "¤cy=USD",
    },
    "three_d_secure": {"advanced": False},
    "test": True,
}


async def kept(server: Server, customer: Customer, number: str = PAID) -> str:
    made = await server.create(
        order={"additional_data": {"contract": ["card_on_file"]}},
        settings={"save_card_toggle": {"customer_contract": False}},
    )
    await customer.pay(made, number)
    token: str = json.loads(made.attempts()[0]["facts"])["card"]["token"]
    return token


async def asked(
    server: Server, http: Customer, address: str, request: Any, **headers: str
) -> httpx.Response:
    return await http.post(address, json={"request": request}, headers=server.basic() | headers)


def wanted(token: str | None, address: str = SERVICE, **more: Any) -> dict[str, Any]:
    section, _ = SECTIONS.get(address, ("credit_card", "customer"))
    card = {"token": token} | more.pop("card", {})
    usual = {"amount": next(AMOUNTS), "currency": "EUR", "description": "A ride"}
    return usual | {section: card} | more


def error_at(answer: httpx.Response, path: str) -> list[str]:
    assert answer.status_code == 422, answer.text
    found = answer.json()["errors"]
    assert answer.json()["response"]["errors"] == found
    for name in path.split("."):
        assert name in found, answer.text
        found = found[name]
    reasons: list[str] = found
    return reasons


# What is said, and what is answered


@pytest.mark.parametrize("address", PAYING[:2])
async def test_the_example_of_the_document(
    server: Server, customer: Customer, address: str
) -> None:
    token = await kept(server, customer)
    request = EXAMPLE | {"credit_card": EXAMPLE["credit_card"] | {"token": token}}
    answer = await asked(server, customer, address, request | {"duplicate_check": False})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    upstream = server.line.sent()
    for name in ("amount", "currency", "description", "three_d_secure", "test"):
        assert upstream[name] == EXAMPLE[name]
    assert upstream["credit_card"] == {"token": token, "verification_value": "123"}
    # Without a contract it is said which one the code stands for.
    assert upstream["additional_data"] == EXAMPLE["additional_data"] | {"contract": ["oneclick"]}
    # Flat as in the document, and in the envelope where the family's clients look.
    assert body.pop("transaction") == body
    same = ("amount", "currency", "description", "tracking_id", "test")
    assert {name: body[name] for name in same} == {name: EXAMPLE[name] for name in same}
    assert (body["type"], body["status"], body["code"]) == ("charge", "successful", "S.0000")
    assert body["message"] == "Successfully processed"
    assert body["uid"] == body["id"] == body["parent_uid"]
    assert body["redirect_url"].startswith(server.settings.public_url)
    assert body["additional_data"]["referer"] == EXAMPLE["additional_data"]["referer"]
    assert body["links"]["receipt_url"] == body["receipt_url"]
    assert (body["credit_card"]["brand"], body["credit_card"]["last_4"]) == ("visa", "0000")
    section = {"auth_code", "bank_code", "rrn", "ref_id", "message", "amount", "currency",
               "billing_descriptor", "status"}  # fmt: skip
    assert section <= set(body["charge"])
    assert body["charge"]["status"] == "successful"
    for name in ("customer", "billing_address"):
        assert set(body[name].values()) == {None}


@pytest.mark.parametrize("address", PAYING)
async def test_nothing_more_than_that_is_needed(
    server: Server, customer: Customer, address: str
) -> None:
    token = await kept(server, customer)
    answer = await asked(server, customer, address, wanted(token, ip=None, customer=[]))
    body = answer.json()["transaction"]
    assert body["status"] == "successful", answer.text
    upstream = server.line.sent()
    assert upstream["duplicate_check"] is True, "the document's default"
    assert upstream["additional_data"] == {"contract": ["recurring"]}, "the initiator's default too"
    assert "skip_three_d_secure_verification" not in upstream["credit_card"]
    read = await customer.get(f"/transactions/{body['uid']}", headers=server.basic())
    assert read.json()["transaction"]["status"] == "successful"


async def test_force_wins_over_skip(server: Server, customer: Customer) -> None:
    token = await kept(server, customer)
    both = {f"{name}_three_d_secure_verification": True for name in ("skip", "force")}
    answer = await asked(server, customer, SERVICE, wanted(token, card=both, return_url=BACK))
    assert answer.json()["status"] == "incomplete"
    skipped = both | {"force_three_d_secure_verification": False}
    answer = await asked(server, customer, SERVICE, wanted(token, card=skipped))
    assert answer.json()["status"] == "successful"
    assert server.line.sent()["credit_card"] == {"token": token} | skipped


WRONG: Final = {
    "credit_card.number": "4200000000000000",
    "credit_card.holder": "ANNA LEE",
    "credit_card.exp_month": 10,
    "credit_card.exp_year": 2027,
    "credit_card.cvc": "123",
    "credit_card.verification_value": "12",
    "credit_card.skip_three_d_secure_verification": "perhaps",
    "encrypted_credit_card": {"number": "$begatewaycsejs_1_0_0$x"},
    "parent_uid": "7f3c1a9e-2b40-4c11-9a4e-5d0e6a1f8b27",
    "amount": -1,
    "currency": "EURO",
    "description": " ",
    "expired_at": "2020-01-01T00:00:00+00:00",
    "duplicate_check": "perhaps",
    "return_url": "javascript:alert(1)",
    "notification_url": "ftp://shop.example.com/",
    "verification_url": "ftp://shop.example.com/",
    "test": "perhaps",
    "three_d_secure.advanced": "perhaps",
    "additional_data.contract": ["forever"],
    "additional_data.p2p": "17",
    "additional_data.excluded_gateways": ["x"],
    "additional_data.masterpass": "s-1",
    "additional_data.avs_cvc_verification": [1],
    "additional_data.card_on_file.initiator": "bank",
    "additional_data.card_on_file.type": "later",
    "additional_data.expected_bank_code": "77",  # of what is no test
    "additional_data.browser.screen_width": "wide",
    "additional_data.browser.screen_color_depth": 7,
    "additional_data.browser.java_enabled": "perhaps",
    "additional_data.browser.time_zone": 1441,
    "additional_data.browser.language": "?",
    "additional_data.browser.accept_header": 7,
    "travel.airline.ticket_number": "390",
}


@pytest.mark.parametrize("address", PAYING)
@pytest.mark.parametrize("path", WRONG)
async def test_what_is_refused(server: Server, customer: Customer, address: str, path: str) -> None:
    sent = len(server.line.charges)
    request = wanted("t")
    *parents, last = path.split(".")
    place = request
    for name in parents:
        place = place.setdefault(name, {})
    place[last] = WRONG[path]
    answer = await asked(server, customer, address, request)
    assert error_at(answer, path)
    assert "4200000000000000" not in answer.text
    assert len(server.line.charges) == sent


async def test_what_says_nothing_beside_the_rest(server: Server, customer: Customer) -> None:
    """The page's API takes a type beside the customer's own doing, as SDKs send it; a server is
    told that nobody will read it."""
    stored = {"initiator": "customer", "type": "delayed_charge"}
    answer = await asked(
        server, customer, SERVICE, wanted("t", additional_data={"card_on_file": stored})
    )
    assert error_at(answer, "additional_data.card_on_file.type")
    forced = {"force_three_d_secure_verification": True}
    answer = await asked(server, customer, SERVICE, wanted("t", card=forced))
    assert error_at(answer, "return_url") == ["is required where 3-D Secure is asked for"]


@pytest.mark.parametrize("address", OUT)
async def test_what_money_out_has_no_word_for(
    server: Server, customer: Customer, address: str
) -> None:
    """Named as the request names it."""
    token = await kept(server, customer)
    sent = len(server.line.charges)
    card, person = SECTIONS[address]
    extra = {"p2p": {"service_id": "17"}, "contract": ["credit"]}
    answer = await asked(
        server,
        customer,
        address,
        wanted(
            token,
            address,
            card={"verification_value": "123"},
            additional_data=extra,
            travel={"airline": {"agency_code": "03"}},
            expired_at="2038-01-31T12:00:00+03:00",
            **{person: {"device_id": "d-1"}},
        ),
    )
    for path in (f"{card}.verification_value", f"{person}.device_id", "additional_data.p2p",
                 "additional_data.contract", "travel", "expired_at"):  # fmt: skip
        assert "the gateway account cards has no word for it" in error_at(answer, path)[0]
    assert len(server.line.charges) == sent
    answer = await asked(server, customer, address, wanted(token, address, duplicate_check=False))
    assert answer.json()["transaction"]["status"] == "successful"
    assert server.line.sent()["duplicate_check"] is False


async def test_a_payout_has_a_recipient(server: Server, customer: Customer) -> None:
    """What stands at a payment's places would be read by nobody."""
    address = "/transactions/payouts"
    for section, here in (
        ("customer", "recipient"),
        ("billing_address", "recipient_billing_address"),
        ("credit_card", "recipient_credit_card"),
    ):
        given = {section: {"email": "anna@example.com"}}
        answer = await asked(server, customer, address, wanted("t", address, **given))
        assert error_at(answer, section) == [f"is called {here} in a payout"]


# The same again


@pytest.mark.parametrize("address", [*PAYING, *OUT])
async def test_the_same_again_is_refused(server: Server, customer: Customer, address: str) -> None:
    token = await kept(server, customer)
    request = wanted(token, address)
    mine, other = f"{address}-1", f"{address}-2"
    first = await asked(server, customer, address, request, RequestID=mine)
    assert first.json()["transaction"]["status"] == "successful", first.text
    sent = len(server.line.charges)
    for headers in ({}, {"RequestID": other}):
        again = await asked(server, customer, address, request | {"tracking_id": "x"}, **headers)
        assert again.status_code == 422
        body = again.json()
        assert (body["message"], body["code"]) == ("Duplicate transaction", "E.1018")
        assert body["errors"] == {"base": ["Duplicate transaction"]}
        shape = {"status": "error"} | {name: body[name] for name in ("message", "errors", "code")}
        assert body["response"] == shape
    same = await asked(server, customer, address, request, RequestID=mine)
    assert same.json() == first.json()
    assert len(server.line.charges) == sent
    allowed = await asked(server, customer, address, request | {"duplicate_check": False})
    assert allowed.json()["transaction"]["status"] == "successful", allowed.text
    assert len(server.line.charges) == sent + 1


async def test_two_at_once(server: Server, customer: Customer) -> None:
    token = await kept(server, customer)
    request, sent = wanted(token), len(server.line.charges)
    answers = await asyncio.gather(
        *(asked(server, customer, SERVICE, request) for _ in range(5)),
        *(asked(server, customer, SERVICE, request, RequestID=f"t-{n}") for n in range(5)),
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 9
    assert len(server.line.charges) == sent + 1


async def test_after_half_a_minute(opened: Opened) -> None:
    async with opened() as server, server.customer() as customer:
        token = await kept(server, customer)
        request = wanted(token)
        await asked(server, customer, SERVICE, request)
        server.offset = 29
        assert (await asked(server, customer, SERVICE, request)).status_code == 422
        server.offset = 30.5
        # For the gateway no time has passed: it refuses by itself, and we say so.
        answer = await asked(server, customer, SERVICE, request)
        assert (answer.status_code, answer.json()["status"]) == (200, "failed")
        assert (answer.json()["code"], answer.json()["message"]) == (
            "E.1018",
            "Duplicate transaction",
        )


async def test_the_code_is_no_part_of_what_is_kept(server: Server, customer: Customer) -> None:
    """The same request with another code is the same by its id, as no code is remembered."""
    token = await kept(server, customer)
    request = wanted(token, card={"verification_value": "123"})
    first = await asked(server, customer, SERVICE, request, RequestID="c-1")
    request["credit_card"]["verification_value"] = "321"
    again = await asked(server, customer, SERVICE, request, RequestID="c-1")
    assert again.json()["uid"] == first.json()["uid"]
    digests = [str(row) for row in server.books(payment=first.json()["uid"])["creations"]]
    assert len(digests) == 1


# The shop's last word


async def test_the_shops_veto(server: Server, customer: Customer) -> None:
    token = await kept(server, customer)
    before = server.mailbox.verdict
    try:
        server.mailbox.asked.clear()
        sent = len(server.line.charges)
        for code, status, charged in ((7, "failed", 0), (0, "successful", 1)):
            answering(server, code=code, message="Not this one")
            answer = await asked(
                server, customer, SERVICE, wanted(token, verification_url=f"{SHOP}/verify")
            )
            body = answer.json()
            assert (body["status"], len(server.line.charges) - sent) == (status, charged)
            shown = json.loads(server.mailbox.asked[-1][1])["transaction"]
            assert (shown["uid"], shown["status"]) == (body["uid"], "incomplete")
            assert (body["message"] == "Not this one") is (code == 7)
        assert "verification_url" not in server.line.sent()
        server.mailbox.verdict = lambda _: (500, b"")
        request = wanted(token, verification_url=f"{SHOP}/verify")
        for _ in range(2):  # nothing was sent: it may be asked for again at once
            unclear = (await asked(server, customer, SERVICE, request)).json()
            assert (unclear["status"], unclear["message"]) == (
                "failed",
                "Not sent, nothing has moved",
            )
        assert len(server.line.charges) == sent + 1
    finally:
        server.mailbox.verdict = before


async def test_what_was_not_sent_is_told_alike(server: Server, customer: Customer) -> None:
    token = await kept(server, customer)
    server.line.broken.append(httpx.ConnectError("away"))
    request = wanted(token, notification_url=f"{SHOP}/notify")
    body = (await asked(server, customer, SERVICE, request)).json()
    assert (body["status"], body["charge"]["status"]) == ("failed", "failed")
    read = await customer.get(f"/transactions/{body['uid']}", headers=server.basic())
    assert read.json()["transaction"]["status"] == "failed"
    for _ in range(200):
        if server.mailbox.about(body["token"]):
            break
        await asyncio.sleep(0.05)
    (webhook,) = server.mailbox.about(body["token"])
    assert (webhook["type"], webhook["status"]) == ("charge", "failed")


# Where the bank wants to see the customer


async def test_to_the_bank_and_back_to_the_shop(opened: Opened) -> None:
    async with (
        opened(schedule=Schedule(recovery_interval=0.05)) as server,
        server.customer() as customer,
    ):
        made = await server.create(order={"additional_data": {"contract": ["card_on_file"]}})
        await customer.pay(made, CHALLENGE)
        await at_the_bank(server, made.attempts()[0]["gateway_id"])
        await customer.get(f"/return/{made.attempts()[0]['return_ticket']}")
        token = (await made.told())["credit_card"]["token"]
        assert token
        extra = {"contract": ["card_on_file"], "card_on_file": {"initiator": "customer"}}
        answer = await asked(
            server, customer, SERVICE, wanted(token, additional_data=extra, return_url=BACK)
        )
        body = answer.json()
        assert (body["status"], body["code"]) == ("incomplete", "P.0000"), answer.text
        page = await customer.get(body["redirect_url"])
        assert page.headers["location"].partition("?")[0].endswith("/redirect")
        bank = await customer.open(page.headers["location"])
        uid = body["uid"]
        (attempt,) = CreatedPayment(server, "361", body["token"], uid, "").attempts()
        assert any(link.endswith(f"/process/{attempt['gateway_id']}") for link in bank.links)
        await at_the_bank(server, attempt["gateway_id"])
        back = await customer.get(f"/return/{attempt['return_ticket']}")
        result = await customer.open(back.headers["location"])
        (link,) = [link for link in result.links if link.startswith(BACK)]
        assert f"status=successful&uid={uid}" in link
        assert result.refresh == f"0;url={link}"
        read = await customer.get(f"/transactions/{uid}", headers=server.basic())
        assert read.json()["transaction"]["status"] == "successful"


async def at_the_bank(server: Server, uid: str, password: str = "1111") -> None:
    transport = asgi_transport(server.sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http:
        answer = await http.post(f"/process/{uid}", data={"password": password})
    assert answer.status_code in (200, 302, 303), answer.text
