"""What a figure has to reach, and when it is not judged."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from bench.figures import CORES, HALF, Figure, by_cpu, crowded, median_ratio, percentile
from bench.others import MOST, Watch


@pytest.mark.parametrize(
    ("figure", "met", "half"),
    [
        (Figure("rate", 0.02, least=0.02), True, True),
        (Figure("rate", 0.011, least=0.02), False, True),
        (Figure("rate", 0.009, least=0.02), False, False),
        (Figure("time", 10, "ms", most=10), True, True),
        (Figure("time", 19, "ms", most=10), False, True),
        (Figure("time", 21, "ms", most=10), False, False),
        (Figure("only shown", 1e9), True, True),
    ],
)
def test_a_target_is_met_or_half_of_it(figure: Figure, *, met: bool, half: bool) -> None:
    assert figure.met() is met
    assert figure.met(HALF) is half
    assert figure.verdict() == ("" if not figure.target else "met" if met else "MISSED")


def test_what_needs_more_cores_is_shown_and_not_judged() -> None:
    assert not crowded(CORES)
    figure = Figure("workers", 0.1, least=2, unjudged=crowded(CORES + 1))
    assert figure.met()
    assert figure.verdict() == f"needs {CORES + 1} cores, here {CORES}"


@pytest.mark.parametrize(("share", "missed"), [(MOST, 3), (MOST + 0.01, 1)])
def test_on_a_busy_machine_only_what_is_steady_is_judged(
    share: float, missed: int, watched: Callable[[float], Watch]
) -> None:
    slow = [
        Figure("time", 9, "ms", most=1),
        Figure("ratio", 1, least=9),
        Figure("bytes", 9, "kB", most=1, steady=True),
        Figure("shown", 9, "s"),
    ]
    judged = watched(share).judged(slow)
    assert sum(not each.met() for each in judged) == missed
    assert not judged[2].met()
    assert not judged[-1].verdict()


def test_a_process_of_ours_is_no_other_once_it_has_ended() -> None:
    watch = Watch()
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    with subprocess.Popen([sys.executable, "-c", burn], stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.read()
        unknown = watch.share()
        child.wait()
        assert watch.share() < unknown * 0.99


@pytest.fixture
def watched() -> Callable[[float], Watch]:
    class Watched(Watch):
        taken = 0.0

        def share(self) -> float:
            return self.taken

    def of(share: float) -> Watch:
        watch = Watched()
        watch.taken = share
        return watch

    return of


def test_percentiles_and_ratios_of_rounds() -> None:
    values = [float(each) for each in range(100, 0, -1)]
    assert percentile(values, 0.5) == 51
    assert percentile(values, 0.99) == 100
    assert percentile([7.0], 0.99) == 7
    assert median_ratio([10, 20, 900], [10, 10, 10]) == 2


def test_what_costs_twice_as_much_has_half_the_rate() -> None:
    (figure,) = by_cpu([0.2, 0.4], [0.1, 0.2], least=0.6)
    assert figure.value == 0.5
    assert not figure.met()
    assert figure.met(HALF)
    assert not list(by_cpu([0.0, 0.0], [0.0, 0.0], least=0.6))
