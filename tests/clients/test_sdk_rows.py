"""Each mobile SDK of `sdk_rows`, played over HTTP: it creates by the shop's public key, its
customer pays, declines or goes to the bank, it reads the status; its decoders find what they
need."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from checkout.drill.customer import CHALLENGE
from checkout.local_servers import LocalServers
from tests.clients.conftest import APPS, shop_client
from tests.clients.plugin_rows import SDK_HEADERS
from tests.clients.sdk_rows import SDKS, TEXT, Json, Need, Sdk
from tests.support.local_servers import local_servers

ENDINGS: Final = {
    "successful": "4200000000000000",
    "failed": "4005550000000019",
    "incomplete": CHALLENGE,
}
ABSENT: Final = object()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    """Of its own: after so many declined cards the page asks whether a person pays."""
    with local_servers(tmp_path_factory.mktemp("sdks"), of_shop=APPS) as local:
        yield local


@pytest.fixture(scope="module")
def http(local: LocalServers) -> Iterator[httpx.Client]:
    with shop_client(local) as client:
        yield client


class Phone:
    """One payment of one SDK. `number`: of the card."""

    def __init__(self, sdk: Sdk, http: httpx.Client, local: LocalServers, number: str) -> None:
        self.sdk, self.http, self.local, self.number = sdk, http, local, number
        self.token = ""

    def create(self, amount: int) -> Json:
        """The `checkout` of the answer: its own, or what the shop's server got."""
        if self.sdk.creates is None:
            order = {"amount": str(amount), "currency": "EUR", "description": "Order"}
            settings = self.sdk.settings
            body = {"transaction_type": "payment", "attempts": 1, "settings": settings} | {
                "order": order | self.sdk.order
            }
            answer = self.http.post(
                "/ctp/api/checkouts", json={"checkout": body}, headers=SDK_HEADERS
            )
        else:
            order = self.sdk.creates["order"]
            changed = order | {"amount": type(order["amount"])(amount)}
            answer = self.call(
                "checkouts",
                self.sdk.creates_by,
                {"checkout": self.sdk.creates | {"order": changed}} | self.sdk.beside,
            )
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()["checkout"]
        self.token = found["token"]
        return found

    def pay(self) -> Json:
        """`response`, read before anything else is looked at."""
        request = {
            "token": self.token,
            "payment_method": "credit_card",
            self.sdk.place: self.card(),
        } | self.sdk.request
        answer = self.call("payments", self.sdk.pays_by, {"request": request})
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()["response"]
        return found

    def read(self) -> Json:
        answer = self.call(f"checkouts/{self.token}", self.sdk.reads_by)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()["checkout"]
        return found

    def call(self, path: str, by: str | None, body: Json | None = None) -> httpx.Response:
        """A POST of `body`, or a GET, to the SDK's address. Apps have no cookies."""
        headers = dict(self.sdk.headers)
        if by is not None:
            key = by.replace("$KEY", self.local.keys.public_key)
            headers["Authorization"] = key.replace("$TOKEN", self.token)
        end = self.sdk.end if body is not None else ""
        url = f"{self.local.checkout}/ctp/api/{path}{end}"
        with httpx.Client(trust_env=False, timeout=30) as phone:
            if body is None:
                return phone.get(url, headers=headers)
            return phone.post(url, json=body, headers=headers)

    def card(self) -> Json:
        key = load_der_public_key(base64.b64decode(self.local.keys.public_key))
        assert isinstance(key, RSAPublicKey)
        typed = {
            name: self.number if value == "$NUMBER" else value
            for name, value in self.sdk.card.items()
        }
        return typed | {
            name: self.sdk.mark
            + base64.b64encode(key.encrypt(typed[name].encode(), PKCS1v15())).decode()
            for name in self.sdk.sealed
        }


def found_at(said: Any, path: str) -> Any:
    """What stands at `a.b.c`, ABSENT where nothing does."""
    for name in path.split("."):
        if not isinstance(said, Mapping) or name not in said:
            return ABSENT
        said = said[name]
    return said


def fits(said: Json, path: str, need: Need) -> bool:
    """Whether a decoder goes on at this member. What it must have, it must have in an object that
    is there."""
    found = found_at(said, path)
    above = path.rpartition(".")[0]
    if found is ABSENT:
        return not need.there or bool(above and found_at(said, above) in (ABSENT, None))
    if found is None:
        return need.null
    return type(found) is need.type


def misfits(said: Json, needs: Mapping[str, Need]) -> Json:
    return {
        path: found_at(said, path) for path, need in needs.items() if not fits(said, path, need)
    }


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("sdk", SDKS, ids=lambda sdk: sdk.name)
def test_sdk(sdk: Sdk, ending: str, http: httpx.Client, local: LocalServers) -> None:
    phone = Phone(sdk, http, local, ENDINGS[ending])
    # No two orders look like a duplicate.
    amount = 2000 + 10 * SDKS.index(sdk) + list(ENDINGS).index(ending)
    made = phone.create(amount)
    if sdk.creates is not None:
        assert misfits(made, sdk.created) == {}
    assert misfits(phone.read(), {**sdk.read, "status": Need(str, null=True)}) == {}

    said = phone.pay()
    assert misfits(said, sdk.paid) == {}
    assert said["status"] == ending
    assert said["credit_card"]["last_4"] == ENDINGS[ending][-4:]
    if ending == "incomplete":
        assert misfits(said, dict.fromkeys(sdk.waits, TEXT)) == {}

    status = phone.read()
    assert misfits(status, sdk.read) == {}
    assert status["status"] == ending
    of_shop = http.get(f"/ctp/api/checkouts/{phone.token}").json()["checkout"]
    assert of_shop["order"]["amount"] == amount
