"""No reader takes more than linear time or memory, whatever it is sent.

`make test` tries what is known to be hard, and a few of Hypothesis' own; `make fuzz` goes on for as
many as CHECKOUT_FUZZ says, looking for those that take longest.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings, target
from hypothesis import strategies as st

from tests.fuzz.hostile import FORMS, KNOWN, Hostile, hostile_texts, hostile_values
from tests.fuzz.linear import TooMuch, Work, check
from tests.fuzz.readers import JSONS, MADE, TEXTS, calm

LARGEST: Final = 64 * 1024  # bytes of a request
SIZES: Final = (2048, 8192, 16_384, 32_768, LARGEST)
EXAMPLES: Final = int(os.environ.get("CHECKOUT_FUZZ", "0"))
FEW: Final = 2
MEASURED: Final = 16  # of so many inputs one is tried with its memory, which takes longer
FULL: Final = ("members", "names", "objects")  # what is refused unread where there is much of it

looking: Final = settings(
    max_examples=EXAMPLES or FEW,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.target] if EXAMPLES else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def text_work(name: str, hostile: Hostile) -> Callable[[int], Work]:
    read = calm(TEXTS[name])

    def prepare(size: int) -> Work:
        written = hostile.text(size)
        sent = MADE[name](written) if name in MADE else written
        return lambda: read(sent)

    return prepare


def json_work(name: str, place: str, hostile: Hostile) -> Callable[[int], Work]:
    reader = JSONS[name]

    def prepare(size: int) -> Work:
        sent = reader.raw(place, hostile.value(size))
        return lambda: reader.take(sent)

    return prepare


@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_known_to_be_hard(name: str) -> None:
    for place, hostile in enumerate(KNOWN if EXAMPLES else KNOWN[::2]):
        memory = bool(EXAMPLES) or place % MEASURED == 0
        _checked(text_work(name, hostile), LARGEST, memory, hostile)


@pytest.mark.parametrize("name", JSONS)
def test_json_that_is_known_to_be_hard(name: str) -> None:
    """At its largest, and where all of it is still read; the quick way: each place in a third of
    the forms."""
    for number, place in enumerate(JSONS[name].places):
        for form in FORMS if EXAMPLES else FORMS[number % 3 :: 3]:
            for hostile in KNOWN[:: 16 if EXAMPLES else len(KNOWN)]:
                formed = hostile._replace(form=form)
                for size in (8192, LARGEST) if EXAMPLES or form in FULL else (LARGEST,):
                    memory = bool(EXAMPLES) or number % MEASURED == 0
                    _checked(json_work(name, place, formed), size, memory, formed, place)


@pytest.mark.parametrize("name", TEXTS)
@given(hostile=hostile_texts, size=st.sampled_from(SIZES))
@looking
def test_texts(name: str, hostile: Hostile, size: int) -> None:
    _look(_checked(text_work(name, hostile), size, True, hostile))


@pytest.mark.parametrize("name", JSONS)
@given(data=st.data(), hostile=hostile_values, size=st.sampled_from(SIZES))
@looking
def test_json(name: str, data: st.DataObject, hostile: Hostile, size: int) -> None:
    place = data.draw(st.sampled_from(JSONS[name].places))
    _look(_checked(json_work(name, place, hostile), size, True, hostile, place))


def _checked(prepare: Callable[[int], Work], size: int, memory: bool, *what: Any) -> float:
    try:
        return check(prepare, size, memory=memory)
    except TooMuch as found:
        raise AssertionError(f"{what} of {size}: {found}") from None


def _look(seconds_a_kilobyte: float) -> None:
    """Towards what takes longer."""
    if EXAMPLES:
        target(min(seconds_a_kilobyte, 1.0))


# --- The fuzzer itself -----------------------------------------------------------------------


def quadratic(size: int) -> Work:
    items = list(range(size // 4))
    return lambda: sum(len(items[place:]) for place in range(len(items)))


def hoarding(size: int) -> Work:
    return lambda: ["x" * place for place in range(size // 16)]


def heavy(size: int) -> Work:
    return lambda: sum(divmod(place, 7)[0] for place in range(size * 60))


@pytest.mark.parametrize("prepare", [quadratic, hoarding, heavy])
def test_what_is_not_linear_or_too_heavy_is_found(prepare: Callable[[int], Work]) -> None:
    with pytest.raises(TooMuch):
        check(prepare, LARGEST // 2)


def test_what_is_linear_is_let_be() -> None:
    check(lambda size: lambda: [str(place) for place in range(size // 2)], LARGEST)
    check(lambda size: lambda: dict.fromkeys(range(size // 3)), LARGEST)
