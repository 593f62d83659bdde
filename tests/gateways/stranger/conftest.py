"""The kit's own assertions are to explain themselves here too."""

import pytest

pytest.register_assert_rewrite("tests.gateways.kit", "tests.gateways.replay")
