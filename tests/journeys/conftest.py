"""The fixtures stand in plugin.py, as browser/ shares them: one set of servers for both."""

import pytest

from tests.journeys import plugin


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.is_registered(plugin):
        config.pluginmanager.register(plugin)
