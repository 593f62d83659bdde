"""Alerts: what the code marks, the table of kinds and the operator's document name the same; each
is counted, and there from the start."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from checkout import alerts
from checkout.alerts import ALERTS, KINDS
from tests.support.servers import ROOT

CODE = ROOT / "checkout"
# Calls whose kind is no text of its own, by module: the kinds that it may have.
NAMED = {
    "alert": 3,  # payments.alerts.alert(conn, attempt, kind, now)
    "tell": 1,  # supervisor.tell(event, level=…, alert=True, …)
}
COMPUTED = {
    "payments/alerts.py": set[str](),  # what its callers say
    "payments/operations.py": {"operation.unknown", "operation.unsettled"},
    "payments/gateway_initiated.py": {
        f"by_gateway.{kind}" for kind in ("refund", "chargeback", "void", "capture")
    },
    "payments/operation_outcomes.py": {
        f"by_gateway.{kind}" for kind in ("refund", "chargeback", "void", "capture")
    },
}


def marked(path: Path) -> Iterator[tuple[int, set[str]]]:
    """Each alert in a module: its line and its kinds."""
    name = path.relative_to(CODE).as_posix()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not (place := _place_of_kind(node)):
            continue
        if any(word.arg == "alert" and _is_false(word.value) for word in node.keywords):
            continue
        said = node.args[place - 1] if len(node.args) >= place else None
        if isinstance(said, ast.Constant):
            yield node.lineno, {str(said.value)}
        else:
            assert name in COMPUTED, f"{name}:{node.lineno}: the kind of an alert is a text"
            yield node.lineno, COMPUTED[name]


def _is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


def _place_of_kind(call: ast.Call) -> int:
    """Which argument names the kind of an alert, from 1; 0: the call is none."""
    if isinstance(call.func, ast.Name) and call.func.id in NAMED:
        return NAMED[call.func.id]
    if isinstance(call.func, ast.Attribute) and call.func.attr not in (
        "debug", "info", "warning", "error", "critical", "exception",
    ):  # fmt: skip
        return 0
    words = {word.arg for word in call.keywords}
    also = any("'alert'" in ast.dump(word.value) for word in call.keywords if word.arg is None)
    is_log = isinstance(call.func, ast.Attribute) or call.args[1:2] == []
    return 1 if is_log and ("alert" in words or also) and call.args else 0


def test_the_search_finds_what_it_looks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.test_alerts.CODE", tmp_path)
    module = tmp_path / "some.py"
    module.write_text(
        'log.error("one", alert=True)\n'
        'log.warning("two", n=1)\n'
        'log.warning("three", **({"alert": True} if x else {}))\n'
        'write("four", alert=ours)\n'
        'alert(conn, attempt, "five", now)\n'
        "_note(task, error, alert=True)\n"
    )
    assert [kinds for _, kinds in marked(module)] == [{"one"}, {"three"}, {"four"}, {"five"}]


def test_every_alert_is_in_the_table() -> None:
    found = {kind for path in CODE.rglob("*.py") for _, kinds in marked(path) for kind in kinds}
    assert found == set(KINDS), "checkout/alerts.py names what the code marks with alert=True"
    assert len(KINDS) == len(set(KINDS))


def test_every_alert_is_in_the_document() -> None:
    text = (ROOT / "docs" / "operating.md").read_text()
    table = text.partition("\n| event | what it means |\n")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[1:]]
    told = set[str]()
    for row in rows:
        names = re.findall(r"`([^`]+)`", row)
        family = names[0].rpartition(".")[0]
        told |= {family + name if name.startswith(".") else name for name in names}
    assert told == set(KINDS)


def test_an_alert_is_counted_and_a_line_without_the_mark_is_not() -> None:
    def count() -> dict[str, float]:
        return {
            sample.labels["kind"]: sample.value
            for metric in ALERTS.collect()
            for sample in metric.samples
            if sample.name.endswith("_total")
        }

    before, lines = count(), []

    def kept(_logger: object, _method: str, line: structlog.typing.EventDict) -> str:
        lines.append(dict(line))
        return ""

    log = structlog.wrap_logger(structlog.PrintLogger(), processors=[alerts.counted, kept])
    assert set(KINDS) <= before.keys()
    log.error("mismatch", alert=True)
    log.warning("gateway.unwanted", alert=False)
    log.error("gateway.unreachable")
    after = count()
    rose = {kind: n - before[kind] for kind, n in after.items() if n > before[kind]}
    assert rose == {"mismatch": 1}
    assert [line.get("alert") for line in lines] == [True, None, None]
