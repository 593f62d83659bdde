"""docs/shops.md: its commands run, in their order, as it says."""

from __future__ import annotations

import shlex
from pathlib import Path

import structlog
from click.testing import CliRunner

from checkout.cli import main
from checkout.fresh_keys import new_secret
from tests.support.document_blocks import blocks
from tests.support.servers import ROOT
from tests.web.settings import write_usual_settings


def test_its_commands_run(tmp_path: Path, pem: str) -> None:
    document = ROOT / "docs" / "shops.md"
    found = blocks(document)
    (setting,) = (block.code.strip() for block in found if block.language == "toml")
    config = write_usual_settings(tmp_path, pem, sandbox="http://127.0.0.1:9", top=setting)
    environ = {"CHECKOUT_CONFIG": str(config), "CHECKOUT_SHOPS_KEY": new_secret()}
    said = []
    lines = "".join(block.code for block in found if block.language == "sh").splitlines()
    for line in lines:
        name, *words = shlex.split(line)
        assert name == "checkout"
        done = CliRunner().invoke(main, words, env=environ, catch_exceptions=False)
        structlog.reset_defaults()
        assert done.exit_code == 0, (line, done.output)
        said.append(done.stdout)
    assert len(said) == 8
    assert "secret_key" in said[0]
