"""The code blocks of the documents, run as a reader would: in order, in one folder.

A fence says the language and, where other blocks build on it, a file name: ```python verify.py.

sh           with what the blocks before it exported; a command that fails fails the block
python, php, js   as a program; one with a file name is saved under it for those that follow.
             Packages of JavaScript are those of tests/node; PHP's one is where
             STANDARD_WEBHOOKS_PHP says, else what needs it is only parsed
json, toml   must be readable
others       are pictures (text, html): nothing runs them here, so nothing runnable may hide there
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.support.node import node_modules

FENCE: Final = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```\s*$", re.MULTILINE | re.DOTALL)
SECONDS: Final = 60.0
PICTURES: Final = frozenset({"text", "html", "http", "mermaid", ""})
SAVED: Final = "exported.sh"
PACKAGE: Final = re.compile(r'(?m)^import .* from "([a-z][a-z-]*)"')
AUTOLOAD: Final = "vendor/autoload.php"
PHP_LIBRARY: Final = "STANDARD_WEBHOOKS_PHP"


class Block(NamedTuple):
    """`line` is that of the fence, counted from 1."""

    document: Path
    line: int
    language: str
    name: str
    code: str

    @property
    def where(self) -> str:
        return f"{self.document.name}:{self.line}"


def blocks(document: Path) -> list[Block]:
    text = document.read_text()
    found = []
    for match in FENCE.finditer(text):
        language, _, name = match[2].strip().partition(" ")
        indent = match[1]
        code = "".join(line.removeprefix(indent) for line in match[3].splitlines(keepends=True))
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(document, line, language, name.strip(), code))
    return found


class Desk:
    """A reader's folder. `given` are environment variables; `instead` replaces what stands in the
    documents for the reader's own: addresses, mostly."""

    def __init__(
        self, folder: Path, given: Mapping[str, str], instead: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self._instead = dict(instead or {})
        beside = str(Path(sys.executable).parent)  # where the command checkout is
        self._env = {
            "PATH": os.pathsep.join([beside, os.environ["PATH"]]),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            **given,
        }
        (folder / SAVED).write_text("")

    def run(self, block: Block) -> str:
        """What it prints. Skips loudly where its language is missing; fails if the block does."""
        return RUNNERS[block.language](self, block, self._code(block))

    def save(self, block: Block) -> None:
        """Write a program into the folder, for blocks that start it."""
        self.file(block, self._code(block), "")

    def _code(self, block: Block) -> str:
        code = block.code
        for written, real in self._instead.items():
            code = code.replace(written, real)
        return code

    def command(self, block: Block, *words: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            words, cwd=self.folder, env=self._env, input=stdin, timeout=SECONDS,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = f"{block.where}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, said
        return done.stdout

    def file(self, block: Block, code: str, ending: str) -> str:
        name = block.name or f"block-{block.line}{ending}"
        (self.folder / name).write_text(code)
        return name


def needed(program: str) -> str:
    """Its path; without it, as where a distribution lacks it, the test is skipped, loudly."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"*** NO {program.upper()}: the blocks of the documents in it do not run ***")
    return path


def _shell(desk: Desk, block: Block, code: str) -> str:
    if "curl" in code:
        needed("curl")
    script = (
        f". ./{SAVED}\nset -eu\n{code}\nexport -p | grep -v -e ' PWD=' -e ' OLDPWD=' > {SAVED}\n"
    )
    return desk.command(block, needed("sh"), "-c", script)


def _python(desk: Desk, block: Block, code: str) -> str:
    return desk.command(block, sys.executable, "-W", "error", desk.file(block, code, ".py"))


def _node(desk: Desk, block: Block, code: str) -> str:
    if packages := set(PACKAGE.findall(code)):
        link = desk.folder / "node_modules"
        if not link.exists():
            link.symlink_to(node_modules(*packages))
    return desk.command(block, needed("node"), desk.file(block, code, ".mjs"))


def _php(desk: Desk, block: Block, code: str) -> str:
    options = ["-d", "display_errors=stderr", "-d", "error_reporting=-1"]
    file = desk.file(block, code, ".php")
    if AUTOLOAD in code and not _with_library(desk):
        options += ["-l"]  # without the library it can be read, and no more
    return desk.command(block, needed("php"), *options, file)


def php_library() -> Path | None:
    """The folder libraries/php of standard-webhooks/standard-webhooks, where there is one."""
    found = os.environ.get(PHP_LIBRARY)
    return Path(found).resolve() if found else None


def _with_library(desk: Desk) -> bool:
    """Put it where Composer would; its registry isn't asked."""
    library = php_library()
    if library is not None:
        (desk.folder / "vendor").mkdir(exist_ok=True)
        (desk.folder / AUTOLOAD).write_text(f"<?php require '{library}/init.php';\n")
    return library is not None


def _json(_desk: Desk, block: Block, code: str) -> str:
    try:
        json.loads(code)
    except ValueError as error:
        raise AssertionError(f"{block.where}: {error}") from None
    return code


def _toml(_desk: Desk, block: Block, code: str) -> str:
    try:
        tomllib.loads(code)
    except ValueError as error:
        raise AssertionError(f"{block.where}: {error}") from None
    return code


def _picture(_desk: Desk, block: Block, code: str) -> str:
    return code


RUNNERS: Final[dict[str, Callable[[Desk, Block, str], str]]] = {
    "sh": _shell,
    "python": _python,
    "js": _node,
    "php": _php,
    "json": _json,
    "toml": _toml,
    **dict.fromkeys(PICTURES, _picture),
}
