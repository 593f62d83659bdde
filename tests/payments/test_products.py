"""Products: stock is reserved by the buyer's POST, sold when it is paid, back when it isn't, and
never sold twice, however many buy at once."""

from __future__ import annotations

import asyncio
from secrets import token_hex
from typing import Any

import pytest

from checkout.errors import NotFound, SoldOut, TooMany, Unprocessable
from checkout.ledger.products import ProductStock
from checkout.ledger.rows import Payment, PaymentRow
from checkout.model.money import Money
from checkout.model.order import PageSettings
from checkout.model.product import Product, Sale
from checkout.model.status import Status
from checkout.payments import create, customer_actions, products, transitions
from checkout.payments.context import Context
from checkout.payments.products import Choice, NotForSale
from tests.support import samples
from tests.support.fake_gateway import DECLINED, EXPIRED, PAID, PENDING, REQUIRES_ACTION
from tests.support.harness import Harness
from tests.support.samples import CUSTOMER, NOTIFIED, changed

QUARTER = 900.0


async def product(harness: Harness, **changes: Any) -> ProductStock:
    values: dict[str, Any] = {
        "name": "Ticket", "description": "Row 5", "currency": "EUR", "amount": 1250, "quantity": 5,
        "page_settings": PageSettings(notification_url=NOTIFIED),
    }  # fmt: skip
    return await products.make(harness.context, Product(**(values | changes)), {}, harness.shop)


async def shelf(harness: Harness, made: ProductStock) -> tuple[int | None, int, int]:
    """(available, held, sold)"""
    now = await products.find(harness.context, made.id)
    return now.available, now.held, now.sold


def choice(**changes: Any) -> Choice:
    return Choice(**({"form": token_hex(8)} | changes))


async def bought(harness: Harness, made: ProductStock, **changes: Any) -> Payment:
    payment = await products.buy(harness.context, made.id, choice(**changes))
    return await harness.payment(payment.uid)


async def test_a_buyers_payment(harness: Harness) -> None:
    terms = {"tracking_id": "summer", "test": True, "attempts": 2}
    made = await product(harness, amount=625, most_at_once=3, **terms)
    payment = await bought(harness, made, quantity=2)
    order = payment.order
    assert order.money == Money(1250, "EUR")
    assert order.description == "2 × Ticket"
    assert (order.product, order.quantity) == (made.id, 2)
    assert (order.tracking_id, order.test, order.attempts) == ("summer", True, 2)
    assert payment.expires_at == harness.clock() + QUARTER
    assert await shelf(harness, made) == (3, 2, 0)
    await harness.pay(payment)
    assert await harness.status(payment) is Status.PAID
    assert await shelf(harness, made) == (3, 0, 2)
    assert await harness.told(payment) == ["successful"]


async def test_a_buyer_who_gives_up_is_told_of_where_the_shop_asks(harness: Harness) -> None:
    quiet, asking = PageSettings(notification_url=NOTIFIED), {"notify_canceled": True}
    for wanted, told in ((quiet, []), (changed(quiet, **asking), ["canceled"])):
        payment = await bought(harness, await product(harness, page_settings=wanted))
        await customer_actions.cancel(harness.context, payment)
        assert await harness.told(payment) == told


async def test_fifty_buyers_at_once(harness: Harness) -> None:
    made = await product(harness, quantity=5)
    flows = [harness.context, harness.restarted()]

    async def one(context: Context) -> PaymentRow | Sale:
        try:
            return await products.buy(context, made.id, choice())
        except NotForSale as refused:
            return refused.sale

    said = await asyncio.gather(*(one(flows[n % 2]) for n in range(50)))
    payments = [each for each in said if isinstance(each, PaymentRow)]
    assert len({payment.uid for payment in payments}) == 5
    assert {each for each in said if not isinstance(each, PaymentRow)} == {Sale.RESERVED}
    assert await shelf(harness, made) == (0, 5, 0)
    bought = await asyncio.gather(*(harness.payment(each.uid) for each in payments))
    await asyncio.gather(*(harness.pay(payment) for payment in bought))
    assert await shelf(harness, made) == (0, 0, 5)
    assert [await one(flows[0])] == [Sale.SOLD_OUT]


