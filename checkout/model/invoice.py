"""An invoice: a payment link that we mail, send reminders of and can cancel."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "inv_"
