"""Which writes a power cut may undo: these, and no others (docs/decisions/0017)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from tests.support.servers import ROOT

UNSYNCED: Final = {
    # pacing and leases of queries, and of what is looked at again
    "attempts.take_query",
    "attempts.take_query_now",
    "attempts.take_queries",
    "attempts.take_sweep",
    "operations.take_query",
    "operations.take_sweep",
    "restores.take",
    "products.postpone",
    "mails.postpone",
    "outbox.give_back",
    # counts and marks for limits
    "_count",
    "_take_try",
    "recent_requests.forget",
    # who looked when
    "payments.recognise_first_browser",
    "transitions.customer_returned",
    "listeners.note",
    "write_check.beat",
    # a gateway's answer, where it can be asked again
    "gateway_answers.record_answer",
}
DURABLE: Final = {
    "transitions.submit",  # the claim, before the gateway is called
    "gateway_answers.record_answer",
    "gateway_answers.record_notification",
    "outbox.take_all",
    "_delivered",  # that a shop was told
    "mails.take",
    "mails.sent",
    "submit",  # an operation's claim
    "_add",
    "_add_once",
    "transitions.abandon",
    "transitions.cancel",
    "transitions.customer_confirmed",
}
WRITES: Final = frozenset({"write", "write_unsynced"})


def written() -> Iterator[tuple[str, str]]:
    """(how, verb) of each write; of `record_answer` both, as one line chooses."""
    for path in sorted((ROOT / "checkout" / "payments").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from (
                    (how, verb) for how in _how(node.func) if (verb := _verb(node.args)) is not None
                )


def _how(called: ast.expr) -> frozenset[str]:
    """`context.write(...)`; `write(...)` is either."""
    if isinstance(called, ast.Attribute):
        return WRITES & {called.attr}
    return WRITES if isinstance(called, ast.Name) and called.id == "write" else frozenset()


def _verb(given: list[ast.expr]) -> str | None:
    """A payment's uid may stand before it."""
    names = [ast.unparse(each) for each in given[:2] if isinstance(each, ast.Name | ast.Attribute)]
    known = [name for name in names if name in UNSYNCED | DURABLE]
    return known[0] if known else names[0] if names else None


def test_no_other_write_is_unsynced() -> None:
    assert {verb for how, verb in written() if how == "write_unsynced" and verb != "verb"} == (
        UNSYNCED
    )


def test_nobody_else_decides_it() -> None:
    allowed = {"ledger", "payments"}
    folder = ROOT / "checkout"
    found = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*.py"))
        if path.relative_to(folder).parts[0] not in allowed
        and "write_unsynced" in path.read_text(encoding="utf-8")
    ]
    assert found == []


def test_what_has_to_be_durable_is() -> None:
    found = {verb for how, verb in written() if how == "write"}
    assert found >= DURABLE
    assert found & UNSYNCED == {"gateway_answers.record_answer"}
