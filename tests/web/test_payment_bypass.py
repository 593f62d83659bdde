"""Goods without paying: what a customer can do who has the shop's public or publishable key, which
stands in every copy of its app and can be worked out of what it signs."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from checkout.ledger import outbox
from checkout.model.order import TRANSACTION_TYPES
from checkout.signing import sign_link
from tests.web.conftest import Opened
from tests.web.server import PAID, SHOP, Customer, Server, open_server, ordered
from tests.web.settings import publishable_key
from tests.web.test_app_payments import (
    CHECKOUTS,
    CONTRACT,
    PAYMENTS,
    asked,
    bearer,
    created,
    paid,
    pay,
    read,
)
from tests.web.test_offline_links import link, made_of

HOOK = f"{SHOP}/of-settings"
THEIRS = f"{SHOP}/of-the-attacker"


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def hooked(pem: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server whose shop says in the settings where its notifications go."""
    apps = f'apps = true\npublishable_key = "{publishable_key()}"\nnotification_url = "{HOOK}"'
    async with open_server(tmp_path_factory.mktemp("hooked"), pem, apps=apps) as found:
        yield found


async def create(http: Customer, server: Server, body: Any, **headers: str) -> httpx.Response:
    return await http.post(CHECKOUTS, json={"checkout": body}, headers=bearer(server) | headers)


def wrong(answer: httpx.Response) -> set[str]:
    """The dotted names of the fields that are refused."""
    assert answer.status_code == 422, answer.text

    def names(found: dict[str, Any], before: str = "") -> set[str]:
        told: set[str] = set()
        for name, inner in found.items():
            path = f"{before}{name}"
            told |= names(inner, f"{path}.") if isinstance(inner, dict) else {path}
        return told

    return names(answer.json()["errors"])


# --- Who may -----------------------------------------------------------------------------------


@pytest.mark.parametrize("apps", ["", "apps = false\napps_public_key = true"], ids=["", "false"])
async def test_apps_are_off_until_the_settings_say_so(opened: Opened, apps: str) -> None:
    async with opened(apps=apps) as server, server.customer() as customer:
        made = await server.create()
        key = {"Authorization": f"Bearer {server.settings.shops['361'].public_key}"}
        for answer in (
            await customer.post(CHECKOUTS, json={"checkout": ordered()}, headers=key),
            await customer.post(PAYMENTS, json=asked(made.token), headers=key),
            await customer.get(f"{CHECKOUTS}/{made.token}", headers=key),
        ):
            assert answer.status_code == 403
            assert "shops.ID.apps is not true" in answer.json()["message"]
        assert len(server.books()["payments"]) == 1
        assert not made.attempts()


async def test_a_key_that_is_set_opens_nothing_while_apps_are_off(opened: Opened) -> None:
    apps = f'publishable_key = "{publishable_key()}"'
    async with opened(apps=apps) as server, server.customer() as customer:
        assert (await create(customer, server, ordered())).status_code == 403


async def test_the_public_key_is_for_existing_apps_alone(
    server: Server, customer: Customer
) -> None:
    """It can be computed of two signed results: it makes nothing unless the shop says so."""
    key = {"Authorization": f"Bearer {server.settings.shops['361'].public_key}"}
    answer = await customer.post(CHECKOUTS, json={"checkout": ordered()}, headers=key)
    assert answer.status_code == 403
    assert "publishable_key" in answer.json()["message"]


async def test_existing_apps_go_on_by_the_public_key(opened: Opened) -> None:
    """Bare, as one of the SDKs sends it, or by the scheme; beside the publishable key."""
    apps = f'apps = true\napps_public_key = true\npublishable_key = "{publishable_key()}"'
    async with opened(apps=apps) as server, server.customer() as customer:
        shop = server.settings.shops["361"]
        for sent in (
            shop.public_key,
            f"Bearer {shop.public_key}",
            f"bearer {shop.publishable_key}",
        ):
            answer = await customer.post(
                CHECKOUTS, json={"checkout": ordered()}, headers={"Authorization": sent}
            )
            assert answer.status_code == 201, answer.text


