"""An adapter's own source compiled anew, as it is or with one text replaced: no module of ours is
touched."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple

import checkout.gateways
from checkout.gateways import Adapter, base

ROOM: Final = "checkout.gateways"
FILES: Final = Path(checkout.gateways.__file__).parent
_NUMBERS: Final = count(1)


class Mutant(NamedTuple):
    """`says`: what is wrong. `file`: whose text `old` becomes `new`, where it stands once."""

    says: str
    adapter: str
    file: str
    old: str
    new: str
    found_by: tuple[str, ...]


class Copy(MetaPathFinder, Loader):
    """The room of the gateways once more, under another name and with one file changed. What all
    gateways are (`base`) stays the same, or nothing would know them for gateways."""

    def __init__(self, name: str, mutant: Mutant | None) -> None:
        self.name = name
        self.mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.name and not fullname.startswith(f"{self.name}."):
            return None
        return spec_from_loader(fullname, self, is_package=fullname == self.name)

    def exec_module(self, module: ModuleType) -> None:
        _, _, file = module.__name__.partition(".")
        if not file:
            return
        if file == "base":
            sys.modules[module.__name__] = base
            return
        code = self.text(file).replace(ROOM, self.name)
        exec(compile(code, f"{self.name}/{file}.py", "exec"), module.__dict__)

    def text(self, file: str) -> str:
        code = (FILES / f"{file}.py").read_text()
        if self.mutant is None or self.mutant.file != file:
            return code
        assert code.count(self.mutant.old) == 1, f"{file}.py has changed: {self.mutant.says}"
        return code.replace(self.mutant.old, self.mutant.new)


@contextmanager
def copied(adapter: str, mutant: Mutant | None = None) -> Iterator[Adapter]:
    """The adapter, as it is or as a mutant of it, while this lasts."""
    copy = Copy(f"copy_of_gateways_{next(_NUMBERS)}", mutant)
    sys.meta_path.insert(0, copy)
    try:
        module = importlib.import_module(f"{copy.name}.{adapter}")
        yield Adapter(module.Options, module.gateway)
    finally:
        sys.meta_path.remove(copy)
        for name in [name for name in sys.modules if name.partition(".")[0] == copy.name]:
            del sys.modules[name]
