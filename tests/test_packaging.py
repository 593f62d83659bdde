"""What is shipped: the wheel is whole and runs on a bare machine; the repository is clean.

The wheel is built from the source archive, so both are proved at once; it is then installed from
the runtime lock into an empty environment, outside the repository, and its demo is started there.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import time
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from tests.support.servers import free_ports, interrupt

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted(ROOT.glob("requirements*.txt"))

# folder in the repository -> folder in the wheel, with the files that must travel
SHIPPED = {
    ("templates", "**/*"): "checkout/_assets/templates",
    ("static", "**/*"): "checkout/_assets/static",
    ("checkout/locale", "**/*.po"): "checkout/locale",
    ("checkout/ledger/migrations", "**/*"): "checkout/ledger/migrations",
    ("checkout/sandbox/templates", "**/*"): "checkout/sandbox/templates",
    ("checkout", "**/*.py"): "checkout",
}


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    # What was withdrawn from the registry since it was locked is still installed, with a warning.
    assert "yanked" not in done.stderr, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    return next(dist.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an empty environment with the runtime lock and the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = (programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "-r", ROOT / "requirements.txt")
    run(*pip, "--no-deps", "--no-index", wheel)
    return programs


# --- The wheel -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "target"), SHIPPED.items(), ids=[s[0] for s in SHIPPED])
def test_the_wheel_carries_everything_that_is_needed(
    wheel: Path, source: tuple[str, str], target: str
) -> None:
    folder, pattern = source
    expected = {
        f"{target}/{path.relative_to(ROOT / folder).as_posix()}"
        for path in (ROOT / folder).glob(pattern)
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected, f"nothing in {folder}"
    assert expected <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    own = wheel.name.removesuffix("-py3-none-any.whl")
    assert {name.split("/")[0] for name in names} == {
        "checkout", f"{own}.dist-info", f"{own}.data",
    }  # fmt: skip
    assert [name for name in names if name.startswith(f"{own}.data/")] == [
        f"{own}.data/data/share/man/man1/checkout.1"
    ]


def test_the_wheel_has_the_manual_page(wheel: Path) -> None:
    (name,) = (each for each in zipfile.ZipFile(wheel).namelist() if each.endswith("checkout.1"))
    page = zipfile.ZipFile(wheel).read(name).decode()
    assert page == run(sys.executable, "-m", "checkout", "man")


def test_the_source_archive_carries_tests_and_locks(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"tests/test_packaging.py", "Makefile", "CHANGELOG.md", "LICENSE"} <= names
    assert {lock.name for lock in LOCKS} <= names


# --- Its bill of materials -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def bill(wheel: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(sys.executable, ROOT / "tools" / "sbom.py", wheel))
    return found


def test_the_bill_of_materials_is_cyclonedx(bill: dict[str, Any]) -> None:
    """Valid by the standard's own schema, which comes with the library that wrote it."""
    folder = files("cyclonedx.schema._res")
    read = {
        name: json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text())
        for name in ("bom-1.6", "spdx", "jsf-0.82", "cryptography-defs")
    }
    base = "http://cyclonedx.org/schema"
    known = [(f"{base}/{name}.SNAPSHOT.schema.json", schema) for name, schema in read.items()]
    registry = jsonschema_rs.Registry(known)
    validator = jsonschema_rs.validator_for(read["bom-1.6"], registry=registry)
    validator.validate(bill)
    with pytest.raises(jsonschema_rs.ValidationError):
        validator.validate(bill | {"components": [{"type": "library"}]})
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["serialNumber"].startswith("urn:uuid:")


