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
from checkout.gateways.parsing import Object, safe, section, text
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
    """An error's body. `field`: the refused field of our form, by our own name; nothing was made
    then. `names`: all refused fields, as the gateway names them."""

    code: str | None
    reason: DeclineReason
    field: str | None
    names: tuple[str, ...]
    facts: GatewayFacts


def refusal(data: Any) -> Refusal | None:
    """The refusal in an error's body; None where the body isn't an error of this gateway."""
    if not isinstance(data, dict):
        return None
    places = (data, section(data, "response"))  # newer and older answers
    errors = next(filter(None, (place.get("errors") for place in places)), None)
    if not errors and not any(place.get("message") for place in places):
        return None
    code = _first(places, "code")
    message, friendly = safe(_first(places, "message")), safe(_first(places, "friendly_message"))
    errors = errors or message
    reason = _reason(code, errors, message or "")
    field = _field(code, reason, errors)
    return Refusal(
        code,
        REASON_OF_FORM.get(field, reason) if field else reason,
        field,
        tuple(filter(None, (safe(".".join(path)) for path in _paths(errors)))),
        GatewayFacts(code=code, message=message, friendly=friendly),
    )


def _first(places: tuple[Object, ...], name: str) -> str | None:
    return next(filter(None, (text(place, name) for place in places)), None)


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
    """The first refused field in the order of our form; None where the code is a bank's or a
    payment's: then a payment was made, and has ended."""
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
    """The paths of the first refused fields; a dotted name is a path."""
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
    """The sentences: a message, a list of them, or what is under `base`."""
    if isinstance(errors, dict):
        errors = errors.get("base")
    found = errors if isinstance(errors, list) else [errors]
    for one in found:
        if isinstance(one, str):
            yield from (part.strip() for part in re.split(r"[;\n]|\.\s", one))


def refused(answer: GatewayResponse) -> Outcome:
    """What a charge's answer without a transaction means. A refused field of our form is
    NOT_SENT, and the form comes back. Another well-formed refusal with 4xx is a decline;
    anything else leaves the payment unknown."""
    error = refusal(answer.data) if answer.status >= 400 else None
    if error is not None and error.field is not None:
        log.info("gateway.field_refused", status=answer.status, field=error.field)
        return Outcome(Status.NOT_SENT, reason=error.reason, facts=error.facts, field=error.field)
    return not_done(answer)


def not_done(answer: GatewayResponse) -> Outcome:
    """The same of an operation, which comes from no form."""
    error = refusal(answer.data) if answer.status >= 400 else None
    if error is None or (error.code or "").startswith("P"):
        log.warning("gateway.unknown", status=answer.status)
        return UNKNOWN
    if error.reason is DeclineReason.CREDENTIALS:
        log.error("gateway.refused_us", status=answer.status, code=error.code, alert=True)
    elif (
        error.reason is DeclineReason.INVALID
    ):  # what we send is wrong, or an account's settings are
        log.error("gateway.refused_request", status=answer.status, fields=error.names, alert=True)
    return Outcome(Status.DECLINED, reason=error.reason, facts=error.facts)