async def test_a_key_is_of_its_own_shop(server: Server, customer: Customer) -> None:
    made = await server.create(shop="framing", settings={"return_url": None})
    assert (await pay(customer, made)).status_code == 404
    assert not made.attempts()


# --- What it may ask for -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted({*TRANSACTION_TYPES, "credit", "payout"} - {"payment"}))
async def test_another_type(server: Server, customer: Customer, kind: str) -> None:
    before = server.books()["payments"]
    answer = await create(customer, server, ordered(transaction_type=kind))
    assert wrong(answer) == {"transaction_type"}
    assert server.books()["payments"] == before


async def test_types_that_the_shop_allows(opened: Opened) -> None:
    apps = (
        f'apps = true\npublishable_key = "{publishable_key()}"\n'
        'apps_transaction_types = ["authorization"]'
    )
    async with opened(apps=apps) as server, server.customer() as customer:
        made = await created(customer, server, transaction_type="authorization")
        assert (await made.told())["created_by"] == "app"
        assert wrong(await create(customer, server, ordered())) == {"transaction_type"}


def within(section: str, **values: Any) -> dict[str, Any]:
    return {section: values}


AGREED = ["recurring", "card_on_file"]
OTHERS: dict[str, dict[str, Any]] = {
    "test": {"test": True},
    "test, as a digit": {"test": "1"},
    "another address for notifications": within("settings", notification_url=THEIRS),
    "who is asked before a charge": within("settings", verification_url=THEIRS),
    "methods": within("payment_method", types=["erip"]),
    "a method's parameters": within("payment_method", erip={"account_number": "1"}),
    "a saved card": within("payment_method", credit_card={"token": "e8f9c1"}),
    "no 3-D Secure": within(
        "payment_method", credit_card={"skip_three_d_secure_verification": True}
    ),
    "another's word for 3-D Secure": {"three_d_secure": {"advanced": True}},
    "no terms": within("settings", agreement_toggle={"value": True}),
    "a name on the card": within("settings", credit_card_fields={"holder": "X", "read_only": []}),
    "fields of the page": within("settings", customer_fields={"hidden": ["email"]}),
    "whether the card is kept": within(
        "settings", save_card_toggle={"display": True, "customer_contract": False}
    ),
    "a contract": within("order", additional_data={"contract": ["recurring"]}),
    "words on the receipt": within("order", additional_data={"receipt_text": ["Paid in full"]}),
    "anything for the gateway": within("order", additional_data={"meta": {"a": 1}}),
    "a time to pay": within("order", expired_at="2030-01-01T00:00:00Z"),
    "twice the same": {"duplicate_check": True},
    "the statement": {"dynamic_billing_descriptor": "REFUND"},
    "a ticket": {"travel": {"airline": {"agency_code": "1"}}},
    "a frame": {"iframe": True},
    "by itself": within("settings", auto_pay=True),
    "at once": within("settings", auto_return=5),
    "at once, in a second": within("settings", auto_return=1),
    "a contract, and who gets it": within(
        "order", additional_data={"contract": AGREED, "recipient": {"account_number": "1"}}
    ),
    "looks": within("settings", style={"button": {"backgroundColor": "#ff0000"}}),
    "another way back": within("settings", client_callback_url="https://shop.example.com/x"),
    "who made it": {"created_by": "shop"},
    "an older word for it": {"public": False, "alone": True},
    "what nobody knows": {"invoice": "paid"},
}  # fmt: skip


@pytest.mark.parametrize("sent", list(OTHERS.values()), ids=list(OTHERS))
async def test_all_else_is_refused_by_name(
    server: Server, customer: Customer, sent: dict[str, Any]
) -> None:
    before = server.books()["payments"]
    answer = await create(customer, server, ordered(**sent))
    (section,) = set(sent) - {"public"}
    told = wrong(answer)
    inner = sent[section]
    sections = ("settings", "order", "customer")
    assert told == ({f"{section}.{name}" for name in inner} if section in sections else {section})
    assert server.books()["payments"] == before


