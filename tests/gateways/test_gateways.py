"""The adapters there are: ours by their modules, others' by their entry points."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from msgspec import Struct

from checkout.gateways import ADAPTERS, OPTIONS, Adapters, OptionsByName, base, built_in
from checkout.gateways.base import merged
from checkout.model.money import MOST_DECIMALS
from checkout.model.validation.reader import Invalid, Reader
from checkout.settings.accounts import read_account
from tests.gateways.kits import kits
from tests.support.distribution import install, installed

NAMES = sorted(built_in())
CODE = """\
from checkout.gateways import base
from checkout.gateways.base import Constructor
from checkout.gateways.exchanger.gateway import Exchanger


class Options(base.Options, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pin: str


def gateway(options, transport, *, charge_seconds=1.0, query_seconds=1.0):
    raise AssertionError("opened")
"""


def test_every_adapter_runs_the_kit() -> None:
    assert sorted({kit.adapter for kit in kits()}) == NAMES
    assert len(NAMES) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_options(name: str) -> None:
    options = OPTIONS[name]
    assert issubclass(options, base.Options)
    assert options.__struct_config__.forbid_unknown_fields
    assert options.__struct_config__.frozen


def test_merged() -> None:
    assert merged({"a": 1, "b": 2}, {"a": None, "b": 3, "c": False}) == {"a": 1, "b": 3, "c": False}


# Adapters of others


def test_one_of_another_distribution(tmp_path: Path) -> None:
    install(tmp_path, "piggy-gateways", {"piggy": "piggy_code"}, piggy_code=CODE)
    adapters = Adapters()
    assert "piggy" not in adapters
    with installed(tmp_path):
        assert "piggy" in adapters
        assert len(adapters) == len(list(adapters)) == len(NAMES) + 1
        options = OptionsByName(adapters)["piggy"]
    assert issubclass(options, base.Options)
    assert options.__struct_fields__[-1] == "pin"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import no_such_module_here", "ModuleNotFoundError: No module named"),
        ("raise RuntimeError('two\\nlines')", "RuntimeError: two lines"),
        ("def f(:", "SyntaxError"),
        ("x = 1", "must be a module with `Options`"),
        (CODE.replace("def gateway", "def other"), "and `gateway`, which opens an account"),
        (CODE.replace("class Options(base.Options", "class Other(base.Options"), "`Options`"),
    ],
    ids=["import", "error", "syntax", "nothing", "no constructor", "no options"],
)
def test_a_broken_one_is_named_when_it_is_used(tmp_path: Path, code: str, says: str) -> None:
    install(tmp_path, "piggy-gateways", {"piggy": "piggy_broken"}, piggy_broken=code)
    adapters = Adapters()
    with installed(tmp_path):
        assert {"piggy", *NAMES} <= set(adapters)
        assert adapters[NAMES[0]] is built_in()[NAMES[0]]
        assert account(adapters, NAMES[0]).get("gateways.a.adapter") is None
        (said,) = account(adapters, "piggy")["gateways.a.adapter"]
    for words in (says, "piggy-gateways", "piggy_broken"):
        assert words in said
    assert "\n" not in said


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    taken = {"rest": "piggy_taken", "piggy": "piggy_taken"}
    install(tmp_path / "a", "piggy-gateways", taken, piggy_taken=CODE)
    install(tmp_path / "b", "other-gateways", {"piggy": "piggy_taken"})
    adapters = Adapters()
    with installed(tmp_path / "a"), installed(tmp_path / "b"):
        assert len(adapters) == len(NAMES) + 1
        with pytest.raises(Invalid, match="checkout and piggy-gateways each have a gateway"):
            adapters["rest"]
        with pytest.raises(Invalid, match="piggy-gateways and other-gateways each have a gateway"):
            adapters["piggy"]
        assert adapters["exchanger"] is built_in()["exchanger"]
        assert "ambiguous" in account(adapters, "rest")["gateways.a.adapter"][0]


def account(adapters: Adapters, adapter: str) -> dict[str, list[str]]:
    """What is wrong with an account that uses it."""
    fields = Reader({"adapter": adapter, "base_url": "https://x.example"}, shown="gateways.a")
    read_account(fields, "a", OptionsByName(adapters), sandbox=False)
    return fields.problems


async def test_what_is_opened_is_what_was_found(tmp_path: Path) -> None:
    assert set(ADAPTERS) >= set(NAMES)
    assert isinstance(next(iter(OPTIONS.values())), type)
    async with httpx.AsyncHTTPTransport() as transport:
        for kit in kits():
            options = kit.side.options("https://x.example")
            gateway = ADAPTERS[kit.adapter].gateway(options, transport)
            assert isinstance(gateway.capabilities, Struct)
            assert gateway.capabilities.transaction_types
            assert gateway.capabilities.exponents <= set(range(MOST_DECIMALS + 1))
