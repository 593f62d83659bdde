"""Payments: found by each of their names, made once."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from msgspec import Raw
from sqlalchemy.exc import IntegrityError

from checkout.ledger import attempts, payments
from checkout.ledger.base import Ledger
from checkout.model.money import Money
from checkout.model.order import Customer, CustomerFields, Methods, Order, PageSettings
from checkout.model.status import Status
from tests.support.ledger_rows import NOW, attempt, payment_of, payment_row
from tests.support.samples import order

DAY = 24 * 3600


async def test_what_is_put_in_comes_out(ledger: Ledger) -> None:
    whole = order(
        money=Money(10**14, "KWD"),
        description="Чай «Сенча» 茶 🍵",
        attempts=3,
        receipt_text=("one", "two"),
        page_settings=PageSettings(
            return_url="https://shop.example/?a=%20&b",
            customer_fields=CustomerFields(visible=("email",)),
        ),
        customer=Customer(email="ann@example.com", ip="2001:db8::1"),
        methods=Methods(types=("erip",), params={"erip": {"account_number": "1"}}),
        raw={"order": Raw(b'{"x":[1,null,"y"]}')},
    )
    put = payment_row(order=whole, link="f" * 64)
    await ledger.write(payments.add, put)
    for verb, name in (
        (payments.by_uid, put.uid),
        (payments.by_token, put.token),
        (payments.by_link, "f" * 64),
    ):
        payment = await ledger.read(verb, name)
        assert payment is not None
        assert payment == payment_of(put)
        assert payment.attempts == ()


async def test_unknown_names_find_nothing(ledger: Ledger) -> None:
    await ledger.write(payments.add, payment_row())
    for verb in (payments.by_uid, payments.by_token, payments.by_link, payments.lock):
        assert await ledger.read(verb, "nothing") is None


async def test_by_tracking_id(ledger: Ledger) -> None:
    """A shop's own, tried, the newest first, ten at most."""
    tried = []
    for number in range(12):
        put = payment_row(order=order(tracking_id="7/ü"), created_at=NOW + number)
        await ledger.write(payments.add, put)
        if number:  # the first one was never tried
            await ledger.write(attempts.add, attempt(put))
            tried.append(put.uid)
    other = payment_row(order=order(tracking_id="7/ü"), shop="other")
    await ledger.write(payments.add, other)
    await ledger.write(attempts.add, attempt(other))
    found = await ledger.read(payments.by_tracking_id, "361", "7/ü")
    assert [each.uid for each in found] == tried[::-1][:10]
    assert all(len(each.attempts) == 1 for each in found)
    for shop, name in (("361", "7"), ("nobody", "7/ü"), ("361", "7\0")):
        assert await ledger.read(payments.by_tracking_id, shop, name) == []


@pytest.mark.parametrize("name", ["uid", "token", "link"])
async def test_names_are_unique(ledger: Ledger, name: str) -> None:
    first = payment_row(link="a" * 64)
    await ledger.write(payments.add, first)
    with pytest.raises(IntegrityError):
        await ledger.write(payments.add, payment_row(**{name: getattr(first, name)}))


async def test_an_attempt_needs_its_payment(ledger: Ledger) -> None:
    with pytest.raises(IntegrityError):
        await ledger.write(attempts.add, attempt(payment_row()))


async def test_several_are_read_at_once(ledger: Ledger) -> None:
    made = [payment_row(created_at=NOW + n) for n in range(3)]
    for each in made:
        await ledger.write(payments.add, each)
    await ledger.write(attempts.add, attempt(made[1]))
    await ledger.write(attempts.add, attempt(made[1], 2))
    uids = [made[1].uid, made[0].uid, "x"]
    found = await ledger.read(payments.by_uids, uids)
    assert found == {uid: await ledger.read(payments.by_uid, uid) for uid in uids[:2]}
    assert [each.number for each in found[made[1].uid].attempts] == [1, 2]
    assert await ledger.read(payments.by_uids, []) == {}


