"""An outcome holds no card number, whichever field a gateway echoes it in."""

from __future__ import annotations

from typing import get_type_hints

import msgspec
import pytest

from checkout.model.outcome import Exchanged, GatewayFacts, Outcome, PaidCard, ThreeDSecure
from checkout.model.status import Status

PAN = "4005550000000019"
SPACED = "4005 5500 0000 0019"
MASKED = "400555******0019"


def stated(facts: GatewayFacts) -> GatewayFacts:
    return Outcome(Status.DECLINED, facts=facts).facts


def texts(struct: type) -> list[str]:
    return [name for name, kind in get_type_hints(struct).items() if kind == (str | None)]


@pytest.mark.parametrize("name", sorted(set(texts(GatewayFacts)) - {"parent", "receipt_url"}))
@pytest.mark.parametrize("said", ["{}", "Card {} is wrong", "PAN{}", "no: {}."])
def test_in_every_text_of_the_facts(name: str, said: str) -> None:
    """Found by their types: one that is added later is in this test."""
    for number, masked in ((PAN, MASKED), (SPACED, "4005 55** **** 0019")):
        facts = stated(msgspec.structs.replace(GatewayFacts(), **{name: said.format(number)}))
        assert getattr(facts, name) == said.format(masked)


def test_an_address_with_one_is_dropped() -> None:
    assert stated(GatewayFacts(receipt_url=f"https://g.example/{PAN}")).receipt_url is None
    assert (
        stated(GatewayFacts(receipt_url="https://g.example/77")).receipt_url
        == "https://g.example/77"
    )


def card_of(name: str, value: str) -> PaidCard:
    return msgspec.structs.replace(PaidCard(), **{name: value})


@pytest.mark.parametrize("name", sorted(set(texts(PaidCard)) - {"token"}))
def test_in_every_text_of_the_card(name: str) -> None:
    card = stated(GatewayFacts(card=card_of(name, PAN))).card
    assert card == card_of(name, MASKED)


@pytest.mark.parametrize("name", ThreeDSecure.__struct_fields__)
def test_in_every_text_of_3_d_secure(name: str) -> None:
    def said(value: str) -> ThreeDSecure:
        return msgspec.structs.replace(ThreeDSecure(), **{name: value})

    assert stated(GatewayFacts(three_d_secure=said(PAN))).three_d_secure == said(MASKED)
    assert stated(GatewayFacts(three_d_secure=said("Y"))).three_d_secure == said("Y")


@pytest.mark.parametrize("token", [PAN, SPACED, f"card {PAN}"])
def test_a_number_is_no_token(token: str) -> None:
    assert stated(GatewayFacts(card=PaidCard(token=token, last_4="0019"))).card == PaidCard(
        last_4="0019"
    )


def test_sums() -> None:
    for sum_ in (PAN, f"{PAN}.5 BTC", f"1 {PAN}"):
        assert stated(
            GatewayFacts(exchanged=Exchanged(gives=sum_, gets="1"))
        ).exchanged == Exchanged(gets="1")
    many = Exchanged(gives="4.005550000000019 ETH", gets="4005.50000000019")
    assert stated(GatewayFacts(exchanged=many, agreed=many)).exchanged is many


@pytest.mark.parametrize(
    "facts",
    [
        GatewayFacts(key="4005550000000019aaaaaaaaaaaaaaaa-1"),
        GatewayFacts(paid_at="20261127150106"),
        GatewayFacts(paid_at="2026-11-27T15:01:06.123Z"),
        GatewayFacts(rrn="400555000000"),
        GatewayFacts(message="Call +4005550000000019"),
        GatewayFacts(message="Order 4005550000000018"),  # no card has this check digit
        GatewayFacts(card=PaidCard(token="5f9e400555000000001924d7786a1fe02bd45c9a1b2c3d4e5f60718293a4b5c6")),
    ],
)  # fmt: skip
def test_what_is_no_card_stays(facts: GatewayFacts) -> None:
    assert stated(facts) is facts
