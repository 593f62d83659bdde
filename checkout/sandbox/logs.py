"""What the simulated servers write to the log: what went wrong in them, nothing else."""

from __future__ import annotations

from litestar.logging.config import LoggingConfig

LOGGING = LoggingConfig(
    log_exceptions="always",
    disable_stack_trace={400, 404, 405, 413},  # the caller's mistakes
    configure_root_logger=False,
)