async def test_open_payments_past_their_time_are_to_expire(ledger: Ledger) -> None:
    due = payment_row(expires_at=NOW)
    for each in (
        due,
        payment_row(expires_at=NOW + 1),
        payment_row(expires_at=NOW - 9, status=Status.PENDING),
        payment_row(expires_at=NOW - 9, status=Status.PAID),
    ):
        await ledger.write(payments.add, each)
    assert await ledger.read(payments.to_expire, NOW) == [due.uid]


# Idempotency keys


async def test_the_same_key_gives_the_same_payment(ledger: Ledger) -> None:
    key = {"idempotency_key": "k", "digest": "d"}
    first = payment_row()
    assert await ledger.write(payments.add_once, first, **key) == (first, True)
    made, same = await ledger.write(payments.add_once, payment_row(created_at=NOW + DAY - 1), **key)
    assert (made.uid, same) == (first.uid, True)
    assert len(await ledger.read(payments.uids, Status)) == 1


async def test_the_same_key_with_another_body_is_refused(ledger: Ledger) -> None:
    first = payment_row()
    await ledger.write(payments.add_once, first, idempotency_key="k", digest="d")
    made, same = await ledger.write(
        payments.add_once, payment_row(), idempotency_key="k", digest="other"
    )
    assert (made.uid, same) == (first.uid, False)


async def test_a_key_is_forgotten_after_a_day(ledger: Ledger) -> None:
    first = payment_row()
    await ledger.write(payments.add_once, first, idempotency_key="k", digest="d")
    later = payment_row(created_at=NOW + DAY)
    key = {"idempotency_key": "k", "digest": "other"}
    assert await ledger.write(payments.add_once, later, **key) == (later, True)
    again, _ = await ledger.write(payments.add_once, payment_row(created_at=NOW + DAY + 9), **key)
    assert again.uid == later.uid


async def test_a_key_is_the_shops_own(ledger: Ledger) -> None:
    key = {"idempotency_key": "k", "digest": "d"}
    for shop in ("1", "2"):
        made = payment_row(shop=shop)
        assert await ledger.write(payments.add_once, made, **key) == (made, True)


async def test_one_key_used_at_once(ledger: Ledger, other: Ledger) -> None:
    """One of them is first; the others get it, or a refusal after which they get it."""
    key = {"idempotency_key": "k", "digest": "d"}

    async def create(where: Ledger) -> str:
        try:
            made, _ = await where.write(payments.add_once, payment_row(), **key)
        except IntegrityError:
            made, _ = await where.write(payments.add_once, payment_row(), **key)
        return made.uid

    made = await asyncio.gather(*(create(where) for where in (ledger, other) * 10))
    assert len(set(made)) == 1
    assert len(await ledger.read(payments.uids, Status)) == 1


# Links


async def test_a_link_makes_one_payment(ledger: Ledger) -> None:
    first = payment_row(link="a" * 64)
    assert await ledger.write(payments.add_for_link, first) == first
    for _ in range(3):
        again = await ledger.write(payments.add_for_link, payment_row(link="a" * 64))
        assert again == payment_of(first)
    other = payment_row(link="b" * 64)
    assert await ledger.write(payments.add_for_link, other) == other


async def test_a_link_opened_at_once_by_many(ledger: Ledger, other: Ledger) -> None:
    opened = await asyncio.gather(
        *(
            where.write(payments.add_for_link, payment_row(link="a" * 64))
            for where in (ledger, other) * 20
        )
    )
    assert len({each.uid for each in opened}) == 1
    assert len({each.secret for each in opened}) == 1
    assert len(await ledger.read(payments.uids, Status)) == 1


async def test_a_payment_for_a_link_names_it(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="link"):
        await ledger.write(payments.add_for_link, payment_row())


def test_orders_of_older_versions_can_be_read() -> None:
    """A field that is added to an order needs a default: it is not in the rows of yesterday."""
    stored = (
        b'{"money":{"minor":1250,"currency":"EUR"},"description":"Tea",'
        b'"transaction_type":"payment","expires_at":1800003600.0}'
    )
    assert msgspec.json.decode(stored, type=Order).page_settings == PageSettings()


async def test_nobody_is_named_with_a_nul(ledger: Ledger) -> None:
    """No row has one, and PostgreSQL refuses such a value."""
    for verb in (payments.by_uid, payments.by_token, payments.by_link):
        assert await ledger.read(verb, "a\0b") is None
