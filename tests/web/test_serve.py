"""The real server as `checkout serve` starts it, over real HTTP, with what it writes down."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from tests.web.page import Page
from tests.web.process import ServerProcess, serving, spoken
from tests.web.server import ordered
from tests.web.traces import number, on_disk, writings

CANARY, CODE = number("371448", 15), "9137"  # not the one of test_card_data_traces.py


@pytest.fixture(scope="module")
def served(pem: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("served"), pem) as found:
        yield found


@pytest.fixture
def http(served: ServerProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        yield client


def create(served: ServerProcess, http: httpx.Client, **changes: Any) -> str:
    """A payment's path."""
    answer = http.post(
        "/ctp/api/checkouts", json={"checkout": ordered(**changes)}, auth=served.auth
    )
    assert answer.status_code == 201
    redirect = answer.json()["checkout"]["redirect_url"]
    assert redirect.startswith(f"{served.url}/widget/hpp.html?token=")
    return str(http.get(redirect).headers["location"])


def test_head_has_no_body(served: ServerProcess, http: httpx.Client) -> None:
    path = create(served, http)
    for each in (path, f"{path}/result", "/nowhere", "/health/live"):
        got = http.get(each)
        said = spoken(served, b"HEAD %s HTTP/1.1" % each.encode(), b"Host: x", b"Connection: close",
                      b"", b"")  # fmt: skip
        head, _, body = said.partition(b"\r\n\r\n")
        assert body == b"", each
        assert head.startswith(b"HTTP/1.1 %d " % got.status_code)


@pytest.mark.parametrize(
    "target",
    [b"/en/payment/%ff/%ff", b"/en/payment/%00/%00", b"/en/payment/\xff/x", b"/pay/%ed%a0%80.x",
     b"/return/%C3%28", b"/%2e%2e/%2e%2e/etc/passwd", b"/static/..%2f..%2fcheckout.toml", b"//x",
     b"/widget/hpp.html?token=%ff%00", b"http://evil.example.com/", b"/en/payment/%25/%25", b"*",
     b"/" + b"x" * 9000],
    ids=lambda target: repr(target[:40]),
)  # fmt: skip
def test_odd_targets(served: ServerProcess, http: httpx.Client, target: bytes) -> None:
    for method in (b"GET", b"POST"):
        said = spoken(served, method + b" " + target + b" HTTP/1.1", b"Host: x",
                      b"Content-Length: 0", b"Connection: close", b"", b"")  # fmt: skip
        status = re.match(rb"HTTP/1\.1 (\d{3}) ", said)
        assert status is None or 400 <= int(status[1]) < 500, said[:200]
    assert http.get("/health/live").status_code == 200


@pytest.mark.parametrize(
    "header",
    [b"Content-Length: -1", b"Content-Length: \xb2", b"Content-Length: 5\r\nContent-Length: 6",
     b"Content-Length: 99999999999999999999", b"Transfer-Encoding: x",
     b"Authorization: Basic \xe9\xff", b"Cookie: __Host-checkout=\xff\xfe",
     b"Accept-Language: \xff",
     b"X-Forwarded-For: \xff", b"Sec-Fetch-Site: \xff", b"Idempotency-Key: \xff\xfe"],
    ids=repr,
)  # fmt: skip
def test_odd_headers(served: ServerProcess, http: httpx.Client, header: bytes) -> None:
    path = create(served, http).encode()
    for line in (b"GET " + path, b"POST " + path + b"/pay", b"POST /ctp/api/checkouts"):
        said = spoken(served, line + b" HTTP/1.1", b"Host: x", header, b"Connection: close", b"",
                      b"")  # fmt: skip
        status = re.match(rb"HTTP/1\.1 (\d{3}) ", said)
        assert status is None or int(status[1]) < 500, said[:200]
    assert http.get("/health/live").status_code == 200


def test_ten_megabytes(served: ServerProcess, http: httpx.Client) -> None:
    """The answer is there although nobody read the body."""
    answer = http.post("/ctp/api/checkouts", content=b" " * 10_000_000, auth=served.auth)
    assert answer.status_code == 413
    assert answer.json()["message"] == "The request is too large"


