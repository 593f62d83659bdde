"""The script that runs the vendor's PHP suite: over a small suite of ours, and over the vendor's
own where `CHECKOUT_VENDOR_SUITE` names a checkout of it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import httpx
import pytest

from checkout.local_servers import Keys
from tools.vendor_suite import (
    RETURN_ORIGIN,
    SEED,
    Figures,
    Shop,
    Site,
    Unusable,
    classes,
    environment,
    figures,
    main,
    phpunit,
    run,
    site,
)

VENDOR_SUITE = os.environ.get("CHECKOUT_VENDOR_SUITE")

KEYS = Keys(secret_key="the-secret", link_key="", private_key="", public_key="the-public-key")
SITE = Site(
    {
        "gatewayBase": "http://localhost:1",
        "checkoutBase": "http://127.0.0.1:2",
        "apiBase": "http://127.0.0.1:2",
    },
    Shop("361", KEYS).environment() | Shop("362", KEYS).environment("_3D"),
)

COMPOSER = {
    "autoload": {"psr-4": {"BeGateway\\": "lib/"}},
    "autoload-dev": {"psr-4": {"Tests\\": "tests/"}},
}
SETTINGS = """<?php
namespace BeGateway;
class Settings
{
    public static $gatewayBase = 'https://gateway.example';
    public static $checkoutBase = 'https://checkout.example';
    public static $apiBase = 'https://api.example';
}
"""
PARENT = r"""<?php
namespace Tests;
abstract class Parental extends \PHPUnit\Framework\TestCase {}
"""
SUITE = r"""<?php
namespace Tests\Deep;
use BeGateway\Settings;
class HostsTest extends \Tests\Parental
{
    public function testTheHostsAreOurs(): void
    {
        $this->assertSame('http://localhost:1', Settings::$gatewayBase);
        $this->assertSame('http://127.0.0.1:2', Settings::$checkoutBase);
        $this->assertSame('http://127.0.0.1:2', Settings::$apiBase);
    }
    public function testTheShopsAreKnown(): void
    {
        $this->assertSame('361', getenv('SHOP_ID'));
        $this->assertSame('the-secret', getenv('SHOP_SECRET_KEY'));
        $this->assertSame('the-public-key', getenv('SHOP_PUB_KEY_3D'));
        $this->assertFalse(getenv('https_proxy'));
    }
    public function testChanceIsAlwaysTheSame(): void
    {
        $drawn = rand(0, 10000);
        mt_srand(SEED);
        $this->assertSame(rand(0, 10000), $drawn);
    }
    public function testThatFails(): void
    {
        $this->assertTrue(FAILS);
    }
}
"""


def small_suite(folder: Path, *, fails: bool) -> Path:
    sdk = folder / "sdk"
    (sdk / "lib").mkdir(parents=True)
    (sdk / "tests" / "Deep").mkdir(parents=True)
    (sdk / "composer.json").write_text(json.dumps(COMPOSER))
    (sdk / "lib" / "Settings.php").write_text(SETTINGS)
    (sdk / "tests" / "Parental.php").write_text(PARENT)
    test = SUITE.replace("SEED", str(SEED)).replace("FAILS", "false" if fails else "true")
    (sdk / "tests" / "Deep" / "HostsTest.php").write_text(test)
    return sdk


has_phpunit = pytest.mark.skipif(
    not (shutil.which("php") and shutil.which("phpunit")), reason="php and phpunit are not here"
)


@has_phpunit
@pytest.mark.parametrize("fails", [True, False])
def test_a_suite_is_run_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """Its classes are found, its hosts are ours, and nothing of it is changed or added to."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    sdk = small_suite(tmp_path, fails=fails)
    before = {path: path.stat().st_mtime_ns for path in sdk.rglob("*")}
    folder = tmp_path / "own"
    folder.mkdir()
    found = run(sdk, SITE, folder)
    assert found == Figures(4, 9, int(fails), 0, 0, 0)
    assert found.passed is not fails
    assert {path: path.stat().st_mtime_ns for path in sdk.rglob("*")} == before


@has_phpunit
def test_options_are_phpunits(tmp_path: Path) -> None:
    found = run(small_suite(tmp_path, fails=True), SITE, tmp_path, ["--filter", "Hosts.*Ours"])
    assert (found.tests, found.passed) == (1, True)


