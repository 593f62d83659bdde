"""The fixtures stand in journeys/plugin.py: one set of servers for journeys/ and browser/."""

import pytest

pytest.register_assert_rewrite(
    "tests.browser.accessibility",
    "tests.journeys.shopper",
    "tests.journeys.servers",
    "tests.journeys.plugin",
)

from tests.journeys import plugin  # noqa: E402


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.is_registered(plugin):
        config.pluginmanager.register(plugin)
