"""What counts as one address: an IPv4 one, of IPv6 the whole /64."""

from __future__ import annotations

import pytest

from checkout.identifiers import fitting
from checkout.model.client_network import LONGEST, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
        ("192.0.2.07", "192.0.2.07"),
        ("x" * 1000, fitting("x" * 1000, LONGEST)),
        ("x" * LONGEST, "x" * LONGEST),
    ],
    ids=lambda value: value[:24] or "none",
)
def test_the_network_of_an_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_whole_network_counts_as_one() -> None:
    assert len({network_of(f"2001:db8::{n:x}:{n:x}") for n in range(1000)}) == 1
    assert len({network_of(f"192.0.2.{n}") for n in range(256)}) == 256
