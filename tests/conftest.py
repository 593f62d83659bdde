"""What every test shares. Tests marked `browser` need Chromium: CHECKOUT_CHROMIUM names it."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from checkout.local_servers import new_pair

# The kit's own assertions are to explain themselves too, whichever test is the first to import it.
pytest.register_assert_rewrite("tests.gateways.kit", "tests.gateways.replay")

# A slow machine is no failure.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def pem() -> str:
    """A shop's private key."""
    return new_pair()[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("CHECKOUT_CHROMIUM"):
        return
    if os.environ.get("CI") == "true":
        pytest.exit("CHECKOUT_CHROMIUM is not set: the browser tests would not run", returncode=1)
    skip = pytest.mark.skip(reason="no Chromium: set CHECKOUT_CHROMIUM to its path")
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(skip)
