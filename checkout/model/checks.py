"""Plain data (JSON, TOML, a form) checked field by field, with every wrong field told at once.

    body = Fields(decode(raw), tolerant=True).within("checkout", shown="")
    amount = body.need("order.amount", minor_units())
    email = body.get("customer.email", email_address)
    body.done()  # raises Unprocessable: {"order.amount": ["is required"]}

A `Rule` takes the value as it came and returns it as we keep it, or raises `Wrong`; the rules
themselves are in `model/rules.py`. Unknown fields are ignored until `no_others()` refuses them.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar, cast, overload

import msgspec

from checkout.errors import BadRequest, Unprocessable

DEEPEST: Final = 32  # objects and lists within each other
BASE: Final = "base"  # where a problem stands that belongs to no field
REQUIRED: Final = "is required"
_MISSING: Final = object()

T = TypeVar("T")
D = TypeVar("D")
Rule = Callable[[Any], T]


class Wrong(ValueError):
    """What a rule raises: a reason like "must be text". It never repeats the value, which may be
    a secret."""


def decode(raw: bytes) -> Any:
    """JSON as builtins; the last of two equal keys counts.

    Raises BadRequest for what is no JSON (NaN and bad UTF-8 are none) or nests deeper than 32.
    """
    try:
        data = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest("The body is not valid JSON") from None
    except RecursionError:
        raise BadRequest("The JSON is nested too deeply") from None
    if _deep(data):
        raise BadRequest("The JSON is nested too deeply")
    return data


def drop_nulls(data: Any) -> Any:
    """The same data without nulls, at every depth."""
    if isinstance(data, Mapping):
        return {key: drop_nulls(value) for key, value in data.items() if value is not None}
    if isinstance(data, list):
        return [drop_nulls(item) for item in data if item is not None]
    return data


def suggestion(name: str, known: Iterable[str]) -> str:
    """Why `name` is refused: " (did you mean ...?)" is added where something is like it."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"is unknown (did you mean {close[0]}?)" if close else "is unknown"


class Fields:
    """One object being read. `problems` maps a dotted path to its reasons, in the order found.

    `tolerant`, for the shops' API: a null is a missing field, `[]` is an empty object.
    """

    def __init__(
        self,
        data: Any,
        *,
        tolerant: bool = False,
        shown: str = "",
        problems: dict[str, list[str]] | None = None,
    ) -> None:
        self.problems: dict[str, list[str]] = {} if problems is None else problems
        self._shown = shown
        self._tolerant = tolerant
        self._children: dict[str, Fields] = {}
        self._asked: set[str] = set()
        self._broken = False  # told already; what it should have held is not told as missing
        if tolerant and (data is None or data == []):
            data = {}
        if not isinstance(data, Mapping):
            self._broken = True
            self.problems.setdefault(shown or BASE, ["must be an object"])
            data = {}
        self.data: Mapping[str, Any] = data

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that are there, in their order."""
        return tuple(name for name in self.data if self._value(name) is not _MISSING)

    @property
    def ok(self) -> bool:
        """Whether nothing in this object has been told as wrong so far."""
        return not self._told(self._shown)

    def need(self, path: str, rule: Rule[T]) -> T:
        """A field that must be there. Where it is wrong this is None, and `done()` raises."""
        parent, name = self._reach(path)
        value = parent._value(name)
        if value is _MISSING:
            if not parent._broken:
                parent.wrong(name, REQUIRED)
            return cast(T, None)
        return cast(T, parent._checked(name, value, rule))

    @overload
    def get(self, path: str, rule: Rule[T]) -> T | None: ...
    @overload
    def get(self, path: str, rule: Rule[T], default: D) -> T | D: ...
    def get(self, path: str, rule: Rule[T], default: Any = None) -> Any:
        """A field that may be missing; `default` also stands in where it is wrong."""
        parent, name = self._reach(path)
        value = parent._value(name)
        if value is _MISSING:
            return default
        found = parent._checked(name, value, rule)
        return default if found is None else found

    def within(self, path: str, *, shown: str | None = None) -> Fields:
        """The object at a dotted path; an empty one where there is none. `shown` replaces the
        path that its problems are told under."""
        fields = self
        *parents, last = path.split(".")
        for name in parents:
            fields = fields.child(name)
        return fields.child(last, shown=shown)

    def child(self, name: str, *, shown: str | None = None) -> Fields:
        """The object in one field, whose name may have dots in it."""
        self._asked.add(name)
        if name not in self._children:
            value = self._value(name)
            self._children[name] = Fields(
                {} if value is _MISSING else value,
                tolerant=self._tolerant,
                shown=self.path(name) if shown is None else shown,
                problems=self.problems,
            )
            self._children[name]._broken |= self._broken
        return self._children[name]

    def each(self, path: str, *, most: int) -> tuple[Fields, ...]:
        """The objects of the list at a dotted path, each told under its place ("legs[0]"); none
        where there is no list."""
        parent, name = self._reach(path)
        value = parent._value(name)
        if value is _MISSING:
            return ()
        if not isinstance(value, list):
            parent.wrong(name, "must be a list")
            return ()
        if len(value) > most:
            parent.wrong(name, f"must have 0 to {most} items")
            return ()
        return tuple(
            Fields(
                item,
                tolerant=self._tolerant,
                shown=f"{parent.path(name)}[{place}]",
                problems=self.problems,
            )
            for place, item in enumerate(value)
        )

    def has(self, path: str) -> bool:
        parent, name = self._reach(path)
        return parent._value(name) is not _MISSING

    def wrong(self, path: str, reason: str) -> None:
        """Add a problem that no single rule sees, under a dotted path ("" is the object)."""
        reasons = self.problems.setdefault(self.path(path) or BASE, [])
        if reason not in reasons:
            reasons.append(reason)

    def no_others(self) -> None:
        """Refuse the fields that nobody asked for, with the name that was perhaps meant."""
        for name in self.data:
            if name not in self._asked:
                self.wrong(name, suggestion(name, self._asked))

    def done(self) -> None:
        """Raises Unprocessable when anything was wrong here or in any object read beside it."""
        if self.problems:
            raise Unprocessable(self.problems)

    def path(self, name: str) -> str:
        """How the problems of a field are named."""
        return ".".join(part for part in (self._shown, name) if part)

    def _reach(self, path: str) -> tuple[Fields, str]:
        head, _, name = path.rpartition(".")
        parent = self.within(head) if head else self
        parent._asked.add(name)
        return parent, name

    def _value(self, name: str) -> Any:
        value = self.data.get(name, _MISSING)
        return _MISSING if self._tolerant and value is None else value

    def _checked(self, name: str, value: Any, rule: Rule[T]) -> T | None:
        # Told already (a setting whose variable is missing): one reason is enough.
        if self._told(self.path(name)):
            return None
        try:
            return rule(value)
        except Wrong as wrong:
            self.wrong(name, str(wrong))
            return None

    def _told(self, path: str) -> bool:
        inside = f"{path}." if path else ""
        return any(told == path or told.startswith(inside) for told in self.problems)


def _deep(data: Any) -> bool:
    level = [data]
    for _ in range(DEEPEST):
        level = [
            item
            for holder in level
            if isinstance(holder, dict | list)
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)
