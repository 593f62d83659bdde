"""What is known of saved cards, and that their tokens are not kept with it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checkout.ledger import cards, schema
from checkout.ledger.base import Ledger
from checkout.model.outcome import PaidCard
from tests.support.ledger_rows import NOW

TOKEN = "2b5f4c1e-token-of-a-card"
CARD = PaidCard(brand="visa", last_4="1111", exp_month=8, exp_year=2029, token=TOKEN, holder="ANN")
KNOWN = PaidCard(brand="visa", last_4="1111", exp_month=8, exp_year=2029)


async def known(ledger: Ledger, shop: str = "361", token: str = TOKEN) -> PaidCard:
    return await ledger.read(cards.known, shop, token)


async def test_a_card_is_known_by_its_token_to_its_shop(ledger: Ledger) -> None:
    assert await known(ledger) == PaidCard()
    await ledger.write(cards.remember, "361", CARD, NOW)
    assert await known(ledger) == KNOWN  # neither token nor name
    assert await known(ledger, "362") == PaidCard()
    assert await known(ledger, token=TOKEN + "x") == PaidCard()


@pytest.mark.parametrize(
    ("stated", "then"),
    [
        ({"brand": None, "last_4": None, "exp_month": None, "exp_year": None}, {}),
        ({"exp_month": 9, "exp_year": 2031}, {"exp_month": 9, "exp_year": 2031}),
    ],
)
async def test_what_is_stated_later(
    ledger: Ledger, stated: dict[str, Any], then: dict[str, Any]
) -> None:
    """A renewed card keeps its token; what is left out stays."""
    await ledger.write(cards.remember, "361", CARD, NOW)
    await ledger.write(cards.remember, "361", msgspec.structs.replace(CARD, **stated), NOW + 1)
    assert await known(ledger) == msgspec.structs.replace(KNOWN, **then)


async def test_without_a_token_nothing_is_kept(ledger: Ledger) -> None:
    await ledger.write(cards.remember, "361", msgspec.structs.replace(CARD, token=None), NOW)
    assert await known(ledger) == PaidCard()


async def test_the_token_is_not_there(ledger: Ledger) -> None:
    await ledger.write(cards.remember, "361", CARD, NOW)
    rows = await ledger.read(
        lambda conn: [list(row) for row in conn.execute(schema.cards.select())]
    )
    assert rows
    assert TOKEN not in repr(rows)