@has_phpunit
def test_a_suite_that_cannot_be_loaded(tmp_path: Path) -> None:
    sdk = small_suite(tmp_path, fails=False)
    (sdk / "lib" / "Settings.php").unlink()
    with pytest.raises(Unusable, match="ended before"):
        run(sdk, SITE, tmp_path)


@pytest.mark.parametrize(
    "composer", [None, "{", "[]", "{}", '{"autoload": null}', '{"autoload": {"psr-4": []}}']
)
def test_what_is_no_checkout(tmp_path: Path, composer: str | None) -> None:
    if composer is not None:
        (tmp_path / "composer.json").write_text(composer)
    with pytest.raises(Unusable, match=r"no checkout of the SDK"):
        classes(tmp_path)


def test_nothing_is_started_for_what_is_no_checkout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no checkout of the SDK" in capsys.readouterr().err


def test_its_servers_start(tmp_path: Path) -> None:
    """With the shops and the addresses that the suite names, whoever has PHP or not."""
    with site(tmp_path) as where:
        ready = httpx.get(f"{where.hosts['checkoutBase']}/health/ready", trust_env=False)
        assert ready.status_code == 200
        order = {"amount": 1, "currency": "EUR", "description": "T", "tracking_id": "1"}
        asked = {
            "transaction_type": "payment", "order": order,
            "settings": {"success_url": f"{RETURN_ORIGIN}/ok", "notification_url": RETURN_ORIGIN},
        }  # fmt: skip
        for suffix in ("", "_3D"):
            shop = (
                where.environment[f"SHOP_ID{suffix}"],
                where.environment[f"SHOP_SECRET_KEY{suffix}"],
            )
            made = httpx.post(
                f"{where.hosts['checkoutBase']}/ctp/api/checkouts",
                json={"checkout": asked}, auth=shop, trust_env=False,
            )  # fmt: skip
            assert made.status_code == 201, made.text


def test_the_suites_own_phpunit_is_taken_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(Unusable, match="php and phpunit are needed"):
        phpunit(tmp_path)
    for name in ("php", "phpunit"):
        (programs / name).write_text("")
        (programs / name).chmod(0o755)
    assert phpunit(tmp_path) == [str(programs / "phpunit")]
    own = tmp_path / "vendor" / "bin" / "phpunit"
    own.parent.mkdir(parents=True)
    own.write_text("")
    assert phpunit(tmp_path) == ["php", str(own)]


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours, without proxies, which would be asked for the hosts on this machine."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SHOP_ID", "of somebody else")
    found = environment(SITE)
    assert found["PATH"] == os.environ["PATH"]
    assert found["SHOP_ID"] == "361"
    assert found["SHOP_SECRET_KEY_3D"] == "the-secret"
    assert "HTTP_PROXY" not in found


ALL = (
    '<testsuite tests="121" assertions="290" errors="0" warnings="0" failures="0" skipped="0">'
    '<testsuite tests="3"/></testsuite>'
)


@pytest.mark.parametrize(
    ("report", "found", "passed"),
    [
        ("", Figures(0, 0, 0, 0, 0, 0), False),
        (ALL, Figures(121, 290, 0, 0, 0, 0), True),
        ('<testsuite tests="2" failures="1"/>', Figures(2, 0, 1, 0, 0, 0), False),
        ('<testsuite tests="2" skipped="1"/>', Figures(2, 0, 0, 0, 0, 1), False),
    ],
    ids=["nothing", "all", "a failure", "one skipped"],
)
def test_figures(tmp_path: Path, report: str, found: Figures, passed: bool) -> None:
    """Only a run in which every test passed has passed."""
    (tmp_path / "report.xml").write_text(f"<testsuites>{report}</testsuites>")
    assert figures(tmp_path / "report.xml") == found
    assert found.passed is passed
    assert str(found).startswith(f"{found.tests} tests, {found.assertions} assertions, ")


@pytest.mark.skipif(
    VENDOR_SUITE is None, reason="CHECKOUT_VENDOR_SUITE names no checkout of the vendor's PHP SDK"
)
def test_the_vendors_suite() -> None:
    assert main([VENDOR_SUITE or ""]) == 0
