"""What every test shares. Tests marked `browser` need Chromium: CHECKOUT_CHROMIUM names it.

CHECKOUT_POSTGRES names the folder of PostgreSQL's programs: a server of the run's own is started,
which all its processes share. CHECKOUT_TEST_POSTGRES names one that runs already.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings

from checkout.local_servers import new_pair
from tests.support.databases import BACKENDS, postgres_databases
from tests.support.postgres import PROGRAMS, postgres_server

# The kit's own assertions are to explain themselves too, whichever test is the first to import it.
pytest.register_assert_rewrite("tests.gateways.kit", "tests.gateways.replay")

# A slow machine is no failure.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def pem() -> str:
    """A shop's private key."""
    return new_pair()[0]


def pytest_configure(config: pytest.Config) -> None:
    """The server for tests on PostgreSQL; the processes of pytest-xdist find it named."""
    until_the_end = ExitStack()
    config.add_cleanup(until_the_end.close)
    if not os.environ.get("CHECKOUT_TEST_POSTGRES"):
        if not PROGRAMS:
            if os.environ.get("CI") == "true":
                pytest.exit("CHECKOUT_POSTGRES is not set: PostgreSQL would not be tested", 1)
            return
        server = until_the_end.enter_context(postgres_server(tied=True))
        os.environ["CHECKOUT_TEST_POSTGRES"] = server.url()
    until_the_end.callback(lambda: postgres_databases().remove())


def pytest_report_header() -> str:
    return f"databases: {', '.join(BACKENDS)}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The longest first, lest one process of pytest-xdist goes on alone at the end.
    items.sort(key=lambda item: "storm" not in item.path.parts)
    if os.environ.get("CHECKOUT_CHROMIUM"):
        return
    if os.environ.get("CI") == "true":
        pytest.exit("CHECKOUT_CHROMIUM is not set: the browser tests would not run", returncode=1)
    skip = pytest.mark.skip(reason="no Chromium: set CHECKOUT_CHROMIUM to its path")
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(skip)
