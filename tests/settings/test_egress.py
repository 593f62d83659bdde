"""Where the server itself calls: ports and networks of shops, public hosts of gateways."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from tests.settings.conftest import Problems, Settled

PORTS = "egress_ports = [443]"
NETWORKS = 'notify_networks = ["10.1.2.0/24"]'
GATEWAY = "https://secure.acquirer.example"


def test_ports(settled: Settled, problems: Problems) -> None:
    assert settled((PORTS, "")).egress_ports == {443}
    found = settled((PORTS, "egress_ports = [8443]"), ("/logo.svg", ":8443/logo.svg"))
    assert found.egress_ports == found.shop("361").ports == {443, 8443}
    with_port = ("shop.example.com/logo.svg", "shop.example.com:22/logo.svg")
    assert problems(with_port) == {"shops.361.logo": "must be at port 443"}
    for wrong in ("[0]", "[65536]", "443", '["443"]', "[true]"):
        assert set(problems((PORTS, f"egress_ports = {wrong}"))) == {"egress_ports"}


@pytest.mark.parametrize(
    "wrong",
    ["0.0.0.0/0", "8.8.8.0/24", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "::1", "fe80::/10",
     "2a00:1450::/32", "10.0.0.1/8", "x"],
)  # fmt: skip
def test_networks_that_are_none_of_ours(problems: Problems, wrong: str) -> None:
    told = problems((NETWORKS, f'notify_networks = ["{wrong}"]'))
    assert set(told) == {"notify_networks"}


def test_networks(settled: Settled) -> None:
    assert settled((NETWORKS, "")).notify_networks == ()
    assert settled().notify_networks == (ip_network("10.1.2.0/24"),)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "localhost", "10.0.0.8", "192.168.1.1", "169.254.169.254", "0.0.0.0",
     "[fd00::1]", "[::ffff:10.0.0.1]", "gateway", "gateway.local", "pay.internal", "a.localhost",
     "8.8.8.8.in-addr.arpa"],
)  # fmt: skip
def test_a_gateway_is_public(problems: Problems, host: str) -> None:
    told = problems((GATEWAY, f"https://{host}"))
    assert told == {"gateways.acquirer.base_url": "must be a public host, but while sandbox = true"}


def test_a_gateway_has_tls(problems: Problems) -> None:
    told = problems((GATEWAY, "http://secure.acquirer.example"))
    assert told == {"gateways.acquirer.base_url": "must begin with https://"}
