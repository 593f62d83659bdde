"""Runs the PHPUnit suite of the vendor's own PHP SDK against this checkout and its sandbox:
`python -m tools.vendor_suite /path/to/begateway-api-php`, with php (curl, openssl) and phpunit.

The suite is written against the vendor's hosts. Its files stay as they are: a bootstrap of ours, in
a folder of its own, loads its classes and says where the hosts are. checkout is the host of the
payment page and the one of products; the sandbox is the gateway, to which the suite sends cards.
Exit code: 0 every test passed, 1 one did not, 2 nothing could be run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree

import httpx

from checkout.local_servers import SHOP, Keys, NotStarted, new_keys
from checkout.process import write_private
from tests.support.local_servers import local_servers

PASSED, FAILED, UNUSABLE = 0, 1, 2

RETURN_ORIGIN: Final = "http://www.example.com"
"""Where the suite wants customers to be sent, and its notifications."""

SEED: Final = 1
"""The suite draws its amounts, and 0 is among them, which no gateway takes: with a seed each run is
like the last."""

SECURE_SHOP: Final = "362"
"""The shop that the suite pays with where it expects 3-D Secure."""

OF_SECURE_SHOP: Final = f"""
[shops.{SECURE_SHOP}]
name = "Demo shop with 3-D Secure"
secret_key = "{{secret_key}}"
private_key = "file:shop-{SECURE_SHOP}.pem"
url = "https://shop.example.com"
return_origins = ["{RETURN_ORIGIN}"]
methods = {{{{ credit_card = "cards" }}}}
"""

BOOTSTRAP: Final = r"""<?php
$suite = json_decode(file_get_contents(__DIR__ . '/suite.json'), true);
spl_autoload_register(function (string $class) use ($suite): void {
    foreach ($suite['classes'] as $prefix => $folder) {
        $file = $folder . '/' . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
        if (str_starts_with($class, $prefix) && is_file($file)) {
            require $file;
        }
    }
});
foreach ($suite['hosts'] as $name => $url) {
    BeGateway\Settings::$$name = $url;
}
mt_srand($suite['seed']);
"""


class Unusable(Exception):
    """Why the suite can't be run."""


class Shop(NamedTuple):
    """What the suite knows of a shop."""

    id: str
    keys: Keys

    def environment(self, suffix: str = "") -> dict[str, str]:
        """As the suite's tests read it."""
        return {
            f"SHOP_ID{suffix}": self.id,
            f"SHOP_SECRET_KEY{suffix}": self.keys.secret_key,
            f"SHOP_PUB_KEY{suffix}": self.keys.public_key,
        }


class Site(NamedTuple):
    """`hosts`: the SDK's names for the vendor's hosts -> ours."""

    hosts: Mapping[str, str]
    environment: Mapping[str, str]


class Figures(NamedTuple):
    """What PHPUnit counted."""

    tests: int
    assertions: int
    failures: int
    errors: int
    warnings: int
    skipped: int

    @property
    def passed(self) -> bool:
        return self.tests > 0 and not any(self[2:])

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in self._asdict().items())


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """checkout and the sandbox, with the two shops that the suite knows. Raises NotStarted."""
    secure = Shop(SECURE_SHOP, new_keys())
    write_private(folder / f"shop-{secure.id}.pem", secure.keys.private_key)
    more = OF_SECURE_SHOP.format(secret_key=secure.keys.secret_key)
    with local_servers(folder, more, return_origins=(RETURN_ORIGIN,)) as local:
        # The vendor's demo gateway gives every card's token, asked or not.
        behaviour = {"tokens": "always"}
        told = httpx.post(f"{local.sandbox}/sandbox/behaviour", json=behaviour, trust_env=False)
        told.raise_for_status()
        yield Site(
            {
                "gatewayBase": local.sandbox,
                "checkoutBase": local.checkout,
                "apiBase": local.checkout,
            },
            Shop(SHOP, local.keys).environment() | secure.environment("_3D"),
        )


def run(sdk: Path, where: Site, folder: Path, options: Sequence[str] = ()) -> Figures:
    """PHPUnit over all of the suite, which says itself what it finds. `folder` is for what it needs
    and leaves behind. Raises Unusable."""
    bootstrap, report = folder / "bootstrap.php", folder / "report.xml"
    bootstrap.write_text(BOOTSTRAP)
    suite = {"classes": classes(sdk), "hosts": dict(where.hosts), "seed": SEED}
    (folder / "suite.json").write_text(json.dumps(suite))
    command = [
        *phpunit(sdk),
        *("--no-configuration", "--do-not-cache-result"),
        *("--bootstrap", str(bootstrap), "--log-junit", str(report)),
        *options,
        str(sdk / "tests"),
    ]
    subprocess.run(command, cwd=folder, env=environment(where), check=False)
    if not report.is_file():
        raise Unusable("PHPUnit ended before it had run the suite")
    return figures(report)


def classes(sdk: Path) -> dict[str, str]:
    """Prefix of a class -> folder of its file, as the suite's composer.json has it."""
    try:
        composer = json.loads((sdk / "composer.json").read_text())
        found = {**composer["autoload"]["psr-4"], **composer["autoload-dev"]["psr-4"]}
        return {prefix: str(sdk / folder) for prefix, folder in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise Unusable(f"{sdk} is no checkout of the SDK: no classes in composer.json") from None


def phpunit(sdk: Path) -> list[str]:
    """The suite's own PHPUnit where Composer has put it, else the machine's."""
    own = sdk / "vendor" / "bin" / "phpunit"
    found = shutil.which("phpunit")
    if shutil.which("php") is None or not (own.is_file() or found):
        raise Unusable("php and phpunit are needed; on Debian: apt-get install phpunit php-curl")
    return ["php", str(own)] if own.is_file() else [str(found)]


def environment(where: Site) -> dict[str, str]:
    """No proxy stands between the suite and us."""
    ours = {
        name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")
    }
    return {**ours, **where.environment}


def figures(report: Path) -> Figures:
    """Those of PHPUnit's report, a JUnit file: the outermost suite counts all."""
    whole = ElementTree.parse(report).find("testsuite")
    counts = {} if whole is None else whole.attrib
    return Figures(*(int(counts.get(name, 0)) for name in Figures._fields))


def _log(folder: Path) -> str:
    """What the servers said, if they were started."""
    log = folder / "log"
    return log.read_text() if log.is_file() else ""


def main(arguments: Sequence[str]) -> int:
    parser = ArgumentParser(
        prog="python -m tools.vendor_suite", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("sdk", type=Path, help="a checkout of the SDK")
    parser.add_argument("phpunit", nargs="*", help="options for PHPUnit, after --")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="checkout-suite-") as name:
        folder = Path(name)
        try:
            classes(given.sdk)  # before servers are started
            with site(folder) as where:
                found = run(given.sdk.resolve(), where, folder, given.phpunit)
        except (Unusable, NotStarted) as error:
            print(error, _log(folder), sep="\n", file=sys.stderr)
            return UNUSABLE
    print(found)
    return PASSED if found.passed else FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