async def test_fifty_buyers_of_two(harness: Harness) -> None:
    """Five are left and each wants two: two of them get them, and one stays."""
    made = await product(harness, quantity=5, most_at_once=2)
    work = [products.buy(harness.context, made.id, choice(quantity=2)) for _ in range(50)]
    said = await asyncio.gather(*work, return_exceptions=True)
    refused = [each for each in said if isinstance(each, NotForSale)]
    assert len(refused) == 48
    assert all(each.few for each in refused)
    assert await shelf(harness, made) == (1, 4, 0)


async def test_one_form_buys_once(harness: Harness) -> None:
    made = await product(harness, most_at_once=2)
    flows = [harness.context, harness.restarted()]
    same = [products.buy(flows[n % 2], made.id, choice(form="a")) for n in range(20)]
    assert len({payment.uid for payment in await asyncio.gather(*same)}) == 1
    assert await shelf(harness, made) == (4, 1, 0)
    other = await products.buy(harness.context, made.id, choice(form="a", quantity=2))
    assert other.order.quantity == 2
    assert await shelf(harness, made) == (2, 3, 0)


async def test_a_form_after_its_payment_ended_unpaid_buys_anew(harness: Harness) -> None:
    made = await product(harness)
    first = await bought(harness, made, form="a")
    await customer_actions.cancel(harness.context, first)
    second = await bought(harness, made, form="a")
    assert second.uid != first.uid
    await harness.pay(second)
    again = await bought(harness, made, form="a")
    assert again.uid == second.uid
    assert await shelf(harness, made) == (4, 0, 1)


@pytest.mark.parametrize("end", [DECLINED, EXPIRED], ids=["declined", "expired"])
async def test_what_is_not_paid_goes_back(harness: Harness, end: Any) -> None:
    made = await product(harness, attempts=1)
    payment = await bought(harness, made)
    harness.gateway.will_answer(end)
    await harness.pay(payment)
    if await harness.status(payment) is Status.OPEN:  # the bank's page lapsed: one can try again
        await customer_actions.cancel(harness.context, payment)
    assert await shelf(harness, made) == (5, 0, 0)
    assert (await harness.kinds(payment)).count("released") == 1


async def test_given_up_goes_back_at_once(harness: Harness) -> None:
    made = await product(harness, quantity=1)
    payment = await bought(harness, made)
    assert await shelf(harness, made) == (0, 1, 0)
    await customer_actions.cancel(harness.context, payment)
    await customer_actions.cancel(harness.context, payment)
    assert await shelf(harness, made) == (1, 0, 0)


async def test_a_decline_with_tries_left_keeps_the_goods(harness: Harness) -> None:
    made = await product(harness, quantity=1, attempts=2)
    payment = await bought(harness, made)
    harness.gateway.will_answer(DECLINED, PAID)
    payment = await harness.pay(payment)
    assert await shelf(harness, made) == (0, 1, 0)
    await harness.pay(payment)
    assert await shelf(harness, made) == (0, 0, 1)


async def test_left_lying_goes_back_after_a_quarter_of_an_hour(harness: Harness) -> None:
    made = await product(harness)
    payment = await bought(harness, made)
    await harness.sweep(QUARTER - 1)
    assert await shelf(harness, made) == (4, 1, 0)
    await harness.sweep(1)
    assert await shelf(harness, made) == (5, 0, 0)
    assert await harness.status(payment) is Status.EXPIRED
    await harness.sweep(3600)
    assert await shelf(harness, made) == (5, 0, 0)


