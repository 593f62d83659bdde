"""The test of the kit: it is green for what is right, and red for everything that is wrong."""

from __future__ import annotations

import inspect

import pytest

from checkout.gateways import Adapter
from tests.gateways.copies import Mutant, copied
from tests.gateways.kit import Conformance
from tests.gateways.kits import kits
from tests.gateways.mutants import MUTANTS

KITS: dict[str, type[Conformance]] = {kit.adapter: kit for kit in kits()}


async def finds(adapter: Adapter, name: str, test: str) -> str | None:
    """What a test of the kit says against an adapter; None: it is green."""
    right = KITS[name]

    class Kit(right):  # type: ignore[misc, valid-type]
        __module__ = right.__module__  # whose records are beside it
        code = classmethod(lambda cls: adapter)

    kit: type[Conformance] = Kit
    runs = list(kit.calls(test))
    assert runs, f"no run of the kit is called so: {test}"
    for arguments in runs:
        try:
            done = getattr(kit(), test.partition("[")[0])(**arguments)
            if inspect.isawaitable(done):
                await done
        except pytest.skip.Exception:
            continue
        except (AssertionError, pytest.fail.Exception, KeyError) as found:
            return repr(found)  # a KeyError is the adapter's: it raised for what the gateway said
    return None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.adapter}: {mutant.says}")
async def test_every_mutant_is_found(mutant: Mutant) -> None:
    with copied(mutant.adapter, mutant) as adapter:
        for test in mutant.found_by:
            assert await finds(adapter, mutant.adapter, test), f"green: {test}"


@pytest.mark.parametrize("name", KITS)
async def test_what_is_right_is_green(name: str) -> None:
    """By the same tests, run in the same way: it is the change that makes them red."""
    with copied(name) as adapter:
        for test in sorted({t for m in MUTANTS if m.adapter == name for t in m.found_by}):
            assert await finds(adapter, name, test) is None, test


def test_there_are_enough_of_every_kind() -> None:
    assert len(MUTANTS) >= 20
    assert len({mutant.adapter for mutant in MUTANTS}) >= 4
    assert len({(mutant.adapter, mutant.says) for mutant in MUTANTS}) == len(MUTANTS)
    assert sum("refund" in mutant.says for mutant in MUTANTS) >= 5