SDKS: dict[str, dict[str, Any]] = {
    "Android": {
        "version": 2.1, "test": False, "attempts": None, "dynamic_billing_descriptor": None,
        "customer": None, "payment_method": None, "travel": None,
        "order": {"expired_at": None, "additional_data": None},
        "settings": {"notification_url": None, "verification_url": None, "auto_return": 0,
                     "button_text": None, "language": "en", "customer_fields": None},
    },
    "iOS": {
        "version": 2.1, "test": False, "attempts": ...,
        "order": {"additional_data": {"contract": AGREED, "recipient": {}}},
        "settings": {"auto_return": 0, "language": "en",
                     "return_url": "https://127.default_return_url.com"},
    },
    "the first Android": {
        "test": False, "attempts": 1,
        "order": {"amount": "1999", "additional_data": {"contract": AGREED}},
        "settings": {"auto_return": True, "return_url": "https://DEFAULT_RETURN_URL.com"},
    },
    "Flutter": {
        "test": False, "attempts": 3,
        "order": {"additional_data": {"contract": ["oneclick"]}},
        "settings": {
            "save_card_toggle": {"customer_contract": True}, "auto_return": 0,
            "button_text": "Pay", "language": "en",
            "customer_fields": {"visible": ["first_name", "last_name"], "read_only": ["email"]},
            "credit_card_fields": {"holder": None, "read_only": ["holder"]},
        },
        "customer": {"address": "Baker street 221b", "country": "GB", "city": "London",
                     "email": "jane@example.com"},
    },
    "blanks": {
        "test": "false", "iframe": 0, "payment_method": {"types": [], "erip": {"order_id": ""}},
        "order": {"additional_data": {"receipt_text": [""], "contract": []}},
        "settings": {"notification_url": "", "agreement_toggle": {"url": "", "value": False}},
    },
    "the shop's own address": {"settings": {"notification_url": HOOK}},
}  # fmt: skip


@pytest.mark.parametrize("sent", list(SDKS.values()), ids=list(SDKS))
async def test_what_sdks_always_send_does_no_harm(hooked: Server, sent: dict[str, Any]) -> None:
    """It is passed over: no contract, one attempt, no fields, nothing of it is answered back."""
    async with hooked.customer() as customer:
        made = await created(customer, hooked, **sent)
        checkout = await made.told()
        assert checkout["attempts"] == 1
        assert checkout["test"] is False
        assert checkout["payment_method"] is None
        assert set(checkout["settings"]) <= {"return_url", "language"}
        assert "additional_data" not in checkout["order"]
        assert (await paid(customer, made))["status"] == "successful"
        assert not hooked.line.sent().get("additional_data", {}).get("contract")
        await customer.get(made.path("result"))  # which waits for the letter's first try
        (webhook,) = hooked.mailbox.about(made.token)
        assert webhook["additional_data"]["contract"] == []


async def test_where_its_customer_goes_back_to(server: Server, customer: Customer) -> None:
    """The shop's own addresses, also where the shop's server may name any."""
    for name in ("return_url", "success_url", "decline_url", "fail_url", "cancel_url"):
        settings = {"return_url": None, name: "https://elsewhere.example.com/thanks"}
        assert wrong(await create(customer, server, ordered(settings=settings))) == {
            f"settings.{name}"
        }
        settings[name] = "https://shop.example.com/thanks"
        assert (await create(customer, server, ordered(settings=settings))).status_code == 201


async def test_many_wrong_fields_are_told_together(server: Server, customer: Customer) -> None:
    answer = await create(
        customer, server,
        ordered(test=True, order={"amount": 0}, transaction_type="charge", payment_method={"x": 1}),
    )  # fmt: skip
    assert wrong(answer) == {"test", "order.amount", "transaction_type", "payment_method"}
    answer = await create(customer, server, {f"x{number}": 1 for number in range(900)})
    assert wrong(answer) >= {"x0", "base"}


# --- What the shop is told ---------------------------------------------------------------------


