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
        return spec_from_loader(fullname, self, is_package=self.place(fullname).is_dir())

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ == self.name:
            return
        place = self.place(module.__name__)
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        code = self.text(file).replace(ROOM, self.name)
        exec(compile(code, f"{self.name}/{file.relative_to(FILES)}", "exec"), module.__dict__)

    def place(self, module: str) -> Path:
        return FILES.joinpath(*module.split(".")[1:])

    def text(self, file: Path) -> str:
        code = file.read_text()
        if self.mutant is None or file != FILES / f"{self.mutant.file}.py":
            return code
        assert code.count(self.mutant.old) == 1, f"{file} has changed: {self.mutant.says}"
        return code.replace(self.mutant.old, self.mutant.new)


@contextmanager
def copied(adapter: str, mutant: Mutant | None = None) -> Iterator[Adapter]:
    """The adapter, as it is or as a mutant of it, while this lasts."""
    copy = Copy(f"copy_of_gateways_{next(_NUMBERS)}", mutant)
    sys.meta_path.insert(0, copy)
    try:
        sys.modules[f"{copy.name}.base"] = base
        family = importlib.import_module(f"{copy.name}.{adapter.partition('_')[0]}")
        module = family.ADAPTERS[adapter]
        yield Adapter(module.Options, module.gateway)
    finally:
        sys.meta_path.remove(copy)
        for name in [name for name in sys.modules if name.partition(".")[0] == copy.name]:
            del sys.modules[name]
