"""Look-ups of hosts' names that hang for some, and are counted."""

from __future__ import annotations

import threading
from collections import Counter


class HangingNames:
    """Names with `hanging` in them come to nothing until `let` is set, those with `wrong` are not
    found, all others lead to `address`."""

    def __init__(self, address: str) -> None:
        self.let = threading.Event()
        self.looked = Counter[str]()
        self._address = address

    def __call__(self, host: str, _port: int) -> list[str]:
        self.looked[host] += 1
        if "hanging" in host:
            self.let.wait(30)
        if "wrong" in host:
            raise OSError("no such name")
        return [self._address]