def test_a_body_that_breaks_off(served: ServerProcess) -> None:
    """The client is gone, and that is no fault of ours: see `test_what_it_wrote`."""
    address = ("127.0.0.1", int(served.url.rpartition(":")[2]))
    for path in (b"/ctp/api/checkouts", b"/notify/cards/x", b"/transactions/refunds"):
        with socket.create_connection(address) as line:
            line.sendall(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    assert httpx.get(f"{served.url}/health/live", trust_env=False).status_code == 200


def test_no_core_dumps(served: ServerProcess) -> None:
    limits = Path(f"/proc/{served.process.pid}/limits")
    if not limits.exists():
        pytest.skip("no /proc here")
    children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text()
    for pid in [str(served.process.pid), *children.split()]:
        text = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", text)


def test_the_canary_over_real_http(served: ServerProcess, http: httpx.Client) -> None:
    path = create(served, http, settings={"notification_url": "https://shop.example.com/?k=word"})
    card = {"number": CANARY, "expiry": "12/39", "code": CODE, "holder": "C LEE"}
    ours = {"Origin": served.url, "Connection": "close"}  # 413 comes before all was read
    answers = []
    for changes in ({"code": "1"}, {"form_token": "x"}, {"more": "x" * 70_000}, {}):
        form = Page(http.get(path).text).form("pay")
        answers.append(http.post(form.action, data=form.fields | card | changes, headers=ours))
    assert [answer.status_code for answer in answers] == [422, 403, 413, 303]
    answers.append(http.get(answers[-1].headers["location"]))
    assert "The bank can't be reached right now" in Page(answers[-1].text).text
    output, disk = served.output, on_disk(served.folder)
    for writing in writings(CANARY):
        assert all(writing not in answer.text + str(answer.headers) for answer in answers)
        assert writing not in output
    assert CANARY.encode() not in disk


# --- The API, fuzzed ---------------------------------------------------------------------------

load_all_checks()
ASKED: list[Any] = [
    CHECKS.get_one(name)
    for name in ("not_a_server_error", "status_code_conformance", "content_type_conformance",
                 "response_schema_conformance")
]  # fmt: skip


FUZZED = {
    "POST /ctp/api/checkouts": "Basic",
    "GET /ctp/api/checkouts/{token}": "Basic",
    "POST /ctp/api/payments": "Bearer",
    "POST /products": "Basic",
    "POST /services/credit_cards/charges": "Basic",
    "POST /transactions/payouts": "Basic",
    "POST /invoices": "Basic",
    "GET /v2/transactions/tracking_id/{tracking_id}": "Basic",
    "GET /invoices": "Basic",
}


@pytest.mark.parametrize("label", FUZZED)
def test_the_api_fuzzed(served: ServerProcess, http: httpx.Client, label: str) -> None:
    schema = schemathesis.openapi.from_url(f"{served.url}/schema/openapi.json")
    found: Any = [each.ok() for each in list[Any](schema.get_all_operations())]
    operations = {each.label: each for each in found}
    body = {"checkout": ordered(attempts=10)}
    token = http.post("/ctp/api/checkouts", json=body, auth=served.auth).json()["checkout"]["token"]
    seen = set[int]()

    @settings(
        max_examples=60, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operations[label].as_strategy())
    def fuzz(case: Any) -> None:
        given: dict[str, Any] = {"auth": served.auth}
        if FUZZED[label] == "Bearer":
            key = served.settings.shops["361"].publishable_key
            given = {"headers": {"Authorization": f"Bearer {key}"}}
            case.body["request"]["token"] = token  # a random one is never found
        # Of a name that nobody has: the shop's own would have to wait after so many.
        for nobody in ({}, {"auth": ("nobody", "x")}, {"headers": {"Authorization": "Bearer x"}}):
            refused = case.call(base_url=served.url, **nobody)
            assert refused.status_code in (401, 429)
        answer = case.call_and_validate(base_url=served.url, checks=ASKED, **given)
        seen.add(answer.status_code)

    fuzz()
    assert seen - {401, 404} or label.startswith("GET"), "it went no further than the door"


# --- What it said, and how it ends (keep these last) -------------------------------------------


def test_what_it_wrote(served: ServerProcess) -> None:
    """Lines of JSON about what went wrong; no address, no token, nothing at INFO from libraries."""
    output = served.output
    assert "gateway.unreachable" in output
    assert "web.fault" not in output
    assert "Traceback" not in output
    for word in ("HTTP Request", "http://", "https://", "/en/payment/", "token=", "?k=word"):
        assert word not in re.sub(r"Listening at: \S+", "", output), word
    known = served.settings
    for secret in (*known.secrets, known.operator_token, known.shops["361"].secret_key,
                   *known.shops["361"].link_keys,
                   known.gateways["cards"].options.secret_key):  # fmt: skip
        assert secret
        assert secret not in output


def test_it_ends_when_told(served: ServerProcess) -> None:
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(15) == 0
    assert "Traceback" not in served.output
