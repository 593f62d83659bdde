"""A self-hosted payment page server."""

from importlib.metadata import version

__version__ = version("checkout")
