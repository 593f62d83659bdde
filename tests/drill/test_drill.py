"""`checkout drill`: the sample shop passes, and a shop with a mistake fails where it should."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkout.drill.checks import Patience
from checkout.drill.run import Result, drill, open_servers
from checkout.drill.scenarios import SCENARIOS
from checkout.drill.shop import Shop, Unusable
from checkout.local_servers import SHOP, LocalServers, new_keys
from checkout.settings import Settings
from tests.cli.conftest import Run, answered
from tests.cli.conftest import run as run  # the fixture
from tests.drill.faulty_shop import MISTAKES, FaultyShop, serve
from tests.support.servers import free_ports

NAMES = [each.name for each in SCENARIOS]


def ports() -> list[object]:
    options = ("--port", "--sandbox-port", "--shop-port")
    return [word for pair in zip(options, free_ports(3), strict=True) for word in pair]


def test_the_sample_shop_passes(run: Run) -> None:
    found = answered(run("drill", "--demo", "--json", "--quiet", "0.02", *ports()))
    assert found["passed"] is True
    assert [each["name"] for each in found["disasters"]] == NAMES
    for each in found["disasters"]:
        assert each["passed"]
        assert each["error"] is None
        # Each of them tells that money came, and that the goods went once.
        last = each["checks"][-1]
        assert last["did"] == "paid, handed over once", each


# --- A shop with one mistake --------------------------------------------------------------------

FAILS: dict[str, set[str]] = {
    "": set(),
    "trusts the return": {"return-tampered"},
    "asks by the return's token": {"return-tampered"},
    "needs the return": {
        "tab-closed",
        "notification-doubled",
        "notification-forged",
        "declined-then-paid",
        "notification-first",
        "refund-first",
    },
    "ships at each notification": {"notification-doubled"},
    "ships at each return": {"notification-first", "returned-twice"},
    "checks no signature": {"notification-forged"},
    "believes the last notification": {"notification-reordered"},
    "takes any success for paid": {"refund-first"},
    "looks at the number alone": {"payment-alike"},
    "compares no token": {"payment-alike"},
    "takes unpaid ends for final": {"declined-then-paid", "paid-after-expiry"},
    "shows an error at the return": {"notification-first", "notification-late", "returned-twice"},
    "answers 500 to what it knows": {"notification-doubled", "notification-reordered"},
}
SLOW = {
    "notification-reordered",
    "paid-after-expiry",
    "notification-forged",
    "payment-alike",
    "return-tampered",
}
"""Left out where a mistake has nothing to do with them."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalServers, Settings]]:
    port, sandbox_port, shop_port = free_ports(3)
    servers = LocalServers(
        folder=tmp_path_factory.mktemp("drill"),
        shop=f"http://127.0.0.1:{shop_port}",
        checkout=f"http://127.0.0.1:{port}",
        sandbox=f"http://localhost:{sandbox_port}",
        keys=new_keys(),
    )
    with open_servers(servers, "127.0.0.1", port, sandbox_port) as settings:
        yield servers, settings


@pytest.fixture(scope="module")
def faulty_shop(servers: tuple[LocalServers, Settings]) -> Iterator[FaultyShop]:
    where, _ = servers
    keys, port = where.keys, int(where.shop.rpartition(":")[2])
    with serve(FaultyShop(where.checkout, SHOP, keys.secret_key, keys.public_key), port) as shop:
        yield shop


async def drilled(
    shop: FaultyShop, servers: tuple[LocalServers, Settings], names: set[str]
) -> list[Result]:
    return await drill(
        Shop(
            start=f"{shop.url}/start",
            state=f"{shop.url}/state/{{tracking_id}}",
            status_field="order.state",
            fulfilled_field="order.sent",
        ),
        servers[1],
        servers[0].sandbox,
        scenarios=[each for each in SCENARIOS if each.name in names],
        patience=Patience(most=0.2, quiet=0.02),
    )


def test_every_mistake_has_its_row() -> None:
    assert set(FAILS) == {"", *MISTAKES}
    assert set().union(*FAILS.values()) == set(NAMES)  # and every disaster catches one


@pytest.mark.parametrize("mistake", FAILS, ids=lambda name: name or "none")
async def test_a_mistake_fails_where_it_should(
    mistake: str, servers: tuple[LocalServers, Settings], faulty_shop: FaultyShop
) -> None:
    faulty_shop.mistake = mistake
    played = set(NAMES) - (SLOW - FAILS[mistake] if mistake else set())
    results = await drilled(faulty_shop, servers, played)
    assert [result.error for result in results] == [None] * len(played)
    assert {result.scenario.name for result in results if not result.passed} == FAILS[mistake]


