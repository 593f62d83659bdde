"""The sites, and a person at each of two browsers, which are started once for all tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import pytest

from tests.browser.sites import NAMES, OTHER_NAMES, Sites, open_sites
from tests.engines.engine import Reader, open_firefox, open_webkit

TOP: Final = "localhost"  # which WebKitGTK resolves by itself
NEEDED: Final = {"firefox": ("firefox-esr",), "webkit": ("WebKitWebDriver", "Xvfb")}


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    with open_sites(tmp_path_factory.mktemp("engines"), TOP) as found:
        yield found


@pytest.fixture(scope="session", params=list(NEEDED))
def reader(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp(request.param)
    missing = [name for name in NEEDED[request.param] if shutil.which(name) is None]
    if missing:
        pytest.skip(f"*** NO {' AND NO '.join(missing)}: nothing is seen in {request.param} ***")
    with ExitStack() as running:
        if request.param == "firefox":
            names = [f"{name}.{TOP}" for name in (*NAMES, *OTHER_NAMES)]
            yield Reader(running.enter_context(open_firefox(folder, names)))
        else:
            yield Reader(running.enter_context(open_webkit(folder)))
