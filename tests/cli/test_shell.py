"""The manual page and what completes words in a shell: of the commands as they are."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from checkout.cli import COMMANDS, main
from checkout.cli.shell import _text
from tests.cli.conftest import Run
from tests.support.servers import ROOT


def leaves(command: click.Command, path: str) -> list[str]:
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        found += leaves(inner, f"{path} {name}")
    return found


def test_the_manual_has_every_command(run: Run) -> None:
    page = run("man").stdout
    told = re.findall(r"^\.SS (checkout(?: [a-z\\-]+)+) \[OPTIONS\]", page, re.MULTILINE)
    assert [each.replace("\\-", "-") for each in told] == leaves(main, "checkout")
    assert ".B \\-\\-tracking\\-id TEXT\nThe shop's own number, whole." in page
    assert page.startswith('.TH CHECKOUT 1 "" "checkout ')
    assert not re.search(r"^['.](?!TH|ad|SH|SS|TP|B |I )", page, re.MULTILINE)


def test_what_would_be_a_request() -> None:
    assert _text(".so /etc/passwd\\n") == "\\&.so /etc/passwd\\en"


@pytest.mark.skipif(not shutil.which("groff"), reason="no groff")
def test_the_manual_is_set_without_a_warning(run: Run) -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Wbreak", "-Tutf8"], input=run("man").stdout,
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    plain = re.sub(".\x08", "", done.stdout)  # bold is printed twice
    assert "checkout payments list [OPTIONS]" in plain


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_scripts_of_shells(run: Run, shell: str) -> None:
    said = run("completion", shell)
    assert said.exit_code == 0
    assert f"_CHECKOUT_COMPLETE={shell}_complete" in said.stdout


def test_words_are_completed_in_bash(tmp_path: Path) -> None:
    """By bash itself, which calls the command; the first word without importing any of them."""
    shim = tmp_path / "checkout"
    shim.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m checkout "$@"\n')
    shim.chmod(0o755)
    script = """
    eval "$(checkout completion bash)"
    complete_() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
      _checkout_completion checkout; echo "${COMPREPLY[*]}"; }
    complete_ checkout pa
    complete_ checkout payments list --tr
    """
    path = f"{tmp_path}:/usr/local/bin:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-c", script], env={"PATH": path, "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["payments", "--tracking-id"], done.stderr


def test_the_first_word_imports_no_command() -> None:
    code = (
        "import sys, click; from checkout.cli import main\n"
        "context = click.Context(main)\n"
        "print(*[each.value for each in main.shell_complete(context, '')])\n"
        "print([name for name in sys.modules if name.startswith('checkout.cli.')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [" ".join(sorted(COMMANDS)), "[]"]
