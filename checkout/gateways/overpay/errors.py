"""Reading Overpay's errors: what is refused, why, and which field of our form that is.

    {"message": "...", "code": "E.1005", "errors": {"credit_card": {"number": ["is invalid"]}}}

or all of it under `response`, as older clients read it. `errors` may have dotted names, and may be
a list of sentences. Documents: the family's public documentation of its errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import structlog
from msgspec import Struct

from checkout.gateways.client import GatewayResponse
from checkout.gateways.overpay.codes import FORM, REASON, REASON_OF_FIELD, REASON_OF_FORM
from checkout.gateways.parsing import safe, section, text
from checkout.model.outcome import UNKNOWN, DeclineReason, GatewayFacts, Outcome
from checkout.model.status import Status

Path = tuple[str, ...]

# Where the fields of our form stand in a request; elsewhere a name means something else, like the
# passengers' `first_name`.
CARD: Final = frozenset({"number", "expiry", "code", "holder"})
SECTIONS: Final[dict[Path, frozenset[str]]] = {
    (): frozenset(FORM.values()),
    ("credit_card",): CARD,
    ("encrypted_credit_card",): CARD,
    ("customer",): frozenset(FORM.values()) - CARD,
    ("billing_address",): frozenset(FORM.values()) - CARD,
}
DEEPEST: Final = 8
MOST_PATHS: Final = 200
_WORDS: Final = "|".join(name.replace("_", "[ _]") for name in FORM)
# "credit_card.number is invalid", "Card number is invalid", "billing address zip can't be blank"
_SENTENCE: Final = re.compile(
    rf"(?:(?:request|credit[ _]card|card|customer|billing[ _]address)[ .]+)*({_WORDS})[ .]+"
    r"(?:is|isn|can|cannot|must|has|should|does|doesn|was)\b",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(r"[\[\]\"'’`]")

log = structlog.get_logger(__name__)


class Refusal(Struct, frozen=True):
    """An error's body. `field`: what of our form it complains about, by our own name; nothing was
    made then. `names`: all that it complains about, as it said it."""

    code: str | None
    reason: DeclineReason
    field: str | None
    names: tuple[str, ...]
    facts: GatewayFacts


def refusal(data: Any) -> Refusal | None:
    """The refusal in an error's body; None where the body isn't an error of this gateway."""
    if not isinstance(data, dict):
        return None
    older = section(data, "response")
    said = [name for name in ("message", "errors") if data.get(name) or older.get(name)]
    if not said:
        return None
    code = text(data, "code") or text(older, "code")
    message = safe(text(data, "message") or text(older, "message"))
    friendly = safe(text(data, "friendly_message") or text(older, "friendly_message"))
    errors = data.get("errors") or older.get("errors") or message
    reason = _reason(code, errors, message or "")
    field = _field(code, reason, errors)
    return Refusal(
        code,
        REASON_OF_FORM.get(field, reason) if field else reason,
        field,
        tuple(filter(None, (safe(".".join(path)) for path in _paths(errors)))),
        GatewayFacts(code=code, message=message, friendly=friendly),
    )


def _reason(code: str | None, errors: Any, message: str) -> DeclineReason:
    reason = REASON.get(code or "", DeclineReason.INVALID)
    if reason is not DeclineReason.INVALID:
        return reason
    if "duplicate" in message.lower():
        return DeclineReason.DUPLICATE
    wrong = {path[-1] for path in _paths(errors)}
    found = (reason for name, reason in REASON_OF_FIELD.items() if name in wrong)
    return next(found, DeclineReason.INVALID)


def _field(code: str | None, reason: DeclineReason, errors: Any) -> str | None:
    """The first by the order of our form. A code that a bank or a payment gave says more than
    field names do: then there was a payment, which is over."""
    if reason is DeclineReason.DUPLICATE or (code or "E")[0] in "SFP":
        return None
    wrong = {ours for path in _paths(errors) if (ours := _of_form(path))}
    wrong |= {ours for sentence in _sentences(errors) if (ours := _named(sentence))}
    return next((ours for ours in FORM.values() if ours in wrong), None)


def _of_form(path: Path) -> str | None:
    *above, name = path[1:] if path[:1] == ("request",) and len(path) > 1 else path
    ours = FORM.get(name)
    return ours if ours in SECTIONS.get(tuple(above), frozenset()) else None


def _named(sentence: str) -> str | None:
    match = _SENTENCE.match(_BETWEEN.sub(" ", sentence).strip())
    return FORM[match[1].lower().replace(" ", "_")] if match else None


def _paths(errors: Any) -> Iterator[Path]:
    """The path of each field that is complained about, the first of them; a dotted name is a
    path."""
    return islice(_walk(errors), MOST_PATHS)


def _walk(errors: Any, above: Path = ()) -> Iterator[Path]:
    if not isinstance(errors, dict) or len(above) > DEEPEST:
        return
    for name, inner in errors.items():
        path = (*above, *str(name).split(".", DEEPEST))
        if isinstance(inner, dict):
            yield from _walk(inner, path)
        else:
            yield path


def _sentences(errors: Any) -> Iterator[str]:
    """What is said in words: a message, a list of sentences, or what stands under `base`."""
    if isinstance(errors, dict):
        errors = errors.get("base")
    found = errors if isinstance(errors, list) else [errors]
    for one in found:
        if isinstance(one, str):
            yield from (part.strip() for part in re.split(r"[;\n]", one))


def refused(answer: GatewayResponse) -> Outcome:
    """What a charge's answer without a transaction means. A field of our form that is refused: no
    attempt at all, the form comes back. Another well-formed refusal with 4xx is a decline;
    anything else leaves the payment unknown."""
    said = refusal(answer.data) if answer.status >= 400 else None
    if said is not None and said.field is not None:
        log.info("gateway.field_refused", status=answer.status, field=said.field)
        return Outcome(Status.NOT_SENT, reason=said.reason, facts=said.facts, field=said.field)
    return not_done(answer)


def not_done(answer: GatewayResponse) -> Outcome:
    """The same of an operation, which comes from no form."""
    said = refusal(answer.data) if answer.status >= 400 else None
    if said is None or (said.code or "").startswith("P"):
        log.warning("gateway.unknown", status=answer.status)
        return UNKNOWN
    if said.reason is DeclineReason.CREDENTIALS:
        log.error("gateway.refused_us", status=answer.status, code=said.code, alert=True)
    elif (
        said.reason is DeclineReason.INVALID
    ):  # what we send is wrong, or an account's settings are
        log.error("gateway.refused_request", status=answer.status, fields=said.names, alert=True)
    return Outcome(Status.DECLINED, reason=said.reason, facts=said.facts)
