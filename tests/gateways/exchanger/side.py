"""The exchanger's side of an account: its settings, and how its notifications are signed."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlencode

import httpx

from checkout.gateways.exchanger.options import Options
from checkout.model.money import Money
from tests.gateways.kit import Notice, Side
from tests.gateways.replay import body_of

IPN_SECRET: Final = secrets.token_hex(16)
SIGNED: Final = (
    "orderId", "newStatus", "inAmount", "outAmount", "xml_from", "xml_to", "timestamp",
)  # fmt: skip
SAMPLE: Final[Mapping[str, str]] = {
    "orderUID": "1409",
    "orderId": "67e0a0473c891fac7035e8d0",
    "newStatus": "done",
    "inAmount": "100",
    "outAmount": "0.0015",
    "xml_from": "CARDRUB",
    "xml_to": "BTC",
    "timestamp": "1700000000",
}


def signature(fields: Mapping[str, str], secret: str = IPN_SECRET, method: str = "sha256") -> str:
    signed = ":".join([*(fields[name] for name in SIGNED), secret])
    return hashlib.new(method, signed.encode()).hexdigest()


def webhook(fields: Mapping[str, str], **more: str) -> Notice:
    """The form as it is sent; `more`: the field that carries the signature."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return Notice(headers, urlencode({**fields, **more}).encode())


class ExchangerSide(Side):
    """An order has no key of ours: it is known by its uid and secret, which are our id."""

    secrets = (IPN_SECRET,)
    operation_keys = False
    words = (("data.order.status", "data.status", "newStatus"),)
    needed = ("data.order.status", "newStatus")
    stated = ("data.order.inAmount",)

    def options(self, base_url: str) -> Options:
        return Options(
            base_url=base_url,
            route_id="507f1f77bcf86cd799439011",
            from_values={"507f191e810c19729de860ea": "{email}"},
            to_values={"wallet": "DE02120300000000202051"},
            ipn_secret=IPN_SECRET,
            agreement="shop",
        )

    def sent_money(self, request: httpx.Request, money: Money) -> Money | None:
        """The route of the recorded charge begins with euros, so that is what is given."""
        return Money.from_major(str(body_of(request)["amount"]), "EUR")

    def signed(self, request: httpx.Request) -> bool:
        """Nobody is asked who they are: a new order tells the secret of its notifications, and who
        knows an order's own secret may do all with it. A route is everybody's to read."""
        if request.url.path.endswith("/create"):
            return bool(body_of(request)["ipnSecret"] == IPN_SECRET)
        return request.url.path.endswith("/route/get/one") or bool(self.named(request))

    def named(self, request: httpx.Request) -> str | None:
        query = parse_qs(request.url.query.decode())
        said = {name: values[0] for name, values in query.items()} or body_of(request)
        if "orderUID" not in said:
            return None
        return f"{said['orderUID']}/{said['orderSecret']}"

    def genuine(self, body: bytes) -> Notice:
        try:
            fields = json.loads(body)
            return webhook(fields, signature=signature(fields))
        except (ValueError, TypeError, KeyError, RecursionError):
            return Notice({"signature": signature(SAMPLE)}, body)

    def forgeries(self, body: bytes) -> Mapping[str, Notice]:
        fields: dict[str, str] = {**SAMPLE, **json.loads(body)}
        good = signature(fields)
        flipped = ("0" if good[0] != "0" else "1") + good[1:]
        values = {
            "empty": "",
            "cut": good[:-1],
            "longer": good + "0",
            "one digit": flipped,
            "no hex": "ü" * 64,
            "another secret": signature(fields, secrets.token_hex(16)),
            "no secret": signature(fields, ""),
            "SHA-1": signature(fields, method="sha1"),
            "MD5": signature(fields, method="md5"),
            "the secret itself": "secret",
        }
        notices = {name: webhook(fields, signature=value) for name, value in values.items()}
        for name in SIGNED:
            changed = {**fields, name: fields[name] + "1"}
            notices[f"another {name}"] = webhook(changed, sign=good)
            without = {key: value for key, value in fields.items() if key != name}
            notices[f"without {name}"] = webhook(without, hash=good)
        moved = {
            **fields,
            "orderId": f"{fields['orderId']}:{fields['newStatus']}",
            "newStatus": f"{fields['inAmount']}:{fields['outAmount']}",
            "inAmount": fields["xml_from"],
            "outAmount": fields["xml_to"],
            "xml_from": fields["timestamp"],
            "xml_to": "",
            "timestamp": "",
        }
        twice = webhook(fields, signature=good)
        return {
            **notices,
            "nothing at all": Notice({}, body),
            "unsigned": webhook(fields),
            "a field moved over the colon": webhook(moved, signature=signature(moved)),
            "a colon": webhook(
                {**fields, "xml_from": "A:B"}, sign=signature({**fields, "xml_from": "A:B"})
            ),
            "the status twice": Notice(twice.headers, b"newStatus=deleted&" + twice.body),
            "the signature twice": Notice(twice.headers, b"signature=0&" + twice.body),
            "as JSON": Notice({"signature": good}, json.dumps(fields).encode()),
            "in another header": Notice({"authorization": good}, webhook(fields).body),
            "bad UTF-8": Notice({"sign": good}, webhook(fields).body + b"&x=%ff"),
        }
