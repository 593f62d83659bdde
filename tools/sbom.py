"""The software bill of materials of a wheel, as CycloneDX 1.6 in JSON: `tools/sbom.py WHEEL`.

Read from the lock files: every distribution with its version, the hashes of its published files
and who needs it; and what stands in static/vendor, with the hashes of the files as shipped. The
licenses are those of what is installed beside this script. The same wheel and locks make the same
document.
"""

from __future__ import annotations

import hashlib
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, metadata
from os import environ
from pathlib import Path
from zipfile import ZipFile

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).resolve().parents[1]
RUNTIME, WITH_EXTRAS = ROOT / "requirements.txt", ROOT / "requirements-postgresql.txt"
VENDOR = ROOT / "static" / "vendor"
SUMS = VENDOR / "SHA256SUMS"
# What a vendored file is called where it is published, and under which license.
VENDORED = {"htmx": ("htmx.org", "0BSD"), "hx-csp": ("htmx.org", "0BSD")}
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
ITSELF = "checkout"


@dataclass
class Locked:
    name: str
    version: str
    hashes: list[str]  # SHA-256
    needed_by: list[str]


def locked(lock: Path) -> Iterator[Locked]:
    text = lock.read_text()
    pins = list(PIN.finditer(text))
    for pin, following in zip(pins, [*pins[1:], None], strict=True):
        block = text[pin.end() : following.start() if following else len(text)]
        hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", block)
        said = block.partition("# via")[2].replace("#", "").split("\n")
        names = [line.strip().partition(" ")[0] for line in said]
        yield Locked(pin[1], pin[2], hashes, [name for name in names if name])


def sha256(digest: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=digest)


def licenses(found: Message) -> Iterator[License]:
    """Of a distribution's metadata: the expression, else the classifiers, else its own words."""
    factory = LicenseFactory()
    if expression := found.get("License-Expression"):
        yield factory.make_from_string(expression)
        return
    prefix = "License :: OSI Approved :: "
    named = [each.removeprefix(prefix) for each in found.get_all("Classifier", [])
             if each.startswith(prefix)]  # fmt: skip
    own = (found.get("License") or "").strip()
    if not named and own and "\n" not in own and len(own) < 60:
        named = [own]
    for each in named:
        yield factory.make_with_name(each)


def library(each: Locked, runtime: set[str]) -> Component:
    purl = PackageURL("pypi", name=each.name, version=each.version)
    try:
        installed = metadata(each.name)
        assert isinstance(installed, Message)
        known = list(licenses(installed)) if installed["Version"] == each.version else []
    except PackageNotFoundError:  # of another platform
        known = []
    # One of these files is installed, which one depends on the platform.
    published = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(str(purl)),
        hashes=[sha256(digest) for digest in each.hashes],
        comment="the hashes of the published files, of which pip accepts no other",
    )
    return Component(
        type=ComponentType.LIBRARY,
        name=each.name,
        version=each.version,
        purl=purl,
        bom_ref=str(purl),
        licenses=known,
        scope=ComponentScope.REQUIRED if each.name in runtime else ComponentScope.OPTIONAL,
        external_references=[published],
    )


def vendored() -> Iterator[Component]:
    for line in SUMS.read_text().splitlines():
        digest, name = line.split()
        if hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() != digest:
            sys.exit(f"{name} is not what {SUMS.name} says")
        stem, version = re.fullmatch(r"(.+)-([0-9.]+)\.min\.js", name).groups()  # type: ignore[union-attr]
        package, license_id = VENDORED[stem]
        yield Component(
            type=ComponentType.FILE,
            name=f"static/vendor/{name}",
            version=version,
            purl=PackageURL("npm", name=package, version=version),
            bom_ref=f"static/vendor/{name}",
            licenses=[LicenseFactory().make_with_id(license_id)],
            scope=ComponentScope.REQUIRED,
            hashes=[sha256(digest)],
        )


def itself(wheel: Path) -> Component:
    with ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        said = Parser().parsestr(archive.read(name).decode())
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Component(
        type=ComponentType.APPLICATION,
        name=said["Name"],
        version=said["Version"],
        bom_ref=f"{said['Name']}@{said['Version']}",
        description=said["Summary"],
        licenses=list(licenses(said)),
        hashes=[sha256(digest)],
    )


def bill(wheel: Path) -> Bom:
    runtime = {each.name for each in locked(RUNTIME)}
    pins = list(locked(WITH_EXTRAS))
    found = {each.name: library(each, runtime) for each in pins}
    files = list(vendored())
    bom = Bom(components=[*found.values(), *files])
    main = bom.metadata.component = itself(wheel)
    needs: dict[str, list[Component]] = {ITSELF: list(files)}
    for each in pins:
        for name in each.needed_by:
            needs.setdefault(name, []).append(found[each.name])
    for name, component in {ITSELF: main, **found}.items():
        bom.register_dependency(component, needs.get(name, []))
    when = int(environ.get("SOURCE_DATE_EPOCH", "0"))
    bom.metadata.timestamp = datetime.fromtimestamp(when, UTC) if when else datetime.now(UTC)
    names = sorted(f"{each.name}=={each.version}" for each in pins)
    what = " ".join([*(str(each.content) for each in main.hashes), *names])
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_OID, what)
    return bom


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("tools/sbom.py WHEEL")
    print(JsonV1Dot6(bill(Path(sys.argv[1]))).output_as_string(indent=2))