async def test_notifications_go_where_the_settings_say(hooked: Server) -> None:
    """Of every maker's payment that names no address; of an app's always, without what is made of
    the secret key."""
    server, before = hooked, len(hooked.mailbox.webhooks)
    async with server.customer() as customer:
        by_shop = await server.create()
        assert (await customer.pay(by_shop)).status_code == 303
        elsewhere = await server.create(settings={"notification_url": f"{SHOP}/own"})
        assert (await customer.pay(elsewhere)).status_code == 303
        by_app = await created(customer, server)
        assert (await paid(customer, by_app))["status"] == "successful"
        await customer.get(by_app.path("result"))
    context = server.app.state.context.context
    sent = [webhook.url for made in (by_shop, elsewhere, by_app)
            for webhook in await context.ledger.read(outbox.of, made.uid)]  # fmt: skip
    assert sent == [HOOK, f"{SHOP}/own", HOOK]
    webhooks = server.mailbox.webhooks[before:]
    headers = {json.loads(body)["transaction"]["token"]: said for said, body in webhooks}
    assert {"authorization", "webhook-signature"} <= set(headers[by_shop.token])
    assert not {"authorization", "webhook-signature"} & set(headers[by_app.token])
    assert headers[by_app.token]["content-signature"]


async def test_who_made_it(hooked: Server) -> None:
    """`type`, `test` and `created_by` in the notification and in what the API says."""
    server = hooked
    async with server.customer() as customer:
        by_shop = await server.create(test=True)
        by_app = await created(customer, server)
        by_link = made_of(server, await customer.get(link(server)))
        for made, maker, test in ((by_shop, "shop", True), (by_app, "app", False),
                                  (by_link, "link", False)):  # fmt: skip
            assert (await customer.pay(made)).status_code == 303
            await customer.get(made.path("result"))
            said = await house_says(server, made.uid)
            told = said["type"], said["test"], said["created_by"]
            assert told == ("payment", test, maker)
            (webhook,) = server.mailbox.about(said["token"])
            assert (webhook["type"], webhook["test"], webhook["created_by"]) == told
        whole = await by_app.told()
        assert (whole["type"], whole["created_by"]) == ("payment", "app")


async def house_says(server: Server, uid: str) -> dict[str, Any]:
    async with server.customer() as http:
        answer = await http.get(f"/transactions/{uid}", headers=server.basic())
    found: dict[str, Any] = answer.json()["transaction"]
    return found


# --- Limits of its own -------------------------------------------------------------------------


async def many(server: Server, *addresses: str, shop: str = "361") -> list[httpx.Response]:
    """One payment from each address, all at once."""

    async def one(address: str) -> httpx.Response:
        async with server.customer(address) as customer:
            body = {"checkout": ordered(settings={"return_url": None})}
            return await customer.post(CHECKOUTS, json=body, headers=bearer(server, shop))

    return list(await asyncio.gather(*map(one, addresses)))


def taken(answers: list[httpx.Response]) -> int:
    codes = [answer.status_code for answer in answers]
    assert set(codes) <= {201, 429}
    return codes.count(201)


async def test_too_many_payments_from_one_address(opened: Opened) -> None:
    """Of IPv6 a whole /64 is one customer's; at once or one by one."""
    async with opened(app_payments="3") as server:
        server.offset = 30 - time.time() % 600  # not at the end of what is counted together
        assert taken(await many(server, *["203.0.113.7"] * 20)) == 3
        assert (
            taken(await many(server, *[f"2001:db8:1:2::{number:x}" for number in range(20)])) == 3
        )
        (refused,) = await many(server, "2001:db8:1:2:ffff::9")
        assert refused.status_code == 429
        assert 560 < int(refused.headers["retry-after"]) <= 571
        for other in ("203.0.113.8", "2001:db8:1:3::1", "::ffff:203.0.113.9"):
            assert taken(await many(server, other)) == 1
        assert (await server.create()).uid  # the shop's server has no such limit
        server.offset += 600
        assert taken(await many(server, *["203.0.113.7"] * 20)) == 3


async def test_too_many_payments_of_one_shop(opened: Opened) -> None:
    async with opened(shops_app_payments="3") as server:
        server.offset = 30 - time.time() % 600
        with capture_logs() as logged:
            assert taken(await many(server, *[f"203.0.113.{n}" for n in range(20)])) == 3
        assert {line["event"] for line in logged if line.get("alert")} == {"limit.app_payments"}
        assert taken(await many(server, "203.0.113.7", shop="framing")) == 1
        assert (await server.create()).uid