def test_it_names_all_that_is_locked_and_all_that_is_vendored(
    bill: dict[str, Any], wheel: Path
) -> None:
    found = {(each["name"], each["version"]): each for each in bill["components"]}
    lock = (ROOT / "requirements-postgresql.txt").read_text()
    pins = re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", lock)
    assert len(pins) > 30
    for name, version in pins:
        (published,) = found[name, version]["externalReferences"]
        hashes = {each["content"] for each in published["hashes"]}
        block = lock.partition(f"\n{name}==")[2] or lock.partition(f"{name}==")[2]
        said = re.match(r"[^#]*", block)
        assert said
        assert hashes == set(re.findall(r"sha256:([0-9a-f]{64})", said[0]))
    runtime = dict(re.findall(r"(?m)^([\w.-]+)==(\S+)", (ROOT / "requirements.txt").read_text()))
    for (name, _), each in found.items():
        if each["type"] == "library":
            assert each["scope"] == ("required" if name in runtime else "optional"), name
    vendored = {path.name: path for path in (ROOT / "static" / "vendor").glob("*.js")}
    files_ = {name.rpartition("/")[2]: each for (name, _), each in found.items() if "/" in name}
    assert set(files_) == set(vendored)
    for name, path in vendored.items():
        (said_,) = files_[name]["hashes"]
        assert said_["content"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(found) == len(pins) + len(vendored)
    main = bill["metadata"]["component"]
    assert main["hashes"][0]["content"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert {each["ref"] for each in bill["dependencies"]} >= {
        each["bom-ref"] for each in found.values()
    }


def test_it_says_who_needs_what(bill: dict[str, Any]) -> None:
    needs = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    main = needs[bill["metadata"]["component"]["bom-ref"]]
    named = {ref.removeprefix("pkg:pypi/").partition("@")[0] for ref in main}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["postgresql"]]
    assert {re.split(r"[\[<>=;]", each)[0].strip() for each in asked} <= named
    assert any(ref.startswith("pkg:pypi/multipart@") for ref in needs[_ref(needs, "litestar")])


def test_the_same_wheel_has_the_same_bill(bill: dict[str, Any], wheel: Path) -> None:
    again = json.loads(run(sys.executable, ROOT / "tools" / "sbom.py", wheel))
    again["metadata"]["timestamp"] = bill["metadata"]["timestamp"]
    assert again == bill


def _ref(needs: dict[str, list[str]], name: str) -> str:
    return next(ref for ref in needs if ref.startswith(f"pkg:pypi/{name}@"))


# --- The wheel at work ---------------------------------------------------------------------------


@pytest.mark.network
def test_installed_it_finds_its_files_and_says_its_version(
    installed: Path, wheel: Path, tmp_path: Path
) -> None:
    found = run(
        installed / "python",
        "-c",
        "from importlib.metadata import version\n"
        "from checkout.assets import STATIC, TEMPLATES\n"
        "print(version('checkout'), STATIC.name, TEMPLATES.name, TEMPLATES.parent.name)",
        cwd=tmp_path,
    )
    assert found.split() == [wheel.name.split("-")[1], "static", "templates", "_assets"]


@pytest.mark.network
def test_installed_the_demo_runs_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    shop, server, sandbox = ports = free_ports(3)
    options = [f"--shop-port={shop}", f"--port={server}", f"--sandbox-port={sandbox}"]
    log = tmp_path.with_suffix(".log")
    with log.open("w") as output:
        demo = subprocess.Popen(
            [installed / "checkout", "demo", *options],
            cwd=tmp_path,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            for port, path in [(shop, "/"), (server, "/health/ready"), (sandbox, "/sandbox/")]:
                wait_for(demo, f"http://127.0.0.1:{port}{path}", log)
            look_at_a_page(f"http://127.0.0.1:{server}")
        finally:
            demo.send_signal(interrupt())  # ends its servers too, which a kill would leave
            demo.wait(timeout=15)
    said = log.read_text()
    assert all(str(port) in said for port in ports), said
    assert "Traceback" not in said, said
    assert [path.name for path in tmp_path.iterdir()] == [], "the demo keeps to its own folder"


def wait_for(demo: subprocess.Popen[bytes], url: str, log: Path) -> None:
    answer: object = None
    end = time.monotonic() + 30
    while time.monotonic() < end and demo.poll() is None:
        try:
            answer = httpx.get(url, timeout=5, trust_env=False).status_code
        except httpx.TransportError as error:
            answer = error
        if answer == 200:
            return
        time.sleep(0.1)
    pytest.fail(f"{url}: {answer!r}; the demo said:\n{log.read_text()}")


def look_at_a_page(server: str) -> None:
    """The page of a payment that does not exist is made by the same templates as all others."""
    page = httpx.get(f"{server}/en/payment/none/none", trust_env=False)
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (404, "text/html")
    files = re.findall(r'(?:href|src)="([^"]*/static/[^"]+)"', page.text)
    assert files, page.text
    for file in files:
        got = httpx.get(httpx.URL(server).join(file), trust_env=False)
        assert got.status_code == 200, file


# --- The repository ------------------------------------------------------------------------------


def texts() -> Iterator[tuple[str, str]]:
    """Every file of the repository that is text: name and content."""
    listing = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listing.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (raw := path.read_bytes()):
            yield name, raw.decode(errors="replace")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a repository")
def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    # Written apart, so that this file does not find itself.
    registries = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.", "proxy.go" + "lang.org"]
    registries += ["deb." + "debian.org", "yarn" + "pkg.com", "un" + "pkg.com", "js" + "delivr."]
    places = r"(?<![\w.}])/(?:work|root|home)/"
    unwanted = re.compile("|".join([*map(re.escape, registries), places]))
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if unwanted.search(line)
    ]
    assert found == []


def test_the_image_is_built_on_one_digest() -> None:
    """A tag is whatever it is today; also what reads the recipe would be another image."""
    recipe = (ROOT / "Dockerfile").read_text()
    bases = re.findall(r"(?m)^FROM (\S+)", recipe)
    assert bases == ["${PYTHON}", "${PYTHON}"]
    assert re.search(r"(?m)^ARG PYTHON=python:3\.\d+-slim@sha256:[0-9a-f]{64}$", recipe)
    assert "# syntax" not in recipe


def test_there_are_lock_files() -> None:
    assert {lock.name for lock in LOCKS} >= {"requirements.txt", "requirements-dev.txt"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_index_and_hashes_everything(lock: Path) -> None:
    text = lock.read_text()
    assert re.findall(r"(?m)^\s*-[^\n]*|\w+://\S*", re.sub(r"(?m)^ +--hash=\S+", "", text)) == []
    pinned = re.findall(r"(?m)^[\w.-]+==[^\n]*\\\n +--hash=sha256:[0-9a-f]{64}\b", text)
    assert len(pinned) == len(re.findall(r"(?m)^[^\s#]", text)) > 0


def test_the_locks_agree() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in re.findall(r"(?m)^([\w.-]+)==(\S+)", lock.read_text()):
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_the_lock_of_the_javascript_packages_names_no_index_and_hashes_everything() -> None:
    lock = json.loads((ROOT / "tests" / "node" / "package-lock.json").read_text())
    packages = [each for name, each in lock["packages"].items() if name]
    assert len(packages) > 5
    for each in packages:
        assert "resolved" not in each
        assert each["integrity"].startswith("sha512-")
