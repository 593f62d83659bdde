"""Lists of payments and transactions: pages by an index, statuses as the items have them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, event, insert
from sqlalchemy.pool import NullPool

from checkout.identifiers import new_uid
from checkout.ledger import attempts, lists, operations, payments
from checkout.ledger.base import Ledger
from checkout.ledger.lists import CHECKOUT_STATUSES, OPERATION_STATUSES, UNTRIED, ListFilter
from checkout.ledger.operations import Operation
from checkout.ledger.rows import PaymentRow
from checkout.ledger.schema import operations as operations_table
from checkout.model.cursor import Cursor
from checkout.model.money import Money
from checkout.model.outcome import GatewayFacts
from checkout.model.status import FINAL, LIVE, Status
from checkout.shop_api.responses import OPERATION, status_and_message, transaction
from tests.support.ledger_rows import NOW, attempt, payment_of, payment_row
from tests.support.ledgers import InlineLedger
from tests.support.samples import SHOP_ID, order, shop

ATTEMPTED = sorted({*FINAL, *LIVE, Status.NOT_SENT})


def operation(of: PaymentRow, kind: str = "refund", **changes: Any) -> Operation:
    values: dict[str, Any] = {
        "uid": new_uid(), "payment": of.uid, "attempt": 1, "kind": kind, "key": new_uid(),
        "amount": 500, "status": operations.DONE[kind], "sweep_at": None, "created_at": NOW,
        "updated_at": NOW,
    }  # fmt: skip
    return Operation(**(values | changes))


async def paged(
    ledger: Ledger, verb: Any = lists.checkouts, limit: int = 100, **wanted: Any
) -> list[str]:
    """The uids of all pages, which are full but for the last."""
    found: list[str] = []
    after, wanted = None, {"shop": SHOP_ID} | wanted
    for page in count(1):
        shown, after = await ledger.read(
            verb, ListFilter(**wanted), now=NOW, after=after, limit=limit
        )
        items = [each if isinstance(each, tuple) else (each, None) for each in shown]
        found += [done.uid if done else payment.uid for payment, done in items]
        if after is None:
            assert len(found) <= page * limit
            return found
        assert len(found) == page * limit
    raise AssertionError


async def test_pages(ledger: Ledger) -> None:
    """Newest first, those of one moment too; what is made meanwhile moves nothing."""
    made = [payment_row(created_at=NOW + n // 3) for n in range(10)]
    for each in made:
        await ledger.write(payments.add, each)
    await ledger.write(payments.add, payment_row(shop="other"))
    whole = [e.uid for e in sorted(made, key=lambda e: (e.created_at, e.uid), reverse=True)]
    for limit in (1, 2, 3, 9, 10, 11):
        assert await paged(ledger, limit=limit) == whole
        assert await paged(ledger, lists.transactions, limit=limit) == whole
    first, after = await ledger.read(
        lists.checkouts, ListFilter(shop=SHOP_ID), now=NOW, after=None, limit=4
    )
    assert after == Cursor(first[-1].created_at, first[-1].uid)
    await ledger.write(payments.add, payment_row(created_at=NOW + 100))
    second, _ = await ledger.read(
        lists.checkouts, ListFilter(shop=SHOP_ID), now=NOW, after=after, limit=100
    )
    assert [each.uid for each in [*first, *second]] == whole
    assert len(await paged(ledger, shop=None)) == 12


async def test_search(ledger: Ledger) -> None:
    """A part of uid, tracking id or description; of what else an order has nothing is found."""
    chairs = payment_row(order=order(description='Two "Chairs", 100%', tracking_id="A-7"))
    tables = payment_row(order=order(description="Tables", tracking_id=None))
    for each in (chairs, tables):
        await ledger.write(payments.add, each)
    for part, wanted in {
        '"chairs"': [chairs], "100%": [chairs], "a-7": [chairs], "TABLE": [tables],
        tables.uid[3:20]: [tables], "_": [], "tracking_id": [], "EUR": [],
    }.items():  # fmt: skip
        assert await paged(ledger, search=part) == [each.uid for each in wanted], part


async def test_operations_are_transactions(ledger: Ledger) -> None:
    paid = payment_row(order=order(money=Money(1999, "EUR"), tracking_id="a"))
    other = payment_row(shop="other", order=order(tracking_id="a"))
    made = [
        operation(paid, "capture", created_at=NOW + 1, amount=1999),
        operation(paid, created_at=NOW + 2),
        operation(paid, created_at=NOW + 3, status=Status.DECLINED, amount=7),
        operation(paid, created_at=NOW + 4, status=Status.ACCEPTED),
    ]
    for each in (paid, other):
        await ledger.write(payments.add, each)
        await ledger.write(attempts.add, attempt(each, status=Status.PAID))
    for done in (*made, operation(other)):
        await ledger.write(operations.add, done)
    uids = [each.uid for each in made][::-1]

    async def found(**wanted: Any) -> list[str]:
        return await paged(ledger, lists.transactions, 2, **wanted)

    assert await found() == [*uids, paid.uid]
    assert await paged(ledger) == [paid.uid]
    assert await found(type="refund") == uids[:3]
    assert await found(type="capture") == uids[3:]
    assert await found(type="payment") == [paid.uid]
    assert await found(type="void") == []
    assert await found(type="refund", status="failed") == [uids[1]]
    assert await found(status="pending") == [uids[0]]
    assert await found(status="refunded") == []
    assert await found(amount=1999) == [uids[3], paid.uid]
    assert await found(tracking_id="a") == [*uids, paid.uid]
    assert await found(tracking_id="b") == []
    assert await found(currency="EUR") == [*uids, paid.uid]
    assert await found(currency="USD") == []
    assert await found(created_from=NOW + 2, created_to=NOW + 4) == uids[1:3]
    assert len(await found(shop=None)) == 7

    def unnamed(conn: Connection) -> None:
        """As a worker of an older version adds one."""
        row = {"uid": "o", "payment": paid.uid, "attempt": 1, "kind": "void", "by_gateway": False,
               "key": "k", "amount": 1, "status": "refunded", "absences": 0,
               "created_at": NOW + 9, "updated_at": NOW}  # fmt: skip
        conn.execute(insert(operations_table).values(row))

    await ledger.write(unnamed)
    assert (await found())[0] == "o"
    assert (await found(shop="other"))[0] != "o"


async def test_filters(ledger: Ledger) -> None:
    made = {
        name: payment_row(created_at=NOW + n, order=order(**changes))
        for n, (name, changes) in enumerate(
            {
                "usual": {"money": Money(1999, "EUR"), "tracking_id": "a"},
                "dollars": {"money": Money(1999, "USD"), "tracking_id": "A"},
                "held": {"money": Money(5, "EUR"), "transaction_type": "authorization"},
            }.items()
        )
    }
    for each in made.values():
        await ledger.write(payments.add, each)
    names = {each.uid: name for name, each in made.items()}

    async def found(**wanted: Any) -> list[str]:
        assert await paged(ledger, lists.transactions, **wanted) == (await paged(ledger, **wanted))
        return [names[uid] for uid in await paged(ledger, **wanted)]

    assert await found(amount=1999) == ["dollars", "usual"]
    assert await found(amount=1999, currency="EUR") == ["usual"]
    assert await found(currency="EUR") == ["held", "usual"]
    assert await found(tracking_id="a") == ["usual"]
    assert await found(type="authorization") == ["held"]
    assert await found(created_from=NOW + 1) == ["held", "dollars"]
    assert await found(created_to=NOW + 1) == ["usual"]
    assert await found(created_from=NOW + 1, created_to=NOW + 2) == ["dollars"]


# --- A status is what the items say ------------------------------------------------------------

HISTORIES = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(ATTEMPTED), st.booleans()), max_size=3),
        st.integers(1, 3),  # attempts allowed
        st.booleans(),  # cancelled
        st.booleans(),  # merchant-initiated
        st.sampled_from([-5.0, 0.0, 5.0]),  # when it ends
    ),
    min_size=1,
    max_size=6,
)
ALIKE: Final = {"": UNTRIED, "error": ("error", "expired"), "expired": ("error", "expired")}
ledger_of_examples = InlineLedger()


@given(HISTORIES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_each_status_lists_what_says_so(histories: Any) -> None:
    ledger = ledger_of_examples
    ledger.forget()
    seller = shop()
    for tried, allowed, cancelled, alone, ends in histories:
        tried = tried[:1] if alone else tried
        row = payment_row(
            order=order(attempts=allowed, merchant_initiated=alone),
            cancelled=cancelled and not alone,
            expires_at=NOW + ends,
        )
        made = [
            attempt(row, n, status=status, facts=GatewayFacts(refused="number" if no else None))
            for n, (status, no) in enumerate(tried, 1)
        ]
        ledger.now(payments.add, row)
        for each in made:
            ledger.now(attempts.add, each)
        # As the ledger has it since the last move: before its time was over.
        status = payment_of(row, *made).status_at(NOW - 60)
        ledger.now(payments.change, row.uid, status=status)
    rows, _ = ledger.now(lists.checkouts, ListFilter(shop=SHOP_ID), now=NOW, after=None, limit=100)
    as_checkouts, as_transactions = defaultdict[Any, set[str]](set), defaultdict[Any, set[str]](set)
    for payment in rows:
        outward, _ = status_and_message(payment, NOW)
        told = transaction(payment, payment.status_at(NOW), seller, "")["status"]
        for word in ALIKE.get(outward or "", (outward,)):
            as_checkouts[word].add(payment.uid)
        for word in (*ALIKE.get(told, (told,)), *(UNTRIED if outward is None else ())):
            as_transactions[word].add(payment.uid)
    for word in CHECKOUT_STATUSES:
        asked: dict[str, Any] = {"now": NOW, "after": None, "limit": 100}
        wanted = ListFilter(shop=SHOP_ID, status=word)
        checkouts, _ = ledger.now(lists.checkouts, wanted, **asked)
        assert Counter(each.uid for each in checkouts) == Counter(as_checkouts[word]), word
        transactions, _ = ledger.now(lists.transactions, wanted, **asked)
        assert Counter(each.uid for each, _ in transactions) == Counter(as_transactions[word]), word


def test_each_status_of_operations() -> None:
    for status, (word, _) in OPERATION.items():
        assert [name for name, each in OPERATION_STATUSES.items() if status in each] == [word]


# --- Not among all -----------------------------------------------------------------------------

MANY: Final[dict[str, dict[str, Any]]] = {
    "all": {},
    "status": {"status": "failed"},
    "operations": {"status": "pending"},
    "refunds": {"type": "refund"},
    "tracking id": {"tracking_id": "a"},
    "amount": {"amount": 5},
    "time": {"created_from": NOW, "created_to": NOW + 9},
    "currency": {"currency": "USD"},
}


@contextmanager
def explained(conn: Connection, found: list[str]) -> Iterator[None]:
    """How the database reads each list."""
    prefix = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "

    def note(_conn: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if not sql.startswith(prefix):
            plan = conn.exec_driver_sql(prefix + sql, values).all()
            found.append(" / ".join(str(row[-1]) for row in plan))

    event.listen(conn, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(conn, "before_cursor_execute", note)


@pytest.mark.parametrize("verb", [lists.checkouts, lists.transactions])
@pytest.mark.parametrize("name", MANY)
def test_no_list_is_sorted_or_reads_all(url: str, name: str, verb: Any) -> None:
    if "postgresql" in url:
        pytest.skip("a planner of so few rows reads them all")
    engine = create_engine(url, poolclass=NullPool)
    plans: list[str] = []
    with engine.connect() as conn, explained(conn, plans):
        after = Cursor(NOW, "a")
        verb(conn, ListFilter(shop=SHOP_ID, **MANY[name]), now=NOW, after=after, limit=20)
    engine.dispose()
    assert plans or (name == "refunds" and verb is lists.checkouts)
    for plan in plans:
        assert "SCAN" not in plan, plan
        if "tracking_id" not in plan:  # of one order there are few
            assert "TEMP B-TREE" not in plan, plan
