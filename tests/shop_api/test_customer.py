"""What shops say of their customer: no order is refused for it. What is too long is cut, what is of
no use is dropped, and noted by the field's name."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checkout.errors import Unprocessable
from checkout.model.cut import JOINER, cut
from checkout.model.order import Customer
from checkout.model.validation.reader import is_left_out
from checkout.shop_api.app_checkout_request import read_app_order
from checkout.shop_api.app_payments import app_customer, request_of
from checkout.shop_api.checkout_request import read_link_order
from checkout.shop_api.customer import CUSTOMER, DIGITS, LONGEST, TYPED, fitted
from checkout.shop_api.invoices import read_invoice
from checkout.shop_api.merchant_initiated import read_merchant_initiated
from tests.shop_api.checkout_requests import NOW, Changes, read
from tests.support import samples

TEXTS = tuple(LONGEST)
BEYOND = {name: "x" * (longest + 1) for name, longest in LONGEST.items()}
FAMILY = f"\U0001f468{JOINER}\U0001f469{JOINER}\U0001f467"  # one sign
EMAIL, COUNTRY, BORN, IP = (f"customer.{name}" for name in ("email", "country", "birth_date", "ip"))


def of(name: str, value: Any, **others: Any) -> tuple[Any, dict[str, str]]:
    """(what is kept of one field, what is noted)."""
    order = read(**Changes({f"customer.{name}": value} | others))
    return getattr(order.customer, name), order.dropped


def dropped(name: str, value: Any, **others: Any) -> str:
    found, noted = of(name, value, **others)
    assert found is None
    assert list(noted) == [f"customer.{name}"]
    return noted[f"customer.{name}"]


# Texts


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_too_long_is_cut(name: str) -> None:
    longest = LONGEST[name]
    assert of(name, "x" * longest) == ("x" * longest, {})
    noted = {f"customer.{name}": f"cut to {longest} characters"}
    assert of(name, "x" * (longest + 1)) == ("x" * longest, noted)
    assert of(name, "x" * (longest - 1) + " yz") == ("x" * (longest - 1), noted)
    assert of(name, "x" * 60_000) == ("x" * longest, noted)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [["x"], {"a": "b"}, True, False, [], 10**30], ids=repr)
def test_what_is_no_text_is_dropped(name: str, value: Any) -> None:
    assert dropped(name, value) == "must be text"


@pytest.mark.parametrize("name", TEXTS)
def test_numbers_are_texts(name: str) -> None:
    assert of(name, 10001) == ("10001", {})
    assert of(name, 10001.0) == ("10001", {})
    assert of(name, 0) == ("0", {})


@pytest.mark.parametrize("name", sorted(CUSTOMER))
@pytest.mark.parametrize("value", [None, "", "   ", "\n"], ids=repr)
def test_what_is_blank_is_missing(name: str, value: Any) -> None:
    assert of(name, value) == (None, {})


@pytest.mark.parametrize("name", TEXTS)
def test_control_characters_are_taken_out(name: str) -> None:
    found, noted = of(name, "An\x00na\x1b")
    assert (found, list(noted)) == ("Anna", [f"customer.{name}"])
    assert of(name, "\x00\ud800")[0] is None


@pytest.mark.parametrize(
    ("text", "most", "left"),
    [
        ("abcdef", 4, "abcd"),
        ("abcde\u0301", 5, "abcd"),  # an e with an accent of its own
        ("abcd\u0301\u0323", 5, "abc"),
        ("ab\U0001f468\U0001f3fd", 3, "ab"),  # a man and his skin
        (f"ab{FAMILY}", 4, "ab"),
        (f"ab{FAMILY}", 6, "ab"),
        (f"ab{FAMILY}", 7, f"ab{FAMILY}"),
        ("\U0001f1e7\U0001f1fe\U0001f1e9\U0001f1ea", 3, "\U0001f1e7\U0001f1fe"),  # two flags
        ("\U0001f1e7\U0001f1fe\U0001f1e9\U0001f1ea", 2, "\U0001f1e7\U0001f1fe"),
        ("\U0001f1e7\U0001f1fe", 1, ""),
        ("\u2764\ufe0f\u2764\ufe0f", 3, "\u2764\ufe0f"),
        ("ab  cd", 4, "ab"),
        ("ab cd", 3, "ab"),
        ("a" + "\u0301" * 40, 30, ""),
    ],
    ids=ascii,
)
def test_no_character_is_cut_in_two(text: str, most: int, left: str) -> None:
    assert cut(text, most) == left


@given(st.text(), st.integers(0, 40))
@example("\U0001f1e7" * 9, 4)
def test_a_cut_is_a_beginning(text: str, most: int) -> None:
    found = cut(text, most)
    assert text.startswith(found)
    assert len(found) <= most or found == text
    if found != text:
        rest = text[len(found) :]
        assert not unicodedata.category(rest[0]).startswith("M") or not found


# E-mail, country, date of birth, IP


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (" anna@example.com\n", "anna@example.com"),
        ("Anna Lee <anna@example.com>", "anna@example.com"),
        ("<anna@example.com>", "anna@example.com"),
        ("\u200banna@Example.COM", "anna@example.com"),
        ("anna@müller.example", "anna@xn--mller-kva.example"),
        ("anna@xn--mller-kva.example", "anna@xn--mller-kva.example"),
        ("анна@пример.рф", "анна@xn--e1afmkfd.xn--p1ai"),
        ("anna@faß.example", "anna@xn--fa-hia.example"),
    ],
)
def test_addresses_that_are_read(sent: str, kept: str) -> None:
    assert of("email", sent) == (kept, {})


@pytest.mark.parametrize(
    "sent",
    [
        "a..b@example.com", "a.@example.com", "a@-b.com", "a@b..c", "anna", "anna@example", "anna@",
        "@example.com", "anna example.com", "a@b.c, d@e.f",
        "A <a@b.c>, B <d@e.f>", "a@b.c <d@e.f>", "Anna <anna>", "x" * 250 + "@b.c", "none", 5, True,
        ["anna@example.com"], {"address": "anna@example.com"}, "a\x00@example.com", "a" * 60_000,
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_addresses_of_no_use(sent: Any) -> None:
    assert dropped("email", sent)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("BY", "BY"), ("by", "BY"), (" By ", "BY"), ("BLR", "BY"), ("blr", "BY"), ("112", "BY"),
        ("Belarus", "BY"), ("BELARUS", "BY"), ("United States", "US"), ("USA", "US"), ("UK", "GB"),
        ("Türkiye", "TR"), ("Turkiye", "TR"), ("Cote d'Ivoire", "CI"), ("Côte d’Ivoire", "CI"),
        ("Bosnia and Herzegovina", "BA"), ("Burma", "MM"), ("Guinea-Bissau", "GW"),
    ],
)  # fmt: skip
def test_countries_that_are_read(sent: str, kept: str) -> None:
    assert of("country", sent) == (kept, {})


@pytest.mark.parametrize(
    "sent",
    [
        "XX",
        "ZZ",
        "EU",
        "XK",
        "AC",
        "IC",
        "Kosovo",
        "SU",
        "SUN",
        "YU",
        "MI",
        "Congo",
        "Narnia",
        "B",
        "x" * 300,
        5,
        ["BY"],
    ],
)
def test_countries_that_are_none(sent: Any) -> None:
    assert dropped("country", sent) == "must be a country's two letters"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("1990-12-31", "1990-12-31"),
        ("1990/12/31", "1990-12-31"),
        ("1990-1-5", "1990-01-05"),
        ("31.12.1990", "1990-12-31"),
        ("5.1.1990", "1990-01-05"),
        ("31/12/1990", "1990-12-31"),
        ("12/31/1990", "1990-12-31"),
        ("05-05-1990", "1990-05-05"),
        ("19901231", "1990-12-31"),
        (19901231, "1990-12-31"),
        ("1990-12-31T00:00:00Z", "1990-12-31"),
        ("1990-12-31 00:00:00", "1990-12-31"),
        ("1990-12-31T00:00:00.000+03:00", "1990-12-31"),
        (" 1990-12-31 ", "1990-12-31"),
    ],
    ids=repr,
)
def test_days_that_are_read(sent: Any, kept: str) -> None:
    assert of("birth_date", sent) == (kept, {})


@pytest.mark.parametrize(
    "sent",
    [
        "0000-00-00", "0000-00-00 00:00:00", "-0001-11-30", "0001-01-01", "1990-02-30",
        "05/06/1990", "05-06-1990", "1990-12-30T21:00:00.000Z", "31.12.90", "31/12-1990", "1990",
        "unknown", 662601600, "662601600", "31 December 1990", True, 1.5,
        ["1990-12-31"], "9" * 60_000, "1990-13-01",
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_days_that_are_none_or_two(sent: Any) -> None:
    assert dropped("birth_date", sent)


@pytest.mark.parametrize(
    "sent",
    ["192.0.2", "256.1.1.1", "unknown", "192.0.2.1:80", "192.0.2.1, 192.0.2.2", "fe80::1%eth0", 1],
)
def test_ips_that_are_none(sent: Any) -> None:
    assert dropped("ip", sent) == ("must be text" if sent == [] else "must be an IP address")


def test_ips() -> None:
    assert of("ip", " 2001:DB8::1 ") == ("2001:db8::1", {})


@pytest.mark.parametrize(
    ("country", "name", "value"),
    [
        ("US", "state", "Ontario"), ("CAN", "state", "New York"), ("us", "state", "N1"),
        ("United States", "zip", "1000"), ("US", "zip", "10001-12"), ("US", "zip", "K1A 0B1"),
    ],
)  # fmt: skip
def test_what_does_not_fit_its_country_is_dropped(country: str, name: str, value: str) -> None:
    assert "must be" in dropped(name, value, **{COUNTRY: country})
    assert of(name, value) == (value, {})  # of no country it may be anything


@pytest.mark.parametrize(
    ("country", "written", "kept"),
    [
        (None, "+375 (29) 123-45-67", "+375291234567"), ("BY", "8 029 1234567", "+375291234567"),
        (None, 375291234567, "+375291234567"), (None, "00375 29 123 45 67", "+375291234567"),
        ("DE", "0151 / 2345 6789", "+4915123456789"), ("US", "(212) 555-0100", "+12125550100"),
        ("DE", "+375 29 1234567", "+375291234567"), ("GB", "020 7946 0000", "+442079460000"),
        ("EG", "٠١٠١٢٣٤٥٦٧٨", "+201012345678"),
    ],
)  # fmt: skip
def test_a_phone_gets_its_countrys_code(country: str | None, written: Any, kept: str) -> None:
    assert of("phone", written, **{COUNTRY: country}) == (kept, {})


@pytest.mark.parametrize("written", ["8 029 1234567", "tel. 17", "n/a"])
def test_a_phone_of_nobody_knows_where_is_kept_as_it_is_written(written: str) -> None:
    assert of("phone", written) == (written, {})


@pytest.mark.parametrize(
    ("country", "name", "written", "kept"),
    [
        ("US", "state", "New York", "NY"), ("us", "state", " n.y. ", "NY"),
        ("CA", "state", "Québec", "QC"), ("CA", "state", "colombie britannique", "BC"),
        ("AU", "state", "New South Wales", "NSW"), ("BR", "state", "Sao Paulo", "SP"),
        ("ES", "state", "Barcelona", "B"), ("IT", "state", "roma", "RM"),
        ("DE", "state", "Bayern", "Bayern"), ("JP", "state", "東京都", "東京都"),
        ("US", "zip", "10001 1234", "10001-1234"), ("DE", "zip", "D-10115", "10115"),
        ("LV", "zip", "1050", "LV-1050"), ("PL", "zip", "00950", "00-950"),
        ("JP", "zip", "〒１００−０００１", "100-0001"), ("GB", "zip", "sw1a1aa", "SW1A 1AA"),
        ("IR", "zip", "۱۲۳۴۵۶۷۸۹۰", "12345-67890"), ("CA", "zip", "k1a0b1", "K1A 0B1"),
        ("DE", "zip", "no idea", "no idea"), ("HK", "zip", "0", "0"),
    ],
)  # fmt: skip
def test_an_address_is_written_as_in_its_country(
    country: str, name: str, written: str, kept: str
) -> None:
    assert of(name, written, **{COUNTRY: country}) == (kept, {})


@pytest.mark.parametrize("name", TEXTS)
def test_what_nobody_sees_is_taken_out(name: str) -> None:
    sent = "\ufeffA\u200bn\u00adn\u2060\u202ee\u0301\u200d"
    assert of(name, sent) == ("Ann\u00e9", {})
    assert of(name, "\u200b\u200e ") == (None, {})
    composed = "e\u0301" * LONGEST[name]  # counted as it is kept
    assert of(name, composed) == ("\u00e9" * LONGEST[name], {})


@pytest.mark.parametrize("text", ["علی\u200cرضا", "क्\u200dष", FAMILY], ids=ascii)
def test_what_joins_letters_stays(text: str) -> None:
    assert of("last_name", text) == (text, {})


# All of them


GARBAGE = {
    **BEYOND,
    "email": "nobody",
    "country": "Narnia",
    "birth_date": "0000-00-00",
    "ip": "unknown",
}


def test_every_field_is_noted_and_no_value() -> None:
    order = read(customer=GARBAGE)
    assert set(order.dropped) == {f"customer.{name}" for name in GARBAGE}
    assert "xxx" not in str(order.dropped)
    assert "Narnia" not in str(order.dropped)


@pytest.mark.parametrize("whole", ["anna", 5, True, ["anna"], [[]]], ids=repr)
def test_a_customer_that_is_no_object(whole: Any) -> None:
    order = read(customer=whole)
    assert (order.customer, order.dropped) == (Customer(), {"customer": "must be an object"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
CUSTOMERS = JSON | st.dictionaries(st.sampled_from(sorted(CUSTOMER)), JSON)


@given(CUSTOMERS)
def test_no_order_is_refused_for_its_customer(customer: Any) -> None:
    """Whatever comes, what is kept is what a customer could have typed."""
    held_to_the_rules(read(customer=customer).customer)


def held_to_the_rules(customer: Customer) -> None:
    for name, value in msgspec.to_builtins(customer).items():
        assert TYPED.rule(name)(value) == value
    assert fitted(customer) == (customer, {})


@given(CUSTOMERS, CUSTOMERS)
def test_nor_any_other_way_to_order(customer: Any, address: Any) -> None:
    flat = {"amount": 1250, "currency": "EUR", "description": "Tea"}
    shop = samples.shop(link_keys=(samples.SECRET,), apps=True)
    link = read_link_order({**flat, "customer": customer}, shop, sandbox=False, now=NOW)
    held_to_the_rules(link.customer)
    draft = read_invoice(
        {**flat, "send": False, "customer": customer}, shop, samples.settings(shop), NOW
    )
    held_to_the_rules(draft.order.customer)
    if not is_left_out(customer):
        assert draft.given["customer"] == msgspec.to_builtins(draft.order.customer)
    by_app = read_app_order(
        {"checkout": {"transaction_type": "payment", "order": flat, "customer": customer}},
        shop, sandbox=False, now=NOW,
    )  # fmt: skip
    held_to_the_rules(by_app.customer)
    by_token = read_merchant_initiated(
        {
            "request": {
                **flat,
                "credit_card": {"token": "t-1"},
                "customer": customer,
                "billing_address": address,
            }
        },
        "payment", shop, sandbox=False, now=NOW,
    ).order  # fmt: skip
    held_to_the_rules(by_token.customer)


@given(CUSTOMERS)
def test_nor_what_an_app_adds_unasked(customer: Any) -> None:
    order = read(customer={"email": "anna@example.com"})
    fields = request_of({"request": {"token": "t-1", "customer": customer}})
    found, shown = app_customer(fields, order, order.customer, ())
    assert (fields.problems, shown, found.email) == ({}, {}, "anna@example.com")
    held_to_the_rules(found)


def test_what_an_app_is_asked_for_is_as_it_came() -> None:
    """The page's own reading refuses it by name; what is not asked for is cut."""
    sent = {"email": "nobody", "city": "x" * 61}
    fields = request_of({"request": {"token": "t-1", "customer": sent}})
    found, shown = app_customer(fields, read(), Customer(), ("email",))
    assert (shown, found) == ({"email": "nobody"}, Customer(city="x" * 60))
    assert fields.dropped == {"customer.city": "cut to 60 characters"}