# --- What the page demands ---------------------------------------------------------------------

PAGE: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = {
    # what the order demands; what the app sends; what would do; the field that is told
    "terms": (
        {"settings": {"agreement_toggle": {"url": "https://shop.example.com/terms"}}},
        {}, {"request_agreed": True}, "agreed",
    ),
    "terms refused": (
        {"settings": {"agreement_toggle": {"text": "I agree", "value": True}}},
        {"request_agreed": False}, {"request_agreed": True}, "agreed",
    ),
    "a field to fill in": (
        {"settings": {"customer_fields": {"visible": ["email", "first_name"]}},
         "customer": {"email": "anna@example.com"}},
        {}, {"request_customer": {"first_name": "Anna"}}, "customer.first_name",
    ),
    "a field filled in wrongly": (
        {"settings": {"customer_fields": {"visible": ["email"]}}},
        {"request_customer": {"email": "nobody"}},
        {"request_customer": {"email": "a@example.com"}}, "customer.email",
    ),
    "brands": (
        {"payment_method": {"excluded_brands": ["visa"]}},
        {}, {"number": "5555555555554444"}, "credit_card.number",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGE)
async def test_what_the_page_demands(server: Server, customer: Customer, name: str) -> None:
    order, lacking, enough, field = PAGE[name]
    made = await server.create(**order)
    answer = await pay(customer, made, **lacking)
    assert wrong(answer) == {field}
    assert not made.attempts()
    assert (await paid(customer, made, **enough))["status"] == "successful"


async def test_a_fixed_holder(server: Server, customer: Customer) -> None:
    fields = {"holder": "ANNA LEE", "read_only": ["holder"]}
    made = await server.create(settings={"credit_card_fields": fields})
    assert (await paid(customer, made, holder="MALLORY"))["status"] == "successful"
    assert server.line.sent()["credit_card"]["holder"] == "ANNA LEE"


async def test_no_other_card_than_the_saved_one(server: Server, customer: Customer) -> None:
    first = await server.create(order=CONTRACT)
    token = (await paid(customer, first, save_card=True))["credit_card"]["token"]
    made = await server.create(
        payment_method={"credit_card": {"token": token}},
        settings={"another_card_toggle": {"display": False}},
    )
    assert wrong(await pay(customer, made)) == {"credit_card.number"}
    assert not made.attempts()
    card = {"token": token, "verification_value": "123"}
    assert (await paid(customer, made, request_credit_card=card))["status"] == "successful"


async def test_a_hidden_field_is_nobody_s_but_the_shop_s(
    server: Server, customer: Customer
) -> None:
    made = await server.create(settings={"customer_fields": {"hidden": ["email"]}})
    values = {"email": "mallory@example.com", "phone": "+49 30 1"}
    await paid(customer, made, request_customer=values)
    checkout = (await made.told())["customer"]
    assert (checkout["email"], checkout["phone"]) == (None, "+49301")


async def test_methods_parameters_are_the_settings(server: Server, customer: Customer) -> None:
    """The shop's own win over the settings'; an app has none to say, neither now nor then."""
    for made, own in (
        (await created(customer, server), {}),
        (await server.create(payment_method={"erip": {"account_number": "7"}}),
         {"account_number": "7"}),
    ):  # fmt: skip
        before = len(server.line.charges)
        changes = {"request_credit_card": ..., "request_erip": {"service_no": "1"}}
        await paid(customer, made, request_payment_method="erip", **changes)
        (charge,) = server.line.charges[before:]
        sent = json.loads(charge.content)["request"]["method"]
        assert sent == {"type": "erip", "service_no": "99999999"} | own


# --- Its siblings: links and products ----------------------------------------------------------


async def test_who_holds_a_link_changes_nothing_in_it(server: Server, customer: Customer) -> None:
    """Whatever is put beside or into it: its terms are what the shop signed, or it is none."""
    path = link(server, tracking_id="order-9")
    more = "?test=1&transaction_type=tokenization&notification_url=https://x.example&amount=1"
    made = made_of(server, await customer.get(path + more))
    assert made_of(server, await customer.get(path)).uid == made.uid
    form = {
        "test": "1", "transaction_type": "tokenization", "tracking_id": "order-1",
        "notification_url": THEIRS, "amount": "1", "created_by": "shop",
    }  # fmt: skip
    assert (await customer.pay(made, PAID, **form)).status_code == 303
    said = await house_says(server, made.uid)
    assert (said["type"], said["test"], said["tracking_id"], said["amount"]) == (
        "payment", False, "order-9", 1250,
    )  # fmt: skip
    assert (said["status"], said["created_by"]) == ("successful", "link")
    assert not made.books()["outbox"]
    key = secrets.token_urlsafe(48)
    forged = "/pay/" + sign_link("361", key, {"amount": 1, "currency": "EUR", "description": "x"})
    with_publishable = "/pay/" + sign_link(
        "361", server.settings.shops["361"].publishable_key or "",
        {"amount": 1, "currency": "EUR", "description": "x"},
    )  # fmt: skip
    for stranger in (forged, with_publishable):
        assert (await customer.get(stranger)).status_code == 404


async def test_who_opens_a_product_chooses_no_more_than_its_page(
    server: Server, customer: Customer
) -> None:
    product = {
        "name": "Tea", "description": "100 g", "currency": "EUR", "amount": 1250, "infinite": True,
        "tracking_id": "tea", "notification_url": f"{SHOP}/n",
    }  # fmt: skip
    answer = await customer.post("/products", json=product, headers=server.basic())
    page = await customer.open("/product/" + answer.json()["id"])
    (form,) = page.forms
    sent = await customer.submit(
        form, test="1", transaction_type="tokenization", tracking_id="order-1", amount="1",
        notification_url=THEIRS, created_by="shop", description="Something else",
    )  # fmt: skip
    made = made_of(server, sent)
    assert (await customer.pay(made)).status_code == 303
    await customer.get(made.path("result"))
    said = await house_says(server, made.uid)
    assert (said["type"], said["test"], said["tracking_id"]) == ("payment", False, "tea")
    assert (said["amount"], said["description"]) == (1250, "Tea")
    assert said["created_by"] == "product"
    assert server.mailbox.about(said["token"])


async def test_an_app_s_idempotency_key_is_never_the_shop_s(
    server: Server, customer: Customer
) -> None:
    """Neither by the same key nor by a very long one."""
    for key in (secrets.token_hex(16), "k" * 254, "k" * 255, "k" * 300):
        sent = {"Idempotency-Key": key}
        body = {"checkout": ordered()}
        by_app = await create(customer, server, ordered(), **sent)
        by_shop = await customer.post(CHECKOUTS, json=body, headers=server.basic() | sent)
        assert by_app.json()["checkout"]["token"] != by_shop.json()["checkout"]["token"]
        again = await create(customer, server, ordered(order={"amount": 1}), **sent)
        assert again.status_code == 422
        assert by_shop.json()["checkout"]["token"] not in again.text


async def test_whose_card_it_was_is_nobody_s_to_read(server: Server, customer: Customer) -> None:
    """The token stands in addresses that are forwarded: with the key it tells no name."""
    made = await server.create()
    first = await paid(customer, made)
    assert first["credit_card"]["holder"] == "ANNA LEE"  # who sent it
    for said in (await read(customer, made), await paid(customer, made)):
        assert "ANNA LEE" not in str(said)
        assert "198.51.100.1" not in str(said)
    assert "ANNA LEE" in str(await made.told())


async def test_the_shop_s_private_words_are_not_read_by_key(
    server: Server, customer: Customer
) -> None:
    """A payment is found by its token, never by the shop's own number or the uid."""
    made = await server.create(order={"tracking_id": "order-77"})
    assert (await read(customer, made))["token"] == made.token
    for path in (f"{CHECKOUTS}/order-77", f"{CHECKOUTS}/{made.uid}"):
        assert (await customer.get(path, headers=bearer(server))).status_code == 404
    for path in (f"/transactions/{made.uid}", "/transactions/tracking_id/order-77", "/products",
                 "/invoices"):  # fmt: skip
        assert (await customer.get(path, headers=bearer(server))).status_code in (401, 404)