async def test_at_the_bank_for_too_long(harness: Harness) -> None:
    """The bank's page is still open after a quarter of an hour: the goods go back. Who pays then
    has bought; while there are enough that is nobody's trouble."""
    made = await product(harness, quantity=2)
    payment = await bought(harness, made)
    harness.gateway.will_answer(REQUIRES_ACTION)
    harness.gateway.will_state(REQUIRES_ACTION)
    await harness.pay(payment)
    await harness.sweep_for(QUARTER, 60)
    assert await harness.status(payment) is Status.REQUIRES_ACTION
    assert await shelf(harness, made) == (2, 0, 0)
    harness.gateway.will_state(PAID)
    await harness.sweep(3600)
    assert await harness.status(payment) is Status.PAID
    assert await shelf(harness, made) == (1, 0, 1)
    assert "oversold" not in await harness.kinds(payment)


async def test_paid_too_late_and_none_left(harness: Harness) -> None:
    made = await product(harness, quantity=1)
    late = await bought(harness, made)
    harness.gateway.will_answer(REQUIRES_ACTION)
    harness.gateway.will_state(REQUIRES_ACTION)
    await harness.pay(late)
    await harness.sweep_for(QUARTER, 60)
    soon = await bought(harness, made)
    harness.gateway.will_answer(PAID)
    await harness.pay(soon)
    harness.gateway.will_state(PAID)
    await harness.sweep(3600)
    assert await harness.status(late) is Status.PAID, "the money is taken: it is sold"
    assert await shelf(harness, made) == (0, 0, 2)
    (event,) = [each for each in await harness.events(late) if each.kind == "oversold"]
    assert event.data == {"product": made.id, "by": 1}
    assert "oversold" not in await harness.kinds(soon)
    with pytest.raises(NotForSale):
        await products.buy(harness.context, made.id, choice())


async def test_a_charge_under_way_keeps_the_goods(harness: Harness) -> None:
    """The money may have moved: nobody else can buy them until that is known, or for an hour."""
    made = await product(harness, quantity=1)
    payment = await bought(harness, made)
    harness.gateway.will_answer(PENDING)
    harness.gateway.will_state(PENDING)
    await harness.pay(payment)
    await harness.sweep_for(QUARTER + 1800, 60)
    assert await shelf(harness, made) == (0, 1, 0)
    await harness.sweep_for(1860, 60)
    assert await shelf(harness, made) == (1, 0, 0)


async def test_a_charge_that_is_known_in_time(harness: Harness) -> None:
    made = await product(harness, quantity=1)
    payment = await bought(harness, made)
    harness.gateway.will_answer(PENDING)
    harness.gateway.will_state(PENDING)
    await harness.pay(payment)
    await harness.sweep_for(QUARTER + 120, 60)
    harness.gateway.will_state(PAID)
    await harness.sweep_for(3700, 600)
    assert await shelf(harness, made) == (0, 0, 1)
    assert not {"released", "oversold"} & set(await harness.kinds(payment))


# What visitors may have reserved who have paid nothing


async def test_one_visitor_reserves_a_share(harness: Harness) -> None:
    """A thousand pieces, and somebody who wants them all for nothing: a tenth is kept for them,
    and a minute's openings are bounded."""
    made = await product(harness, quantity=1000, most_at_once=10)
    said: list[Any] = []
    for number in range(100):
        address = f"2001:db8::{number:x}"
        work = products.buy(harness.context, made.id, choice(quantity=10), address)
        said += await asyncio.gather(work, return_exceptions=True)
    refused = [each for each in said if isinstance(each, TooMany)]
    assert len(refused) == 40
    assert {each.limit for each in refused} == {"openings_per_address_10min"}
    assert await shelf(harness, made) == (900, 100, 0)
    # What lapses is not theirs to reserve again at once.
    await harness.sweep(QUARTER)
    assert await shelf(harness, made) == (1000, 0, 0)
    await products.buy(harness.context, made.id, choice(quantity=10), "2001:db8::1")
    assert await shelf(harness, made) == (1000, 0, 0)
    await harness.sweep(3600)
    await products.buy(harness.context, made.id, choice(quantity=10), "2001:db8::1")
    assert await shelf(harness, made) == (990, 10, 0)