def by_token(kind: str, **sections: Any) -> Any:
    request: Mapping[str, Any] = {"amount": 1250, "currency": "EUR", "description": "Tea"}
    card = "recipient_credit_card" if kind == "payout" else "credit_card"
    return read_merchant_initiated(
        {"request": {**request, card: {"token": "t-1"}, **sections}},
        kind, samples.shop(), sandbox=False, now=NOW,
    )  # fmt: skip


def test_names_beside_the_customer() -> None:
    """The address goes before; where it is of no use, the customer's own stands."""
    found = by_token(
        "payment",
        customer={"email": "nobody", "country": "BY", "city": "Minsk"},
        billing_address={"country": "Narnia", "city": "x" * 61, "first_name": ["Anna"]},
    )
    assert found.order.customer == Customer(country="BY", city="x" * 60)
    assert set(found.order.dropped) == {
        "customer.email",
        "billing_address.country",
        "billing_address.city",
        "billing_address.first_name",
    }
    assert "customer.email" not in found.given
    assert "billing_address.country" in found.given


@pytest.mark.parametrize("kind", ["credit", "payout"])
def test_who_gets_money_is_held_to_the_rules(kind: str) -> None:
    """No sale is lost, and money may go to another."""
    person, address = (
        ("recipient", "recipient_billing_address")
        if kind == "payout"
        else ("customer", "billing_address")
    )
    with pytest.raises(Unprocessable) as refused:
        by_token(kind, **{person: {"birth_date": "0000-00-00"}, address: {"country": "Narnia"}})
    assert set(refused.value.fields) == {f"{person}.birth_date", f"{address}.country"}


def test_fields_of_digits_are_texts() -> None:
    assert set(TEXTS) > DIGITS
    assert set(TYPED) == set(CUSTOMER) == set(Customer.__struct_fields__)
