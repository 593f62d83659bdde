"""Whose address it is: every way in which proxies write one, and what anybody writes beside."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.web.proxies import MOST_HOPS, address_of, read_address, unnamed_proxy

TRUSTED: Final = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
PROXY: Final = "10.0.0.1"


def scope(peer: str | None, *headers: tuple[str, str]) -> dict[str, Any]:
    return {
        "client": (peer, 40000) if peer is not None else None,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }


# --- One address --------------------------------------------------------------------------------

WRITTEN: Final = {
    "203.0.113.9": "203.0.113.9",
    " 203.0.113.9\t": "203.0.113.9",
    "203.0.113.9:5678": "203.0.113.9",
    '"203.0.113.9:5678"': "203.0.113.9",
    "203.0.113.9:_port": "203.0.113.9",
    "2001:db8::1": "2001:db8::1",
    "2001:DB8:0:0:0:0:0:1": "2001:db8::1",
    "[2001:db8::1]": "2001:db8::1",
    "[2001:db8::1]:443": "2001:db8::1",
    '"[2001:db8::1]:443"': "2001:db8::1",
    '"2001:db8::1"': "2001:db8::1",
    "fe80::1%eth0": "fe80::1",
    "[fe80::1%25eth0]:443": "fe80::1",
    "::ffff:203.0.113.9": "203.0.113.9",
    "[::ffff:203.0.113.9]:80": "203.0.113.9",
    "::ffff:cb00:7109": "203.0.113.9",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_how_addresses_are_written(text: str) -> None:
    assert str(read_address(text)) == WRITTEN[text]


@pytest.mark.parametrize(
    "text",
    ["", " ", "unknown", "_hidden", "_SEVKISEK", '""', '"', "[", "[]", "[203.0.113.9]:1",
     "[2001:db8::1]443", "[2001:db8::1", "203.0.113.256", "203.0.113.09", "203.0.113", "localhost",
     "unix:", "1", "0x7f.1", "203.0.113.9/32", "203.0.113.9, 203.0.113.10", "\xa0203.0.113.9",
     "٣.0.113.9", "1" * 200, ":" * 100],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert read_address(text) is None


# --- Several ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ([], PROXY),
        (["203.0.113.9:5678"], "203.0.113.9"),
        (['"[2001:db8::7]:443"'], "2001:db8::7"),
        (["198.51.100.1, 203.0.113.9:5678, 10.2.0.1:80"], "203.0.113.9"),
        (["198.51.100.1", "[2001:db8::7]:1, [fd00::1]:2"], "2001:db8::7"),
        (["203.0.113.9, fe80::1%eth0"], "fe80::1"),
        (["203.0.113.9, unknown"], PROXY),
        (["203.0.113.9, _hidden, 10.2.0.1"], "10.2.0.1"),
        (["203.0.113.9, "], PROXY),
        (["10.2.0.1, 10.3.0.1"], "10.2.0.1"),
    ],
    ids=ascii,
)
def test_x_forwarded_for(headers: list[str], address: str) -> None:
    said = [("X-Forwarded-For", line) for line in headers]
    assert address_of(scope(PROXY, *said), TRUSTED) == address


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        (["for=203.0.113.9"], "203.0.113.9"),
        (["For=203.0.113.9;proto=https;by=10.0.0.1"], "203.0.113.9"),
        (['proto=https; for="203.0.113.9:47011"; host="pay.example.com"'], "203.0.113.9"),
        (['For="[2001:db8:cafe::17]:4711"'], "2001:db8:cafe::17"),
        (["for=198.51.100.1, for=203.0.113.9, for=10.2.0.1"], "203.0.113.9"),
        (["for=198.51.100.1", "for=203.0.113.9"], "203.0.113.9"),
        (["for=203.0.113.9, for=unknown"], PROXY),
        (["for=203.0.113.9, for=_hidden"], PROXY),
        (["for=203.0.113.9, proto=https"], PROXY),
        (["for=203.0.113.9;for=198.51.100.1"], PROXY),
        (["for 203.0.113.9"], PROXY),
        (['for="203.0.113.9'], PROXY),
        (['for="203.0.113.\\9"'], "203.0.113.9"),
        (["", ""], PROXY),
        # What a forger writes stands left of the proxy's, or in a value that the proxy quotes.
        (['for="198.51.100.1, for=203.0.113.9;host="x"'], "203.0.113.9"),
        (['for=203.0.113.9;host="x, for=198.51.100.1"'], "203.0.113.9"),
        (['for=203.0.113.9;host=";for=198.51.100.1"'], "203.0.113.9"),
        (['for=203.0.113.9;host="\\", for=198.51.100.1"'], "203.0.113.9"),
        (['for=203.0.113.9;host="\\\\", for=10.2.0.1'], "203.0.113.9"),
    ],
    ids=ascii,
)
def test_forwarded(headers: list[str], address: str) -> None:
    said = [("Forwarded", line) for line in headers]
    assert address_of(scope(PROXY, *said), TRUSTED) == address


def test_forwarded_counts_alone() -> None:
    """Which of the two a proxy writes is known by its settings; most write X-Forwarded-For."""
    both = [("Forwarded", "for=198.51.100.1"), ("X-Forwarded-For", "203.0.113.9")]
    assert address_of(scope(PROXY, *both), TRUSTED) == "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "address"),
    [("203.0.113.50", "203.0.113.50"), ("::ffff:203.0.113.50", "203.0.113.50"),
     ("2001:db8::5", "2001:db8::5"), ("", ""), (None, "")],
)  # fmt: skip
def test_nobody_else_is_believed(peer: str | None, address: str) -> None:
    said = [("X-Forwarded-For", "198.51.100.1"), ("Forwarded", "for=198.51.100.1")]
    for trusted in ((), TRUSTED):
        assert address_of(scope(peer, *said), trusted) == address


ANYTHING: Final = st.text(st.characters(codec="latin-1"), max_size=60) | st.sampled_from(
    ["198.51.100.1", '"', "\\", "for=198.51.100.1", 'for="', ", ", ";", "[", "unknown", "10.0.0.9"]
)
FORGED: Final = st.lists(st.lists(ANYTHING, max_size=4).map("".join), max_size=4)
CUSTOMERS: Final = st.ip_addresses().filter(
    lambda address: (
        getattr(address, "ipv4_mapped", None) is None
        and not any(address in network for network in TRUSTED)
    )
)


@given(forged=FORGED, customer=CUSTOMERS, own_line=st.booleans(), hops=st.integers(0, 3))
def test_forging_changes_nothing(
    forged: list[str], customer: Any, own_line: bool, hops: int
) -> None:
    """Whatever somebody sends, the proxy adds who that was."""
    chain = [str(customer), *("10.9.0.1" for _ in range(hops))]
    lines = [*forged, ", ".join(chain)] if own_line else [", ".join([*forged, *chain])]
    said = [("X-Forwarded-For", line) for line in lines]
    assert address_of(scope(PROXY, *said), TRUSTED) == str(customer)


@given(forged=FORGED, customer=CUSTOMERS, host=ANYTHING, own_line=st.booleans())
def test_forging_the_other_header_changes_nothing(
    forged: list[str], customer: Any, host: str, own_line: bool
) -> None:
    shown = f"[{customer}]:1" if customer.version == 6 else str(customer)
    quoted = host.replace("\\", "\\\\").replace('"', '\\"')
    ours = f'for="{shown}";host="{quoted}"'
    lines = [*forged, ours] if own_line else [", ".join([*forged, ours])]
    said = [("Forwarded", line) for line in lines]
    assert address_of(scope(PROXY, *said), TRUSTED) == str(customer)


@given(st.lists(st.tuples(st.sampled_from(["X-Forwarded-For", "Forwarded"]), ANYTHING), max_size=5))
def test_it_is_an_address_whatever_comes(headers: list[tuple[str, str]]) -> None:
    ip_address(address_of(scope(PROXY, *headers), TRUSTED))


def test_so_many_hops_are_looked_at() -> None:
    for name, hop in (("X-Forwarded-For", "{}"), ("Forwarded", "for={}")):
        chain = ", ".join(hop.format(each) for each in ["203.0.113.9", *["10.9.0.1"] * MOST_HOPS])
        assert address_of(scope(PROXY, (name, chain)), TRUSTED) == "10.9.0.1"


# --- Proxies that nobody named ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "trusted", "found"),
    [
        ("127.0.0.1", (), "127.0.0.1"),
        ("172.17.0.1", TRUSTED, "172.17.0.1"),
        ("::1", TRUSTED, "::1"),
        ("8.8.8.8", (), ""),  # perhaps a customer's own: it is in no log
        ("8.8.8.8", TRUSTED, None),
        (PROXY, TRUSTED, None),
    ],
)
def test_a_proxy_without_a_name(peer: str, trusted: Any, found: str | None) -> None:
    for header in (("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9")):
        assert unnamed_proxy(scope(peer, header), trusted) == found
    assert unnamed_proxy(scope(peer, ("Via", "1.1 x")), trusted) is None