async def test_many_visitors_leave_half_to_who_pays(harness: Harness) -> None:
    """From a thousand addresses: half is reserved, and honest customers buy the other."""
    made = await product(harness, quantity=1000, most_at_once=10)
    for number in range(1000):
        address = f"10.0.{number // 250}.{number % 250}"
        await products.buy(harness.context, made.id, choice(quantity=1), address)
    assert await shelf(harness, made) == (500, 500, 0)
    for number in range(20):
        payment = await products.buy(harness.context, made.id, choice(), f"192.0.2.{number}")
        payment = await harness.payment(payment.uid)
        await harness.pay(payment, customer=changed(CUSTOMER, ip=f"192.0.2.{number}"))
        assert await harness.status(payment) is Status.PAID
    assert await shelf(harness, made) == (480, 500, 20)


async def test_what_was_not_reserved_is_taken_by_pay(harness: Harness) -> None:
    made = await product(harness, quantity=4)
    for _ in range(3):
        await products.buy(harness.context, made.id, choice(), "192.0.2.1")
    late = await products.buy(harness.context, made.id, choice(), "192.0.2.1")
    payment = await harness.payment(late.uid)
    assert await shelf(harness, made) == (1, 3, 0)
    harness.gateway.will_answer(REQUIRES_ACTION)
    payment = await harness.pay(payment)
    assert await shelf(harness, made) == (0, 4, 0)
    assert "held" in await harness.kinds(payment)
    await harness.left(payment)
    await customer_actions.cancel(harness.context, await harness.payment(payment))
    assert await shelf(harness, made) == (1, 3, 0)


async def test_who_comes_too_late_is_charged_nothing(harness: Harness) -> None:
    made = await product(harness, quantity=4)
    for _ in range(3):
        await products.buy(harness.context, made.id, choice(), "192.0.2.1")
    late = await harness.payment(
        (await products.buy(harness.context, made.id, choice(), "192.0.2.1")).uid
    )
    await bought(harness, made)
    with pytest.raises(SoldOut):
        await harness.pay(late)
    assert harness.gateway.charges == []
    assert (await harness.payment(late)).attempts == ()
    assert await shelf(harness, made) == (0, 4, 0)
    with pytest.raises(NotForSale):
        await products.buy(harness.context, made.id, choice(), "192.0.2.1")


async def test_fifty_who_pay_for_what_was_not_reserved(harness: Harness) -> None:
    """However many press Pay at once, never more are taken than there are."""
    made = await product(harness, quantity=40)
    late = []
    for number in range(50):
        address = f"192.0.2.{number}"
        payment = await products.buy(harness.context, made.id, choice(), address)
        late.append((await harness.payment(payment.uid), changed(CUSTOMER, ip=address)))
    assert await shelf(harness, made) == (20, 20, 0)
    said = await asyncio.gather(
        *(harness.pay(payment, customer=who) for payment, who in late), return_exceptions=True
    )
    assert sum(isinstance(each, SoldOut) for each in said) == 10
    assert len(harness.gateway.charges) == 40
    assert await shelf(harness, made) == (0, 0, 40)


async def test_links_opened_from_one_address(harness: Harness) -> None:
    order = samples.order(expires_at=harness.clock() + 3600)
    links = [token_hex(32) for _ in range(61)]
    for link in links[:60]:
        await create.open_link(harness.context, link, order, harness.shop, "192.0.2.1")
    with pytest.raises(TooMany):
        await create.open_link(harness.context, links[60], order, harness.shop, "192.0.2.1")
    # What is open already may be opened as often as one likes, and others may open anything.
    made = await product(harness)
    assert (await products.buy(harness.context, made.id, choice(form="b"), "192.0.2.2")).uid
    same = choice(form="b")
    for link in links[:59]:
        await create.open_link(
            harness.context, f"{link[:60]}aaaa", order, harness.shop, "192.0.2.2"
        )
    with pytest.raises(TooMany):
        await products.buy(harness.context, made.id, choice(), "192.0.2.2")
    await products.buy(harness.context, made.id, same, "192.0.2.2")
    harness.clock.move(600)
    await create.open_link(harness.context, links[0], order, harness.shop, "192.0.2.1")
    await create.open_link(harness.context, links[60], order, harness.shop, "192.0.2.2")


