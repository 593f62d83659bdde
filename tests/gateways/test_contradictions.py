"""An answer that says a thing twice, and not the same: which of the two is meant is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from checkout.gateways.parsing import decode_exact, decode_json
from checkout.gateways.rest import encoding

DECODERS = {
    "any": decode_json,
    "with decimals as text": decode_exact,
    "rest": encoding.decoded,
}


@pytest.mark.parametrize("name", DECODERS)
def test_a_contradiction_is_not_read(name: str) -> None:
    read = DECODERS[name]
    assert read(b'{"transaction":{"status":"failed","status":"successful"}}') is None
    assert read(b'{"amount":100,"amount":1}') is None
    assert read(b'{"a":{"x":"1"},"a":{}}') is None


@pytest.mark.parametrize("name", DECODERS)
def test_the_same_twice_is_no_contradiction(name: str) -> None:
    found: Any = DECODERS[name](b'{"payment":{"status":"failed","test":null,"status":"failed"}}')
    assert found == {"payment": {"status": "failed", "test": None}}


def test_blanks_at_the_end_of_keys_are_this_gateways_way() -> None:
    assert encoding.decoded(b'{"status ":"1","status":"2"}') == {"status": "2"}
