"""What the simulated servers write to the log: what went wrong, nothing else."""

from __future__ import annotations

from litestar.logging.config import LoggingConfig

LOGGING = LoggingConfig(log_exceptions="always", configure_root_logger=False)
