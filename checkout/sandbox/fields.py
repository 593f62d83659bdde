"""Reading a JSON request field by field, so that an answer can name every wrong one at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from checkout.sandbox import clock
from checkout.sandbox.urls import acceptable

LARGEST_AMOUNT = 10**12
"""Minor units."""

Rule = Callable[[object], bool]

BLANK = "can't be blank"
INVALID = "is invalid"

_DIGITS = re.compile(r"[0-9]{1,13}")
_CURRENCY = re.compile(r"[A-Z]{3}")


class Fields:
    """A section of a request; what is wrong collects in `errors`, nested as the request is.

    Null counts as absent, and so does `[]` where an object is meant.
    """

    def __init__(self, data: Mapping[str, object], errors: dict[str, object] | None = None) -> None:
        self._data = data
        self._sections: dict[str, Fields] = {}
        self._errors: dict[str, object] = {} if errors is None else errors

    @property
    def errors(self) -> dict[str, object]:
        """`{"credit_card": {"number": ["is invalid"]}}`; empty when all is well."""
        inner = {name: section.errors for name, section in self._sections.items()}
        return self._errors | {name: errors for name, errors in inner.items() if errors}

    def reject(self, name: str, reason: str = INVALID) -> None:
        """Note that a field is wrong."""
        reasons = self._errors.setdefault(name, [])
        if isinstance(reasons, list):
            reasons.append(reason)

    def raw(self, name: str) -> object:
        return self._data.get(name)

    def items(self) -> list[tuple[str, object]]:
        return list(self._data.items())

    def section(self, name: str) -> Fields:
        """A nested object; an empty one if absent."""
        if name not in self._sections:
            value = self.raw(name)
            if value is not None and value != [] and not isinstance(value, Mapping):
                self.reject(name, "must be an object")
            self._sections[name] = Fields(value if isinstance(value, Mapping) else {})
        return self._sections[name]

    def objects(self, name: str) -> list[Fields]:
        """The objects of an array, each a section of its own; an empty list if absent."""
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.reject(name, "must be an array")
            return []
        found = []
        for place, item in enumerate(value):
            if not isinstance(item, Mapping):
                self.reject(name, "must be an array of objects")
                continue
            found.append(self._sections.setdefault(f"{name}[{place}]", Fields(item)))
        return found

    def text(self, name: str, *, required: bool = False, longest: int = 255) -> str | None:
        """A string of at most `longest` characters; blank counts as absent."""
        value = self.raw(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            self._absent(name, required)
        elif not isinstance(value, str):
            self.reject(name, "must be a string")
        elif len(value) > longest:
            self.reject(name, f"is too long (maximum is {longest} characters)")
        else:
            return value
        return None

    def amount(self, name: str = "amount", *, required: bool = True, least: int = 1) -> int:
        """Minor units from `least`, an integer or a string of digits; 0 if it is neither."""
        value = self.raw(name)
        if value is None:
            self._absent(name, required)
        elif _is_integer(value) or (isinstance(value, str) and _DIGITS.fullmatch(value)):
            number = int(str(value))
            if least <= number <= LARGEST_AMOUNT:
                return number
            small = f"must be greater than {least - 1}"
            self.reject(name, small if number < least else "is too large")
        else:
            self.reject(name, "must be an integer")
        return 0

    def currency(self) -> str:
        """An ISO 4217 code in capitals."""
        value = self.text("currency", required=True)
        if value is not None and not _CURRENCY.fullmatch(value):
            self.reject("currency")
        return value or ""

    def flag(self, name: str, default: bool = False) -> bool:
        """A JSON boolean."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        self.reject(name, "must be true or false")
        return default

    def texts(self, name: str) -> list[str]:
        """An array of strings."""
        value = self.raw(name)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        self.reject(name, "must be an array of strings")
        return []

    def url(self, name: str) -> str | None:
        """https, or http on loopback."""
        value = self.text(name, longest=2048)
        if value is not None and not acceptable(value):
            self.reject(name, "must be an https URL (http is for loopback only)")
            return None
        return value

    def moment(self, name: str) -> float | None:
        """Unix seconds of an ISO 8601 time with its zone."""
        value = self.text(name)
        at = None if value is None else clock.parse(value)
        if value is not None and at is None:
            self.reject(name, "must be an ISO 8601 time with a time zone")
        return at

    def check(self, rules: Mapping[str, Rule]) -> dict[str, object]:
        """The present fields among `rules`, each rejected where its rule says no."""
        kept: dict[str, object] = {}
        for name, rule in rules.items():
            value = self.raw(name)
            if value is None:
                continue
            kept[name] = value
            if not rule(value):
                self.reject(name)
        return kept

    def _absent(self, name: str, required: bool) -> None:
        if required:
            self.reject(name, BLANK)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def short(longest: int) -> Rule:
    """The rule for a string of at most so many characters."""
    return lambda value: isinstance(value, str) and len(value) <= longest


def between(lowest: int, highest: int) -> Rule:
    """The rule for an integer within limits."""
    return lambda value: (
        isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
    )


def matching(pattern: str) -> Rule:
    """The rule for a string that is all of a regular expression."""
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def either(*rules: Rule) -> Rule:
    """The rule that one of several rules says yes to."""
    return lambda value: any(rule(value) for rule in rules)
