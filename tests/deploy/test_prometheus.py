"""docs/deploy: alert rules that Prometheus loads and that rise when they should, and a dashboard
whose every query finds something at a real server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from checkout.alerts import KINDS
from tests.support.fake_network import open_fake_network
from tests.support.form_customer import FormCustomer
from tests.support.metrics import TOKEN
from tests.support.polling import wait_until
from tests.support.served import served
from tests.support.servers import ROOT, free_port, stop, wait_for

DEPLOY: Final = ROOT / "docs" / "deploy"
RULES: Final = DEPLOY / "prometheus" / "alerts.yml"
NAMES: Final = re.findall(r"- alert: (\w+)", RULES.read_text())
DASHBOARD: Final = json.loads((DEPLOY / "grafana" / "checkout.json").read_text())
QUERIES: Final = [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())
]

if not (shutil.which("prometheus") and shutil.which("promtool")):
    if os.environ.get("CI") == "true":
        pytest.exit("no Prometheus: tools/deployment installs it", returncode=1)
    pytest.skip("*** NO PROMETHEUS: tools/deployment installs it ***", allow_module_level=True)


# --- When they rise ------------------------------------------------------------------------------


def alerts(kind: str, values: str = "0+0x20 1+0x100") -> dict[str, str]:
    return {f'checkout_alerts_total{{kind="{kind}"}}': values}


def calls(answer: str, values: str) -> dict[str, str]:
    return {
        f'checkout_gateway_calls_total{{account="cards",call="charge",answer="{answer}"}}': values
    }


def buckets(metric: str, label: str, *, quick: int) -> dict[str, str]:
    """Of ten a minute so many are quick, the others take up to half a minute."""
    bounds = (("0.5", quick), ("10.0", quick), ("30.0", 10), ("+Inf", 10))
    return {f'{metric}_bucket{{{label},le="{le}"}}': f"0+{n}x120" for le, n in bounds}


# What a server tells that is well, minute by minute.
WELL: Final = {
    'up{job="checkout",instance="a"}': "1x120",
    'checkout_ledger_writable{instance="a"}': "1x120",
    'checkout_ledger_readable{instance="a"}': "1x120",
    "checkout_webhooks_oldest_seconds": "2x120",
    "checkout_mails_oldest_seconds": "2x120",
    "checkout_operations_oldest_seconds": "60x120",
    'checkout_attempts_under_way{account="cards",age="older"}': "0x120",
    'checkout_background_last_turn_seconds{task="recovery",instance="a"}': "0+60x120",
    'checkout_attempts_total{account="cards",status="paid"}': "0+9x120",
    'checkout_webhooks_total{answer="200"}': "0+9x120",
    'checkout_requests_total{page="payment",status="2xx"}': "0+99x120",
    'checkout_requests_total{page="payment",status="5xx"}': "0x120",
    'checkout_requests_shed_total{of="new"}': "0x120",
    'checkout_log_lost_lines_total{instance="a"}': "0x120",
    **calls("answered", "0+10x120"),
    **calls("unknown", "0x120"),
    **calls("refused_us", "0x120"),
    **buckets("checkout_gateway_call_seconds", 'account="cards",call="charge"', quick=10),
    **buckets("checkout_request_seconds", 'page="payment"', quick=10),
    **{name: values for kind in KINDS for name, values in alerts(kind, "0x120").items()},
}
# What is otherwise where each of them rises.
ILL: Final[dict[str, dict[str, str]]] = {
    "CheckoutMoneyNeedsAPerson": alerts("by_gateway.chargeback"),
    "CheckoutNothingIsPaid": {'checkout_attempts_total{account="cards",status="paid"}': "5x120"},
    "CheckoutGatewayRefusesUs": calls("refused_us", "0x20 1x100"),
    "CheckoutGatewayFails": calls("unknown", "0+4x120"),
    "CheckoutGatewaySlow": buckets(
        "checkout_gateway_call_seconds", 'account="cards",call="charge"', quick=9
    ),
    "CheckoutAttemptsStuck": {'checkout_attempts_under_way{account="cards",age="older"}': "1x120"},
    "CheckoutOperationsStuck": {"checkout_operations_oldest_seconds": "90000+60x120"},
    "CheckoutNotificationsLate": {"checkout_webhooks_oldest_seconds": "0+60x120"},
    "CheckoutNotificationsRefused": {'checkout_webhooks_total{answer="404"}': "0+20x120"},
    "CheckoutMailsLate": {"checkout_mails_oldest_seconds": "0+60x120"},
    "CheckoutDown": {'up{job="checkout",instance="a"}': "1x10 0x110"},
    "CheckoutLedgerNotWritable": {'checkout_ledger_writable{instance="a"}': "1x10 0x110"},
    "CheckoutLedgerUnread": {'checkout_ledger_readable{instance="a"}': "1x10 0x110"},
    "CheckoutBackgroundStuck": {
        'checkout_background_last_turn_seconds{task="recovery",instance="a"}': "0x120"
    },
    "CheckoutErrors": {'checkout_requests_total{page="payment",status="5xx"}': "0+5x120"},
    "CheckoutSlow": buckets("checkout_request_seconds", 'page="payment"', quick=9),
    "CheckoutSheds": {'checkout_requests_shed_total{of="new"}': "0+1x120"},
    "CheckoutLogLost": {'checkout_log_lost_lines_total{instance="a"}': "0x20 3x100"},
    "CheckoutAlert": alerts("web.fault"),
    "CheckoutUnderAttack": alerts("card_testing"),
}


def test_each_alert_rises_when_it_should_and_alone(tmp_path: Path) -> None:
    assert list(ILL) == NAMES
    shutil.copy(RULES, tmp_path)
    cases = [_case(series, name) for name, series in ILL.items()] + [_case({}, None)]
    told = {"rule_files": [RULES.name], "evaluation_interval": "1m", "tests": cases}
    (tmp_path / "tests.yml").write_text(json.dumps(told))  # JSON is YAML
    done = promtool("test", "rules", "tests.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def _case(otherwise: dict[str, str], alert: str | None) -> dict[str, Any]:
    """`alert` has risen at some moment, and no other; None: none at all."""
    series = [{"series": name, "values": values} for name, values in (WELL | otherwise).items()]
    rose = 'count(count by (alertname) (max_over_time(ALERTS{alertstate="firing"}[2h])))'
    this = f'count(max_over_time(ALERTS{{alertstate="firing",alertname="{alert}"}}[2h]) > 0)'
    number = {"labels": "{}", "value": 1}
    told = [{"expr": rose, "eval_time": "110m", "exp_samples": [number] if alert else []}]
    if alert:
        told.append({"expr": this, "eval_time": "110m", "exp_samples": [number]})
    return {
        "name": alert or "all is well",
        "interval": "1m",
        "input_series": series,
        "promql_expr_test": told,
    }


def test_prometheus_accepts_rules_and_configuration() -> None:
    """The file of the token is the operator's own."""
    for check in (("check", "rules", str(RULES)), ("check", "config", "--syntax-only", _config())):
        done = promtool(*check)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_runbook_tells_of_each_alert() -> None:
    text = (ROOT / "docs" / "alerts.md").read_text()
    assert re.findall(r"^### (\w+)$", text, re.MULTILINE) == NAMES
    anchors = re.findall(r"runbook: docs/alerts\.md#(\w+)", RULES.read_text())
    assert anchors == [name.lower() for name in NAMES]