async def test_without_end(harness: Harness) -> None:
    made = await product(harness, quantity=None)
    payments = [await bought(harness, made) for _ in range(7)]
    assert payments[0].expires_at == harness.clock() + 24 * 3600
    await harness.pay(payments[0])
    assert await shelf(harness, made) == (None, 6, 1)
    await harness.sweep(24 * 3600)
    assert await shelf(harness, made) == (None, 0, 1)


async def test_the_customers_own_amount(harness: Harness) -> None:
    made = await product(harness, amount=None, least=500, most=10_000)
    harness.gateway.will_answer(DECLINED)
    payment = await bought(harness, made, money=Money(777, "EUR"))
    assert payment.order.money == Money(777, "EUR")
    for money in (None, Money(499, "EUR"), Money(10_001, "EUR")):
        with pytest.raises(Unprocessable):
            await products.buy(harness.context, made.id, choice(money=money))
    assert await shelf(harness, made) == (4, 1, 0)


async def test_a_set_price_can_not_be_chosen(harness: Harness) -> None:
    made = await product(harness)
    payment = await bought(harness, made, money=Money(1, "EUR"))
    assert payment.order.money == Money(1250, "EUR")
    for quantity in (0, -1, 2):
        with pytest.raises(Unprocessable):
            await products.buy(harness.context, made.id, choice(quantity=quantity))


async def test_its_own_time_ends_all(harness: Harness) -> None:
    made = await product(harness, expires_at=harness.clock() + 60)
    payment = await bought(harness, made)
    assert payment.expires_at == harness.clock() + 60
    harness.clock.move(60)
    with pytest.raises(NotForSale) as refused:
        await products.buy(harness.context, made.id, choice())
    assert refused.value.sale is Sale.ENDED


async def test_taken_off_sale(harness: Harness) -> None:
    made = await product(harness, active=False)
    with pytest.raises(NotForSale) as refused:
        await products.buy(harness.context, made.id, choice())
    assert refused.value.sale is Sale.INACTIVE


async def test_changes_under_sales(harness: Harness) -> None:
    """Numbers are of all there ever were: who writes back what was read changes nothing."""
    made = await product(harness, quantity=2)
    await harness.pay(await bought(harness, made))

    def more(quantity: int) -> Any:
        return lambda given: (_with(made.product, quantity=quantity), given)

    await products.change(harness.context, made.id, harness.shop, more(2))
    assert await shelf(harness, made) == (1, 0, 1)
    await products.change(harness.context, made.id, harness.shop, more(0))
    assert await shelf(harness, made) == (0, 0, 1)
    await products.change(harness.context, made.id, harness.shop, more(10))
    assert await shelf(harness, made) == (9, 0, 1)


def _with(found: Product, **changes: Any) -> Product:
    values = {name: getattr(found, name) for name in found.__struct_fields__}
    return Product(**(values | changes))


async def test_no_such_product(harness: Harness) -> None:
    with pytest.raises(NotFound):
        await products.buy(harness.context, "prd_0000000000000000", choice())


async def test_a_currency_that_no_method_takes(harness: Harness) -> None:
    with pytest.raises(Unprocessable):
        await product(harness, transaction_type="tokenization")


async def test_a_payment_without_a_product_touches_no_shelf(harness: Harness) -> None:
    made = await product(harness)
    payment = await harness.new_payment()
    await harness.pay(payment)
    assert payment.order.product is None
    assert await shelf(harness, made) == (5, 0, 0)
    assert (await harness.ledger.read(transitions.read, payment.uid)).attempts
