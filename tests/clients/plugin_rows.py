"""A row a plugin: what it sends, what it reads of its notification and what it does next.

Gathered from the plugins' public sources, in our own words. Values are those that their shops
really give: PHP's arithmetic, order numbers with a bar, empty strings, methods that the shop does
not have. `$URL` stands for the shop's own address, `$NOTIFY` for its address for notifications.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

Json = dict[str, Any]

UID: Final = re.compile(r"[0-9a-f-]{36}")
TOKEN: Final = re.compile(r"[0-9a-f]{64}")
SOMETHING: Final = re.compile(r".+")
TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")

SDK_HEADERS: Final = {"X-Api-Version": "2", "Content-type": "application/json"}
OLDER_HEADERS: Final = {"Accept": "application/json", "Content-type": "application/json"}


class Then(NamedTuple):
    """What the shop does afterwards: `capture`, `void`, `refund` of so much (in minor units, as it
    is sent); `renewal`: the card's token is charged so much; `status`, `uid`, `tracking`: it asks
    by the token, by the transaction's uid, by its own number."""

    what: str
    amount: Any = None


class Plugin(NamedTuple):
    """`reads`: of the notification's `transaction`, path -> what stands there. `returns`: the
    setting whose address the customer comes back to; None where none is named, and the shop's own
    is taken. `arrives`: how the shop's page sends the customer, see `ARRIVALS` of the test.
    `beside`: what is sent next to `checkout`."""

    name: str
    checkout: Json
    reads: Mapping[str, Any]
    returns: str | None = "success_url"
    then: tuple[Then, ...] = ()
    headers: Mapping[str, str] = SDK_HEADERS
    path: str = "/ctp/api/checkouts"
    proof: str = "signature"  # or `basic`: what it verifies
    arrives: str = "link"
    beside: Json = {}


def sdk(
    tracking_id: Any,
    amount: Any = 1999,
    *,
    transaction_type: str = "payment",
    settings: Json | None = None,
    customer: Json | None = None,
    extra: Json | None = None,
    methods: Json | None = None,
    **order: Any,
) -> Json:
    """The `checkout` that the PHP SDK writes: every field, null where the plugin set nothing."""
    nothing = dict.fromkeys(("meta", "fiscalization", "platform_data", "integration_data"))
    people = (
        "email",
        "first_name",
        "last_name",
        "country",
        "city",
        "state",
        "zip",
        "address",
        "phone",
        "birth_date",
    )
    return {
        "transaction_type": transaction_type,
        "test": False,
        "order": {
            "amount": amount,
            "currency": "EUR",
            "description": f"Order # {tracking_id}",
            "tracking_id": tracking_id,
            "expired_at": None,
            "additional_data": {"receipt_text": [], "contract": []} | nothing | (extra or {}),
        }
        | order,
        "settings": {
            "notification_url": "$NOTIFY",
            "success_url": "$URL/ok",
            "decline_url": "$URL/no",
            "fail_url": "$URL/fail",
            "cancel_url": None,
            "language": "en",
            "customer_fields": {"read_only": [], "visible": []},
        }
        | (settings or {}),
        "customer": dict.fromkeys(people) | {"email": "anna@example.com"} | (customer or {}),
    } | ({} if methods is None else {"payment_method": methods})


def older(checkout: Json, version: Any = "2.1", hidden: list[str] | None = None) -> Json:
    """The SDK before headers had a version: it wrote its own in the body, less additional data,
    and the oldest (with `hidden`) named the fields that the page shall not show, and no `test`."""
    order, settings = dict(checkout["order"]), dict(checkout["settings"])
    order["additional_data"] = {"receipt_text": [], "contract": []}
    found = checkout | {"version": version, "order": order, "settings": settings}
    if hidden is not None:
        fields = settings["customer_fields"]
        settings["customer_fields"] = {"read_only": fields["read_only"], "hidden": hidden}
        del order["additional_data"], found["test"]
    return found


BUYER: Final = {
    "first_name": "Anna",
    "last_name": "Lee",
    "country": "DE",
    "city": "Berlin",
    "zip": "10115",
    "address": "Example street 1",
    "phone": "+49 30 1234567",
}
ERIP: Final = {"order_id": 7, "account_number": "7", "service_no": "99999999"}
# `$transaction->credit_card->token` and its neighbours, which become the shop's saved card.
CARD: Final = {
    "payment_method_type": "credit_card",
    "credit_card.token": SOMETHING,
    "credit_card.last_4": "0000",
    "credit_card.brand": "visa",
}
SOLD: Final = {"uid": UID, "status": "successful", "amount": 1999, "currency": "EUR"}
RECURRING: Final = {"contract": ["recurring", "card_on_file"]}