# --- At a real server ----------------------------------------------------------------------------


async def test_every_query_finds_something(tmp_path: Path) -> None:
    async with open_fake_network() as network:
        with served(tmp_path, network.url) as server, scraping(tmp_path, server.url) as ask:
            async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
                visitor = FormCustomer(server.settings, client, f"{network.url}/webhooks")
                for _ in range(3):
                    bought = await visitor.buy()
                    form = await visitor.form(bought)
                    assert form
                    await visitor.press_pay(form)
                    await visitor.status(bought)
                    await asyncio.sleep(1.0)
                await asyncio.to_thread(_try_all, ask)
        await asyncio.sleep(0.1)  # the server's connections to the network end


def _try_all(ask: httpx.Client) -> None:
    paid = 'sum(checkout_attempts_total{status="paid"})'
    wait_until(lambda: _found(ask, paid) == [3.0], 30)
    wait_until(lambda: _found(ask, "rate(checkout_payments_total[1m])"), 30)  # scraped twice
    empty = [query for query in QUERIES if not _found(ask, query.replace("$__rate_interval", "1m"))]
    assert empty == []
    rules = [
        rule
        for group in ask.get("/api/v1/rules").json()["data"]["groups"]
        for rule in group["rules"]
    ]
    assert {rule["name"] for rule in rules} == set(NAMES)
    assert {(rule["health"], rule.get("lastError")) for rule in rules} == {("ok", None)}
    assert {rule["state"] for rule in rules} == {"inactive"}, "a server that is well raises none"
    told = set(ask.get("/api/v1/label/__name__/values").json()["data"])
    for rule in rules:
        named = set(re.findall(r"\b(?:checkout_\w+|up)\b", rule["query"]))
        assert named
        assert named <= told, rule["name"]
    assert set(re.findall(r"\bcheckout_\w+", " ".join(QUERIES))) <= told


def _found(ask: httpx.Client, query: str) -> list[float]:
    answer = ask.get("/api/v1/query", params={"query": query}).json()
    assert answer["status"] == "success", answer
    return [float(each["value"][1]) for each in answer["data"]["result"]]


@contextmanager
def scraping(folder: Path, url: str) -> Iterator[httpx.Client]:
    """Prometheus with our configuration and rules, for a server, each second."""
    port, home = free_port(), folder / "prometheus"
    home.mkdir()
    shutil.copy(RULES, home)
    (home / "operator-token").write_text(TOKEN)
    text = Path(_config()).read_text().replace("127.0.0.1:8001", url.removeprefix("http://"))
    assert text.count("15s") == 2
    (home / "prometheus.yml").write_text(text.replace("15s", "1s"))
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], cwd=home, stdout=log, stderr=log
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/-/ready", process)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as ask:
            yield ask
    finally:
        stop(process)


def _config() -> str:
    return str(DEPLOY / "prometheus" / "prometheus.yml")


def promtool(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