async def test_what_the_shop_did_is_told(
    servers: tuple[LocalServers, Settings], faulty_shop: FaultyShop
) -> None:
    faulty_shop.mistake = "ships at each notification"
    (result,) = await drilled(faulty_shop, servers, {"notification-doubled"})
    wrong = [check for check in result.checks if not check.passed]
    assert (wrong[0].should, wrong[0].did) == (
        "paid, handed over once",
        "paid, handed over 2 times",
    )


# --- What can't be used -------------------------------------------------------------------------


def test_nothing_to_drill(run: Run, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    said = run("drill", "--keys", keys)
    assert said.exit_code == 2
    assert "--start and --state" in said.output
    assert keys.stat().st_mode & 0o777 == 0o600
    keys.write_text("{")
    assert run("drill", "--keys", keys).exit_code == 2
    assert run("drill", "--only", "nonsense").exit_code == 2


def test_settings_to_point_the_shop_to(run: Run, tmp_path: Path) -> None:
    """The same at every run."""
    keys = tmp_path / "keys.json"
    asked = ("drill", "--show-settings", "--keys", keys, "--port", 9001)
    first = json.loads(run(*asked, "--json").stdout)
    assert first["checkout_url"] == "http://127.0.0.1:9001"
    assert first["shop_id"] == SHOP
    again = run(*asked, "--public-url", "https://tunnel.example.com/").stdout
    assert re.findall(r"\S+$", again, re.MULTILINE) == [
        "https://tunnel.example.com", SHOP, first["secret_key"], first["public_key"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "state", "said"),
    [
        ("{shop}/nowhere", "{shop}/state/1", "can't be asked"),
        ("false", "{shop}/state/1", "false ended with 1"),
        ("no-such-program", "{shop}/state/1", "no-such-program can't be run"),
        ("echo https://elsewhere.example.com/", "{shop}/state/1", "is the shop pointed to"),
        ("{shop}/start", "echo {{}}", "--state: the answer has no text at status: {}"),
        ("{shop}/start", 'echo \'{{"status": "paid"}}\'', "is 'paid' already"),
        ("{shop}/start", "{shop}/start", "--state"),
    ],
    ids=[
        "nobody there",
        "command fails",
        "no command",
        "elsewhere",
        "no state",
        "paid already",
        "state is no state",
    ],
)
async def test_a_shop_that_can_not_be_drilled(
    start: str,
    state: str,
    said: str,
    servers: tuple[LocalServers, Settings],
    faulty_shop: FaultyShop,
) -> None:
    faulty_shop.mistake = ""
    nobody = "http://127.0.0.1:9" if said == "can't be asked" else faulty_shop.url
    shop = Shop(start=start.format(shop=nobody), state=state.format(shop=faulty_shop.url))
    with pytest.raises(Unusable) as error:
        await drill(shop, servers[1], servers[0].sandbox, scenarios=[])
    assert said in str(error.value)


async def test_commands_instead_of_addresses(
    servers: tuple[LocalServers, Settings], faulty_shop: FaultyShop, tmp_path: Path
) -> None:
    """A shop without such addresses is drilled by two scripts of its own."""
    faulty_shop.mistake = ""
    start = tmp_path / "start.py"
    start.write_text(
        "import json, sys, urllib.request as u\n"
        "class Stay(u.HTTPRedirectHandler):\n"
        "    def redirect_request(self, *a): return None\n"
        "try: u.build_opener(u.ProxyHandler({}), Stay).open(sys.argv[1], b'')\n"
        "except u.HTTPError as e: print(json.dumps({'checkout': {'redirect_url':"
        " e.headers['Location']}}))\n"
    )
    state = tmp_path / "state.py"
    state.write_text(
        "import json, os, sys, urllib.request as u\n"
        "assert os.environ['CHECKOUT_TRACKING_ID'] == sys.argv[1].rpartition('/')[2]\n"
        "said = u.build_opener(u.ProxyHandler({})).open(sys.argv[1]).read()\n"
        "print(json.dumps({'status': json.loads(said)['order']['state'].upper()}))\n"
    )
    shop = Shop(
        start=f"{sys.executable} {start} {faulty_shop.url}/start",
        state=f"{sys.executable} {state} {faulty_shop.url}/state/{{tracking_id}}",
        paid=frozenset({"PAID"}),
    )
    (result,) = await drill(
        shop,
        servers[1],
        servers[0].sandbox,
        scenarios=SCENARIOS[:1],
        patience=Patience(most=5, quiet=0),
    )
    assert result.passed
    assert result.checks[-1].should == "paid"  # nothing is told of handing over