PLUGINS: Final = (
    Plugin(
        "WooCommerce",
        sdk(
            4711,
            settings={
                "success_url": "$URL/checkout/order-received/4711/?key=wc_order_a1",
                "cancel_url": "$URL/cart/?cancel_order=true&order_id=4711&_wpnonce=a1",
                "notification_url": "$NOTIFY?wc-api=WC_Gateway_BeGateway",
            },
            customer=BUYER,
            methods={
                "types": ["credit_card", "halva", "erip"],
                "credit_card": [],
                "halva": [],
                "erip": ERIP | {"service_no": None},
            },
            expired_at="2030-01-31T12:00:01+00:00",
        ),
        SOLD
        | {
            "type": "payment",
            "tracking_id": "4711",
            "payment_method_type": "credit_card",
            "language": "en",
        },
        then=(Then("refund", 500), Then("refund", 1499)),
    ),
    Plugin(
        "WooCommerce, two steps",
        sdk(4712, transaction_type="authorization", customer=BUYER),
        SOLD | {"type": "authorization", "tracking_id": "4712"},
        then=(Then("capture", 1500), Then("refund", 500)),
    ),
    Plugin(
        "WooCommerce, cancelled order",
        sdk(4713, transaction_type="authorization", customer=BUYER),
        SOLD | {"type": "authorization"},
        then=(Then("void", 1999),),
    ),
    Plugin(
        "WooCommerce Subscriptions",
        sdk(4714, customer=BUYER, extra=RECURRING),
        SOLD | CARD | {"type": "payment"},
        then=(Then("renewal", 999), Then("renewal", 1099)),
    ),
    Plugin(
        "Easy Digital Downloads",
        sdk(
            "4f1d0c9e2b7a4f1d0c9e2b7a4f1d0c9e",
            extra=RECURRING,
            customer={
                "first_name": "Anna",
                "last_name": "",
                "country": "",
                "city": "",
                "zip": "",
                "address": "",
            },
        ),
        SOLD | CARD | {"type": "payment", "message": SOMETHING},
        then=(Then("refund", 1999),),
    ),
    Plugin(
        "PrestaShop",
        sdk(
            81,
            extra={"platform_data": "Prestashop 8.1.2"},
            customer=BUYER | {"state": None},
            methods={"types": ["credit_card"], "credit_card": []},
            settings={"language": "fr"},
        ),
        SOLD
        | {
            "type": "payment",
            "tracking_id": "81",
            "payment_method_type": "credit_card",
            "additional_data.platform_data": "Prestashop 8.1.2",
        },
    ),
    Plugin(
        "Magento 2",
        sdk(
            "000000012_6747",
            extra={"meta": {"cms": {"name": "Magento", "version": "2.4.6"}}},
            customer=BUYER | {"state": "BER"},
            settings={"cancel_url": "$URL/begateway/checkout/redirect/action/cancel/"},
            methods={"types": ["credit_card"], "credit_card": []},
            transaction_type="authorization",
        ),
        SOLD | {"type": "authorization", "tracking_id": "000000012_6747", "message": SOMETHING},
        then=(Then("capture", 1999), Then("refund", 1999)),
    ),
    Plugin(
        "OpenCart 3",
        {
            "version": "2.1",
            "transaction_type": "payment",
            "test": False,
            "settings": {
                "success_url": "$URL/index.php?route=extension/payment/begateway/callback",
                "decline_url": "$URL/index.php?route=checkout/checkout",
                "cancel_url": "$URL/index.php?route=checkout/checkout",
                "fail_url": "$URL/index.php?route=checkout/checkout",
                "language": "en",
                "notification_url": "$NOTIFY",
            },
            "order": {
                "currency": "EUR",
                "amount": 1999,
                "description": "Order 15",
                "tracking_id": "15",
            },
            "customer": {
                "address": "Example street 1",
                "first_name": "Anna",
                "last_name": "Lee",
                "country": "DE",
                "city": "Berlin",
                "phone": "+49 30 1234567",
                "email": "anna@example.com",
                "zip": None,
                "ip": "203.0.113.7",
            },
            "payment_method": {
                "types": ["credit_card", "halva", "erip"],
                "erip": {
                    "order_id": "15",
                    "account_number": "15",
                    "service_no": "",
                    "service_info": ["Order 15"],
                },
            },
        },
        SOLD | {"tracking_id": "15"},
        headers={"X-API-Version": "2", "Content-Type": "application/json"},
        then=(Then("status"),),
    ),
    Plugin(
        "WHMCS",
        sdk(
            "1021|77",
            extra=RECURRING
            | {
                "platform_data": "WHMCS v8.8.0",
                "integration_data": "BeGateway Gateway Module v2.5.0",
            },
            customer={"first_name": "Anna", "last_name": "Lee"},
        ),
        SOLD | CARD | {"tracking_id": "1021|77", "type": "payment"},
        then=(Then("refund", 1999),),
        proof="basic",
    ),
    Plugin(
        "VirtueMart",
        sdk(
            "3|ABCD011",
            customer=BUYER,
            settings={"cancel_url": "$URL/index.php?option=com_virtuemart"},
            methods={"types": ["credit_card"], "credit_card": []},
        ),
        SOLD | {"tracking_id": "3|ABCD011", "three_d_secure_verification": dict},
        proof="basic",
    ),
    Plugin(
        "Drupal Commerce",
        sdk(
            "92",
            transaction_type="authorization",
            customer=BUYER,
            expired_at="2031-02-01T00:00:00+00:00",
            settings={
                "cancel_url": "$URL/checkout/92/payment/back/a1b2",
                "success_url": "$URL/checkout/92/payment/return/a1b2",
            },
        ),
        SOLD | {"tracking_id": "92", "payment_method_type": "credit_card"},
        then=(Then("capture", 1999), Then("refund", 1000)),
    ),
    Plugin(
        "Bitrix",
        sdk(
            "12:34",
            customer=BUYER | {"state": "Berlin", "country": "Germany"},
            methods={"types": ["credit_card", "halva"], "credit_card": [], "halva": []},
        ),
        SOLD | {"tracking_id": "12:34", "paid_at": TIME, "three_d_secure_verification": dict},
        then=(Then("status"),),
    ),
    Plugin(
        "CS-Cart",
        sdk(
            "105_1",
            extra={
                "platform_data": "CS-Cart vMULTIVENDOR",
                "integration_data": "BeGateway CS-Cart v1.2",
            },
            customer=BUYER | {"state": None},
            settings={
                "notification_url": "$NOTIFY?dispatch=payment_notification.notify&order_id=105_1",
                "cancel_url": "$URL/index.php?dispatch=payment_notification.cancel&order_id=105_1",
            },
        ),
        SOLD | {"tracking_id": "105_1", "message": SOMETHING, "test": False},
        proof="basic",
    ),
    Plugin(
        "Moodle enrolment",
        sdk(
            "5|12|3",
            customer={
                "first_name": "Anna",
                "last_name": "Lee",
                "address": "",
                "city": "Berlin",
                "country": "DE",
            },
            settings={
                "success_url": "$URL/enrol/begateway/return.php?id=12",
                "decline_url": "$URL/enrol/begateway/return.php?id=12",
                "fail_url": "$URL/enrol/begateway/return.php?id=12",
            },
        ),
        SOLD | {"tracking_id": "5|12|3"},
        proof="basic",
    ),
    Plugin(
        "Moodle payments",
        {
            "transaction_type": "payment",
            "order": {
                "amount": 19.99 * 100,  # 1998.9999999999998
                "currency": "EUR",
                "description": "Course",
                "tracking_id": 318,
                "expired_at": "2030-01-31T12:00:00+01:00",
                "additional_data": {"contract": ["recurring"]},
            },
            "settings": {
                "return_url": "$URL/payment/gateway/bepaid/return.php?ID=318",
                "fail_url": "$URL/payment/gateway/bepaid/return.php?ID=318",
                "cancel_url": "$URL/payment/gateway/bepaid/return.php?ID=318",
                "notification_url": "$NOTIFY",
                "auto_return": 30,
                "language": "de_kids",
                "customer_fields": {"visible": ["email"]},
                "save_card_toggle": {"display": False},
                "customer_contract": True,
            },
            "customer": {"email": "anna@example.com"},
            "payment_method": {"types": ["credit_card"]},
        },
        SOLD
        | {
            "additional_data.vendor.token": TOKEN,
            "recurring_type": "initial",
            "credit_card.token": SOMETHING,
            "test": False,
        },
        returns="return_url",
        headers={
            "RequestID": "31867473b4a1.23",
            "Accept": "application/json",
            "X-API-Version": "2",
            "Content-Type": "application/json",
        },
        then=(Then("status"), Then("charge", 998)),
    ),
    Plugin(
        "OkayCMS",
        sdk(
            "55|4",
            customer={
                "first_name": "Anna",
                "last_name": "",
                "phone": "+375291234567",
                "address": "",
                "email": "anna@example.com",
            },
            settings={"cancel_url": "$URL/", "language": "uk"},
            expired_at="2030-01-31T12:00:01+02:00",
        ),
        SOLD
        | {
            "tracking_id": "55|4",
            "type": "payment",
            "language": SOMETHING,
            "payment_method_type": "credit_card",
        },
    ),
    Plugin(
        "JoomShopping",
        sdk(
            "9|19.99|EUR",
            customer=BUYER | {"state": ""},
            extra={"meta": {"cms": "joomla"}},
            settings={"cancel_url": "$URL/index.php?option=com_jshopping&act=cancel"},
        ),
        SOLD | {"tracking_id": "9|19.99|EUR", "test": False},
        proof="basic",
    ),
    Plugin(
        "ReadyScript",
        sdk("17|A-2026", settings={"language": "ru"}),
        SOLD | {"tracking_id": "17|A-2026"},
    ),
    Plugin(
        "Charitable",
        sdk(
            "300|5f0c9a",
            customer=BUYER | {"state": "", "address": "Example street 1 "},
            extra={"meta": {"campaign": 12}},
            settings={"cancel_url": "$URL/donate?x=1#form"},
        ),
        SOLD | {"tracking_id": "300|5f0c9a", "message": SOMETHING, "test": False},
    ),
    Plugin(
        "WordPress payment button",
        sdk(
            None,
            description=" Donation",
            settings={
                "cancel_url": "$URL",
                "success_url": "$URL",
                "decline_url": "$URL",
                "fail_url": "$URL",
                "customer_fields": {
                    "read_only": [],
                    "visible": ["first_name", "last_name", "email"],
                },
            },
        ),
        SOLD | {"tracking_id": None},
    ),
    Plugin(
        "BILLmanager",
        {
            "transaction_type": "payment",
            "order": {
                "amount": 1999,
                "currency": "EUR",
                "description": "Account 8",
                "tracking_id": "8",
                "expired_at": "2030-01-31T12:00:00+03:00",
            },
            "settings": {
                "success_url": "$URL/billmgr?func=payment.success&elid=8&module=pmbegateway",
                "cancel_url": "$URL/billmgr?startpage=payment",
                "decline_url": "$URL/billmgr?func=payment.fail&elid=8&module=pmbegateway",
                "fail_url": "$URL/billmgr?startpage=payment",
                "notification_url": "$NOTIFY",
                "language": "ru",
            },
        },
        SOLD | {"tracking_id": "8", "message": SOMETHING, "test": False},
        proof="basic",
    ),
    Plugin(
        "MODX miniShop2",
        {
            "version": "2.1",
            "test": False,
            "transaction_type": "payment",
            "settings": {
                "success_url": "$URL/assets/bepaid.php?order=6&action=success",
                "decline_url": "$URL/assets/bepaid.php?order=6&action=decline",
                "fail_url": "$URL/assets/bepaid.php?order=6&action=fail",
                "cancel_url": "$URL/assets/bepaid.php?order=6&action=cancel",
                "notification_url": "$NOTIFY?order=6&action=notify",
                "language": "en",
                "customer_fields": None,
            },
            "order": {
                "currency": "EUR",
                "amount": 1999,
                "description": "Order 6",
                "tracking_id": 6,
            },
            "customer": {
                "email": "anna@example.com",
                "first_name": "Anna",
                "country": "DE",
                "zip": "10115",
                "address": "Example street 1",
            },
            "payment_method": {"types": ["credit_card"]},
        },
        SOLD | {"type": "payment", "tracking_id": "6"},
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        then=(Then("status"),),
    ),
    Plugin(
        "Omnipay",
        {
            "transaction_type": "payment",
            "version": 2.1,
            "attempts": 3,
            "order": {
                "amount": 1999,
                "currency": "EUR",
                "description": "Order",
                "tracking_id": "o1",
                "expired_at": "2030-01-31T12:00:00+00:00",
            },
            "settings": {
                "success_url": "$URL/ok",
                "decline_url": "$URL/no",
                "fail_url": "$URL/fail",
                "notification_url": "$NOTIFY",
                "language": "de",
                "auto_return": 5,
                "button_text": "Pay",
                "button_next_text": "Back",
            },
        },
        SOLD | {"tracking_id": "o1", "payment.status": "successful"},
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        then=(Then("status"),),
    ),
    Plugin(
        "Laravel",
        sdk(
            "L-1",
            "1999",
            customer=BUYER,
            settings={
                "customer_fields": {"read_only": ["email"], "visible": ["first_name"]},
            },
        )
        | {"attempts": 5},
        SOLD | {"tracking_id": "L-1"},
        then=(Then("refund", 1999),),
    ),
    Plugin(
        "Node",
        {
            "transaction_type": "payment",
            "order": {
                "amount": 1999,
                "currency": "EUR",
                "description": "Order n1",
                "tracking_id": "n1",
            },
            "settings": {"success_url": "$URL/ok", "notification_url": "$NOTIFY"},
        },
        SOLD | {"tracking_id": "n1"},
        path="/ctp/api/checkouts/",
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        proof="basic",
    ),
    Plugin(
        "Ruby",
        {
            "version": "2.1",
            "transaction_type": "authorization",
            "order": {
                "amount": 1999,
                "currency": "EUR",
                "description": "Order r1",
                "tracking_id": "r/1 a",
                "additional_data": {"contract": ["recurring"]},
            },
            "settings": {"success_url": "$URL/ok", "notification_url": "$NOTIFY"},
        },
        SOLD | CARD | {"type": "authorization", "authorization.status": "successful"},
        headers={"Content-Type": "application/json", "X-API-Version": "2"},
        then=(Then("uid"), Then("tracking"), Then("capture", 1000), Then("renewal", 700)),
    ),
    Plugin(
        "PrestaShop 1.6",
        older(
            sdk(
                "81|5c0f3e|0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                customer=BUYER | {"country": "US", "state": "NA", "address": "Example street 1 "},
                settings={
                    "success_url": "$URL/en/module/begateway/success?order_id=81&order_token=5c0f3e"
                },
                methods={
                    "types": ["credit_card", "halva", "erip"],
                    "credit_card": [],
                    "halva": [],
                    "erip": ERIP | {"service_no": None},
                },
            )
        ),
        SOLD
        | {
            "type": "payment",
            "tracking_id": "81|5c0f3e|0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "created_at": TIME,
            "paid_at": TIME,
            "test": False,
        },
        headers=OLDER_HEADERS,
        proof="basic",
    ),
    Plugin(
        "Magento 1",
        older(
            sdk(
                "100000012_6f1e9a",
                transaction_type="authorization",
                customer=BUYER | {"city": None, "state": "", "address": "Example street 1"},
                settings={"cancel_url": "$URL/begateway/checkout/cancel/"},
                methods={
                    "types": ["credit_card", "erip"],
                    "credit_card": [],
                    "erip": ERIP | {"service_no": "", "service_info": ["Order 100000012 payment"]},
                },
            )
        ),
        SOLD
        | {
            "type": "authorization",
            "tracking_id": "100000012_6f1e9a",
            "credit_card.first_1": "4",
            "credit_card.last_4": "0000",
        },
        headers=OLDER_HEADERS,
        then=(Then("capture", 1999), Then("refund", 1999)),
        proof="basic",
        arrives="form",
    ),
    Plugin(
        "OpenCart 2.3",
        {
            "version": 2.1,
            "transaction_type": "authorization",
            "settings": {
                "success_url": "$URL/index.php?route=extension/payment/begateway/callback",
                "decline_url": "$URL/index.php?route=checkout/checkout",
                "cancel_url": "$URL/index.php?route=checkout/checkout",
                "fail_url": "$URL/index.php?route=checkout/checkout",
                "language": "en",
                "notification_url": "$NOTIFY?route=extension/payment/begateway/callback1",
            },
            "order": {
                "currency": "EUR",
                "amount": 1999,
                "description": "Order 16",
                "tracking_id": "16",
            },
            "customer": BUYER | {"email": None, "ip": "::1", "country": "US", "state": "NY"},
            "test": False,
        },
        SOLD | {"tracking_id": "16", "message": SOMETHING, "three_d_secure_verification": dict},
        headers={"Content-Type": "application/json"},
        proof="basic",
        arrives="form",
    ),
    Plugin(
        "OpenCart 2.1",
        {
            "version": 2.1,
            "transaction_type": "payment",
            "settings": {
                "success_url": "$URL/index.php?route=payment/begateway/callback",
                "decline_url": "$URL/index.php?route=checkout/checkout",
                "cancel_url": "$URL/index.php?route=checkout/checkout",
                "fail_url": "$URL/index.php?route=checkout/checkout",
                "language": "en-gb",
                "notification_url": "$NOTIFY",
            },
            "order": {
                "currency": "EUR",
                "amount": 1999,
                "description": "Order 17",
                "tracking_id": "17",
            },
            "customer": {
                "address": None,
                "first_name": None,
                "last_name": None,
                "country": None,
                "city": None,
                "phone": None,
                "email": None,
                "zip": None,
                "ip": "127.0.0.1",
            },
            "test": False,
            "payment_method": {"types": ["credit_card", "halva", "erip"]},
        },
        SOLD | {"tracking_id": "17", "message": SOMETHING},
        headers={"Content-Type": "application/json"},
        proof="basic",
        arrives="form",
    ),
    Plugin(
        "OpenCart 4",
        sdk(
            "18",
            customer=BUYER | {"state": None},
            extra={
                "platform_data": "OpenCart v4.0.2.3",
                "integration_data": "BeGateway Payment Extension v1.0.0",
            },
            settings={
                "success_url": "$URL/index.php?route=extension/begateway/payment/begateway|return",
                "notification_url": "$NOTIFY?route=extension/begateway/payment/begateway|webhook",
                "cancel_url": "$URL/index.php?route=checkout/checkout&language=en-gb",
            },
            methods={
                "types": ["credit_card", "erip"],
                "credit_card": [],
                "erip": ERIP | {"service_no": None, "service_info": ["Order 18"]},
            },
            expired_at="2030-01-31T12:00:01+03:00",
        ),
        SOLD | {"tracking_id": "18", "message": SOMETHING},
    ),
    Plugin(
        "OpenCart 3, another's",
        {
            "version": "2.1",
            "transaction_type": "payment",
            "test": False,
            "settings": {
                "success_url": "$URL/index.php?route=extension/payment/begateway/callback",
                "decline_url": "$URL/index.php?route=checkout/checkout",
                "cancel_url": "$URL/index.php?route=checkout/checkout",
                "fail_url": "$URL/index.php?route=checkout/checkout",
                "language": "ru",
                "notification_url": "$NOTIFY",
            },
            "order": {
                "currency": "EUR",
                "amount": 1999,
                "description": "Order 19",
                "tracking_id": "19",
            },
            "customer": {"ip": "203.0.113.7"},
        },
        SOLD
        | {
            "tracking_id": "19",
            "paid_at": TIME,
            "message": SOMETHING,
            "three_d_secure_verification.pa_status": None,
        },
        headers={"X-API-Version": "2", "Content-Type": "application/json"},
        arrives="form",
    ),
    Plugin(
        "HikaShop",
        older(
            sdk(
                "21|0",
                customer=BUYER | {"state": "", "phone": None},
                settings={
                    "success_url": "$URL/index.php?option=com_hikashop&ctrl=checkout"
                    "&task=after_end&order_id=21&Itemid=101",
                },
                expired_at="2031-02-01T00:00:00+0000",
            )
        ),
        SOLD | {"tracking_id": "21|0"},
        headers=OLDER_HEADERS,
        proof="basic",
        arrives="form",
    ),
    Plugin(
        "J2Store",
        older(
            sdk(
                "16999",
                customer=BUYER | {"country": "CA", "state": "ON", "phone": None},
                settings={
                    "success_url": "$URL/index.php?option=com_j2store&view=checkout"
                    "&task=confirmPayment&orderpayment_type=payment_begateway&paction=display",
                },
                methods={
                    "types": ["credit_card", "erip"],
                    "credit_card": [],
                    "erip": ERIP | {"order_id": None, "service_no": None},
                },
                expired_at="2031-02-01T00:00:00+0000",
            )
        ),
        SOLD | {"tracking_id": "16999", "payment_method_type": "credit_card"},
        headers=OLDER_HEADERS,
        proof="basic",
        arrives="form",
    ),
    Plugin(
        "Ubercart",
        older(
            sdk(
                "22",
                transaction_type="authorization",
                customer=BUYER | {"phone": None},
                settings={"cancel_url": "$URL/cart"},
            ),
            hidden=["address"],
        ),
        SOLD | {"type": "authorization", "tracking_id": "22", "payment_method_type": "credit_card"},
        headers=OLDER_HEADERS,
        then=(Then("capture", 1999), Then("refund", 1999)),
        proof="basic",
        arrives="whole form",
    ),
    Plugin(
        "Simpla",
        older(
            sdk(
                "23|5",
                description="Оплата заказа №23",
                customer={"first_name": "Анна", "last_name": "", "phone": ""},
                settings={
                    "success_url": "$URL/order/6f1e9a",
                    "decline_url": "$URL/order/6f1e9a",
                    "fail_url": "$URL/order/6f1e9a",
                    "cancel_url": "$URL",
                    "language": "ru",
                },
                methods={
                    "types": ["credit_card", "erip"],
                    "credit_card": [],
                    "erip": ERIP | {"service_no": "", "service_info": ["Оплата заказа №23"]},
                },
            )
        ),
        SOLD | {"tracking_id": "23|5"},
        headers=OLDER_HEADERS,
        proof="basic",
        arrives="form",
    ),
    Plugin(
        "Moguta",
        older(
            sdk(
                "24|M-010000024",
                description="Оплата заказа # M-010000024",
                customer={"email": None},
                settings={
                    "success_url": "$URL/payment?id=30&pay=success&order_id=24",
                    "notification_url": "$NOTIFY?id=30&pay=result&order_id=24",
                    "language": "ru",
                },
                methods={
                    "types": ["credit_card", "erip"],
                    "credit_card": [],
                    "erip": ERIP | {"account_number": "M-010000024", "service_no": None},
                },
            )
        ),
        SOLD | {"tracking_id": "24|M-010000024"},
        headers=OLDER_HEADERS,
        proof="basic",
    ),
    Plugin(
        "Diafan",
        older(
            sdk(
                25,
                customer=BUYER | {"country": "Германия", "city": "", "zip": ""},
                settings={
                    "success_url": "$URL/payment/get/begateway/success/?pay_id=25",
                    "language": "ru",
                },
                expired_at="2030-01-31T12:00:01+03:00",
            )
        ),
        SOLD | {"tracking_id": "25"},
        headers=OLDER_HEADERS,
        proof="basic",
        arrives="form",
    ),
    Plugin(
        "SiteBill",
        older(
            sdk(
                "26|3",
                settings={
                    "success_url": "$URL/account/balance",
                    "decline_url": "$URL/account/balance/?do=add_bill",
                    "cancel_url": "$URL/account/balance",
                },
            ),
            version=2,
            hidden=["address"],
        ),
        SOLD | {"tracking_id": "26|3"},
        headers=OLDER_HEADERS,
        proof="basic",
        arrives="form to /checkout",
    ),
    Plugin(
        "Site.pro",
        older(
            sdk(
                "27-1",
                description="A &amp; B # 27-1",
                customer=BUYER | {"country": None, "phone": None},
                settings={"success_url": "$URL/shop/?wb=1&amp;id=27"},
            )
        ),
        SOLD | {"tracking_id": "27-1"},
        headers=OLDER_HEADERS,
        proof="basic",
    ),
    Plugin(
        "Shopkeeper",
        {
            "order": {
                "amount": 1999.0,
                "currency": "EUR",
                "description": "Order N: 28",
                "tracking_id": 28,
                "additional_data": {
                    "platform_data": "Shopkeeper v3",
                    "integration_data": "beGateway payment module v1.0.3",
                },
            },
            "settings": {
                "success_url": "$URL/paid.html?order_id=28",
                "decline_url": "$URL/again.html?order_id=28",
                "fail_url": "$URL/again.html?order_id=28",
                "cancel_url": "$URL/again.html?order_id=28",
                "notification_url": "$NOTIFY?order_id=28",
                "language": "ru",
            },
            "customer": {
                "email": "anna@example.com",
                "first_name": "Ли Анна Ивановна",
                "phone": None,
            },
            "transaction_type": "payment",
            "version": 2,
            "test": False,
        },
        SOLD | {"tracking_id": "28", "message": SOMETHING},
        headers=OLDER_HEADERS | {"X-API-Version": "2"},
    ),
    Plugin(
        "VamShop",
        older(
            sdk(
                "29",
                description="Заказ #29",
                customer=BUYER | {"state": "Berlin"},
                settings={"cancel_url": "$URL/checkout.php", "language": "ru"},
            )
        ),
        SOLD | {"tracking_id": "29", "test": False},
        headers=OLDER_HEADERS,
        proof="basic",
    ),
    Plugin(
        "CS-Cart 4.2",
        older(
            sdk(
                "106_1",
                transaction_type="authorization",
                customer=BUYER | {"state": "BE", "city": None},
                settings={
                    "success_url": "$URL/index.php?dispatch=payment_notification.result"
                    "&payment=begateway&order_id=106_1",
                    "customer_fields": {"read_only": ["email"], "visible": []},
                },
                methods={
                    "types": ["credit_card", "halva", "erip"],
                    "credit_card": [],
                    "halva": [],
                    "erip": {"order_id": "106_1", "account_number": "106_1", "service_no": ""},
                },
            ),
            version=2,
            hidden=["address"],
        ),
        SOLD | {"tracking_id": "106_1", "message": SOMETHING, "test": False},
        headers=OLDER_HEADERS,
        proof="basic",
    ),
    Plugin(
        "VirtueMart 1.1",
        older(
            sdk(
                "30|30_a1b2c3d4e5f60718293a4b5c6d7e8f|62|6f1e9a0b1c2d3e4f",
                customer={"first_name": "Anna", "last_name": "Lee"},
                settings=dict.fromkeys(
                    ("success_url", "decline_url", "fail_url", "cancel_url"),
                    "$URL/index.php?option=com_virtuemart&page=checkout.begateway_result&order_id=30",
                ),
            ),
            version=2,
            hidden=["address"],
        ),
        SOLD | {"tracking_id": "30|30_a1b2c3d4e5f60718293a4b5c6d7e8f|62|6f1e9a0b1c2d3e4f"},
        headers=OLDER_HEADERS,
        then=(Then("uid"),),
        proof="basic",
        arrives="form to /checkout",
    ),
    Plugin(
        "Tickera",
        older(
            sdk(
                "SNHFQV",
                description="No Description",
                customer={"email": None},
                settings=dict.fromkeys(
                    ("success_url", "decline_url", "fail_url", "cancel_url"),
                    "$URL/tickets-order-confirmation/SNHFQV/",
                ),
            ),
            version=2,
            hidden=["address"],
        ),
        SOLD | {"tracking_id": "SNHFQV"},
        headers=OLDER_HEADERS,
        then=(Then("status"), Then("uid")),
        proof="basic",
    ),
    Plugin(
        "Shop-Script",
        older(
            sdk(
                "shop_12_345",
                description="Заказ 100345 ",
                customer={"first_name": "Anna", "email": ""},
                settings={
                    "success_url": "$URL/payments.php/begateway/?wa_app_id=shop&wa_merchant_id=12"
                    "&wa_order_id=345&transaction_result=success",
                    "notification_url": "$NOTIFY?wa_app_id=shop&wa_merchant_id=12"
                    "&wa_order_id=345&transaction_result=notification",
                    "cancel_url": "$URL/",
                },
            )
        ),
        SOLD
        | {
            "type": "payment",
            "tracking_id": "shop_12_345",
            "three_d_secure_verification.pa_status": None,
        },
        headers=OLDER_HEADERS,
        proof="basic",
    ),
    Plugin(
        "Evolution CMS Commerce",
        {
            "transaction_type": "payment",
            "test": False,
            "settings": {
                "return_url": "$URL/commerce/bepaid/payment-success",
                "success_url": "$URL/commerce/bepaid/payment-success",
                "decline_url": "$URL/commerce/bepaid/payment-failed",
                "fail_url": "$URL/commerce/bepaid/payment-failed",
                "cancel_url": "$URL/commerce/bepaid/payment-failed",
                "notification_url": "$NOTIFY?paymentHash=6f1e9a0b1c2d3e4f",
                "language": "ru",
            },
            "order": {
                "currency": "EUR",
                "amount": 1999,
                "description": "Оплата заказа 31",
                "tracking_id": "31-6f1e9a0b1c2d3e4f",
            },
            "customer": {"email": "", "phone": ""},
        },
        SOLD | {"type": "payment", "tracking_id": "31-6f1e9a0b1c2d3e4f"},
        returns="return_url",
        headers=OLDER_HEADERS | {"Cache-Control": "no-cache", "X-API-Version": "2"},
        proof="basic",
    ),
    Plugin(
        "Smart Sender",
        {
            "transaction_type": "payment",
            "order": {
                "tracking_id": "5012-483920",
                "description": "Чат-бот",
                "additional_data": {
                    "receipt_text": ["Спасибо", " ", "Чай: Чай - 19.99EUR x 1", " ", "Ждём"]
                },
                "currency": "EUR",
                "amount": 1999.0,
            },
            "settings": {"notification_url": "$NOTIFY?action=оплата прошла"},
            "customer": {"email": None, "phone": "375291234567"},
        },
        SOLD | {"payment.status": "successful", "tracking_id": "5012-483920"},
        returns=None,
        headers=OLDER_HEADERS | {"X-API-Version": "2"},
        beside={"amount": 19.99},
    ),
    Plugin(
        "amoCRM",
        {
            "version": 2.1,
            "test": False,
            "transaction_type": "payment",
            "attempts": 1,
            "settings": {
                "success_url": "$URL/pay.php?result=success&tracking_id=32",
                "decline_url": "$URL/pay.php?result=decline&tracking_id=32",
                "fail_url": "$URL/pay.php?result=fail&tracking_id=32",
                "cancel_url": "$URL/pay.php?result=cancel&tracking_id=32",
                "notification_url": "$NOTIFY?a=1&tracking_id=32",
                "language": "ru",
                "customer_fields": {
                    "visible": ["first_name", "last_name", "email"],
                    "read_only": ["first_name", "last_name", "email"],
                },
            },
            "order": {
                "currency": "EUR",
                "amount": 1999,
                "description": "Курс",
                "tracking_id": "32",
                "expired_at": "2030-01-31T12:00:01+03:00",
            },
            "customer": {
                "first_name": "Анна",
                "last_name": "",
                "email": "anna@example.com",
                "phone": "+375 (29) 123-45-67",
            },
        },
        SOLD | {"tracking_id": "32"},
        headers=OLDER_HEADERS,
        then=(Then("tracking"),),
    ),
    Plugin(
        "A shop in Node",
        {
            "transaction_type": "payment",
            "attempts": 3,
            "test": False,
            "order": {
                "currency": "EUR",
                "amount": 1999,
                "description": "Сигнал - месяц",
                "tracking_id": "signal_month_1764284800000",
            },
            "settings": {
                "notification_url": "$NOTIFY",
                "return_url": "$URL/payment/success",
                "agreement_toggle": {"value": True, "text": "Я согласен с условиями"},
            },
            "payment_method": {"types": ["credit_card"]},
            "customer": {},
        },
        SOLD | {"tracking_id": "signal_month_1764284800000", "token": TOKEN},
        returns="return_url",
        headers=OLDER_HEADERS | {"X-API-Version": "2"},
        proof="basic",
        arrives="link to /v2/checkout",
    ),
    Plugin(
        "A wallet in Node",
        {
            "transaction_type": "payment",
            "order": {
                "amount": 1999,
                "currency": "EUR",
                "description": "Top up 95 credits",
                "tracking_id": "order_s1_1764284800000",
                "additional_data": {
                    "custom_parameters": {"credits": 95, "amount": 19.99, "user_id": None}
                },
            },
            "settings": {"success_url": "$URL/ok", "notification_url": "$NOTIFY"},
            "customer": dict.fromkeys(
                ("first_name", "last_name", "email", "address", "city", "country", "zip"), ""
            ),
        },
        SOLD
        | {
            "tracking_id": "order_s1_1764284800000",
            "additional_data.custom_parameters.credits": 95,
        },
        headers=OLDER_HEADERS | {"X-API-Version": "2"},
    ),
    Plugin(
        "A club that keeps cards",
        {
            "test": False,
            "transaction_type": "tokenization",
            "payment_method": {
                "types": ["credit_card"],
                "excluded_types": ["erip", "belarusbank", "mtbank", "bank_transfer"],
            },
            "order": {
                "amount": 0,
                "currency": "EUR",
                "description": "Привязка карты. Сумма списания — проверка карты.",
                "readonly": True,
            },
            "settings": {
                "return_url": "$URL/settings/payment-methods?tokenize=success",
                "cancel_url": "$URL/settings/payment-methods?tokenize=cancel",
                "notification_url": "$NOTIFY",
                "language": "ru",
                "button_text": "Привязать карту",
                "button_next_text": "Далее",
            },
            "customer": {"email": "anna@example.com", "first_name": "", "phone": ""},
            "additional_data": {"contract": ["recurring"]},
        },
        SOLD | CARD | {"type": "tokenization", "amount": 0, "tracking_id": None},
        returns="return_url",
        headers={"Content-Type": "application/json"},
        then=(Then("charge", 997),),
    ),
    Plugin(
        "asyncio",
        {
            "transaction_type": "payment",
            "test": False,
            "order": {
                "amount": 1999,
                "currency": "EUR",
                "description": "Оплата абонемента",
                "tracking_id": 0,
            },
            "customer": {"first_name": ""},
            "settings": {
                "notification_url": "$NOTIFY",
                "success_url": "$URL/success?bot=BepaidClient",
                "decline_url": "$URL/fail",
                "fail_url": "$URL/fail",
                "cancel_url": "$URL/fail",
                "language": "ru",
            },
        },
        SOLD | {"tracking_id": "0"},
        headers=OLDER_HEADERS | {"X-API-Version": "2"},
        then=(Then("status"),),
    ),
    # Its customer is in camelCase, which means nothing.
    Plugin(
        "Python",
        {
            "transaction_type": "payment",
            "attempts": 2,
            "iframe": True,
            "settings": {
                "return_url": "$URL/back",
                "notification_url": "$NOTIFY",
                "button_next_text": "Back",
                "auto_pay": False,
            },
            "payment_method": {"types": ["credit_card"]},
            "order": {"currency": "EUR", "amount": 1999, "description": "Tea"},
            "customer": {"firstName": "Anna", "deviceId": "d1", "email": "anna@example.com"},
        },
        SOLD | {"type": "payment", "method_type": "credit_card", "created_at": TIME},
        returns="return_url",
        headers=OLDER_HEADERS,
        then=(Then("uid"), Then("refund", 500)),
        proof="basic",
    ),
    # Its decoder takes no other types.
    Plugin(
        "Rust",
        {
            "transaction_type": "authorization",
            "order": {
                "currency": "EUR",
                "amount": 1999,
                "tracking_id": "rs-1",
                "description": "Tea",
                "custom_fields": {"custom_field_1": {"label": "Table", "value": "7"}},
            },
            "settings": {"return_url": "$URL/back", "notification_url": "$NOTIFY"},
        },
        SOLD
        | {
            "id": str,
            "code": str,
            "friendly_message": str,
            "language": str,
            "created_at": TIME,
            "updated_at": TIME,
            "paid_at": TIME,
            "expired_at": TIME,
            "receipt_url": str,
            "test": bool,
            "credit_card.exp_month": int,
            "credit_card.exp_year": int,
            "credit_card.bin": str,
            "authorization.rrn": str,
            "authorization.ref_id": str,
            "authorization.bank_code": str,
            "authorization.amount": int,
            "billing_address": dict,
            "avs_cvc_verification": dict,
            "three_d_secure_verification.eci": None,
        },
        returns="return_url",
        headers=OLDER_HEADERS,
        then=(Then("status"), Then("capture", 1999), Then("refund", 1999)),
        proof="basic",
    ),
)
