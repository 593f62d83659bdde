"""Caches bounded by bytes: what is weighed, what is kept, what goes first."""

from __future__ import annotations

import gc
import json
import threading
import tracemalloc
from typing import Any

import msgspec
import pytest

from checkout.bounded_cache import LARGEST_SHARE, BoundedCache, size_of
from checkout.ledger.rows import order_of, text
from checkout.model.order import Order
from tests.shop_api.checkout_requests import body, read

VALUES: dict[str, Any] = {
    "texts": [f"{n:09d}" * 9 for n in range(2000)],
    "lists": [[] for _ in range(5000)],
    "objects": [{"a": n} for n in range(2000)],
    "nested": {str(n): {"x": [{"y": str(n)}]} for n in range(2000)},
    "not ASCII": ["ä" * n for n in range(300)],
    "Cyrillic": ["ж" * n for n in range(300)],
}


@pytest.mark.parametrize("name", VALUES)
def test_what_is_weighed_is_what_is_taken(name: str) -> None:
    raw = json.dumps(VALUES[name]).encode()
    gc.collect()
    tracemalloc.start()
    value = msgspec.json.decode(raw)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken * 0.9 <= size_of(value) <= taken * 1.5


def test_an_order_is_weighed() -> None:
    meta = {str(n): {"x": n} for n in range(400)}
    terms = [
        text(read(body(**{"order.tracking_id": str(n), "order.additional_data.meta": meta})))
        for n in range(20)
    ]
    decoder = msgspec.json.Decoder(Order)
    gc.collect()
    tracemalloc.start()
    orders = [decoder.decode(each) for each in terms]
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken * 0.8 <= size_of(orders) <= taken * 2


def test_what_is_held_twice_counts_once() -> None:
    text = "x" * 1000
    assert size_of([text] * 100) < 3000
    loop: list[Any] = [text]
    loop.append(loop)
    assert 1000 < size_of(loop) < 2000


def test_what_was_not_asked_for_longest_goes_first() -> None:
    kept = BoundedCache[str, bytes](20_000)
    for name in "abcdefgh":
        kept.put(name, bytes(2000))
    assert kept.get("a") is not None
    for name in "ijklm":
        kept.put(name, bytes(2000))
    assert kept.get("a") is not None
    assert kept.get("b") is None
    assert kept.get("m") is not None
    assert kept.bytes <= kept.most
    assert len(kept) == 9


def test_a_value_that_takes_too_much_is_not_kept() -> None:
    kept = BoundedCache[str, bytes](80_000)
    kept.put("small", bytes(100))
    kept.put("large", bytes(80_000 // LARGEST_SHARE))
    assert kept.get("large") is None
    assert kept.get("small") is not None
    kept.put("small", bytes(80_000))
    assert kept.get("small") is None
    assert kept.bytes == len(kept) == 0


def test_putting_anew_and_dropping() -> None:
    kept = BoundedCache[str, bytes](80_000)
    for size in (100, 200, 300):
        kept.put("a", bytes(size))
    assert (len(kept), kept.bytes) == (1, size_of("a", bytes(300)))
    kept.drop("a")
    kept.drop("a")
    assert (len(kept), kept.bytes) == (0, 0)


def test_several_threads() -> None:
    kept = BoundedCache[int, bytes](50_000)

    def work(seed: int) -> None:
        for step in range(2000):
            key = (seed * 7 + step * 13) % 97
            if kept.get(key) is None:
                kept.put(key, bytes(key * 20))
            if step % 11 == 0:
                kept.drop(key)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    held = sum(size_of(key, value) for key in range(97) if (value := kept.get(key)) is not None)
    assert held == kept.bytes <= kept.most


def test_orders_are_shared_and_bounded() -> None:
    terms = text(read(body(**{"order.additional_data.meta": {"x": 1}})))
    assert order_of(terms) is order_of(str(terms.encode(), "utf-8"))
    assert (
        order_of(terms).raw["order"]
        == read(body(**{"order.additional_data.meta": {"x": 1}})).raw["order"]
    )
