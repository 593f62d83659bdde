"""Plain data (JSON, TOML, a form) checked field by field, with every wrong field reported at once.

    body = Reader(decode(raw), tolerant=True).within("checkout", shown="")
    amount = body.need("order.amount", minor_units())
    email = body.get("customer.email", email_address)
    body.done()  # raises Unprocessable: {"order.amount": ["is required"]}

A `Rule` takes the value as it came and returns it as we keep it, or raises `Invalid`; the rules
themselves are in `model/validation/rules.py`. Unknown fields are ignored until `no_others()`
refuses them.

How much anybody may send is in `Bounds`, for JSON, forms and settings alike: reading takes time and
memory in proportion to what is read, also where all of it is wrong.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar, cast, overload
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from checkout.errors import BadRequest, Unprocessable
from checkout.model.validation.description import takes_blank


class Bounds(Struct, frozen=True, kw_only=True):
    """How much data may be: objects and lists within each other, members of one object, items of
    one list, members and items in all, characters of a name."""

    depth: int = 32
    members: int = 1000
    items: int = 1000
    values: int = 10_000
    name: int = 256


BODY: Final = Bounds()
FORM: Final = Bounds(members=100)  # and a query
SETTINGS: Final = Bounds(members=10_000, items=10_000, values=200_000)
ANSWER: Final = Bounds(members=2000, items=10_000, values=50_000)  # of a gateway
MOST_LISTED: Final = 50  # problems; of the others their number
LONGEST_NAME: Final = 64  # characters of a name in a problem's path
BASE: Final = "base"  # where a problem stands that belongs to no field
REQUIRED: Final = "is required"
_MISSING: Final = object()
# A text in JSON, and the colon after it where it is a name. No character is read twice.
_STRINGS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"[ \t\n\r]*+(:?)')

T = TypeVar("T")
D = TypeVar("D")
Rule = Callable[[Any], T]


class Invalid(ValueError):
    """What a rule raises: a reason like "must be text". It never repeats the value, which may be
    a secret."""


class Dropped(Invalid):
    """What a rule raises of data that no payment is refused for: `instead` is kept in place of the
    value (None: nothing), and the reason is noted."""

    def __init__(self, reason: str, instead: Any = None) -> None:
        super().__init__(reason)
        self.instead = instead


def decode(raw: bytes) -> Any:
    """JSON as builtins.

    Raises BadRequest for what is no JSON (NaN and bad UTF-8 are none), is out of bounds, or has a
    member twice in one object: another program might read the other one.
    """
    try:
        data = msgspec.json.decode(raw)
        check_bounds(data)
        if (name := repeated(raw, data)) is not None:
            raise Invalid(f'has "{_shown(name)}" twice in one object')
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadRequest("The body is not valid JSON") from None
    except RecursionError:
        raise BadRequest("The JSON is nested too deeply") from None
    except Invalid as wrong:
        raise BadRequest(f"The JSON {wrong}") from None
    return data


def repeated(raw: bytes, data: Any, *, differing: bool = False) -> str | None:
    """The first name that occurs twice in one object of `raw`, whose JSON is `data`; "" where it
    can't be found, None for none. `differing`: with another value.

    Usually it is enough to count the names in the text: `data` has one of each.
    """
    if _STRINGS.findall(raw).count(b":") == _members_of(data):
        return None
    found: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for name, value in pairs:
            if name in seen and not (differing and seen[name] == value):
                found.append(name)
            seen[name] = value
        return seen

    try:
        json.loads(raw, object_pairs_hook=note)
    except (ValueError, RecursionError):  # this parser is stricter and limits the depth
        return ""
    return found[0] if found else None


def _members_of(data: Any) -> int:
    """How many members all objects in plain data have."""
    found, level = 0, [data]
    while level:
        inner: list[Any] = []
        for holder in level:
            if isinstance(holder, dict):
                found += len(holder)
                inner += holder.values()
            elif isinstance(holder, list):
                inner += holder
        level = inner
    return found


def check_bounds(data: Any, bounds: Bounds = BODY) -> None:
    """Raises Invalid ("has a list of more than 1000 items") where plain data is out of bounds."""
    level, left = [data], bounds.values
    for _ in range(bounds.depth + 1):
        level = [holder for holder in level if isinstance(holder, dict | list)]
        if not level:
            return
        left -= sum(map(len, level))
        if left < 0:
            raise Invalid(f"has more than {bounds.values} values in all")
        for holder in level:
            _check_width(holder, bounds)
        level = [
            item
            for holder in level
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
    raise Invalid("is nested too deeply")


def _check_width(holder: dict[Any, Any] | list[Any], bounds: Bounds) -> None:
    if isinstance(holder, list):
        if len(holder) > bounds.items:
            raise Invalid(f"has a list of more than {bounds.items} items")
        return
    if len(holder) > bounds.members:
        raise Invalid(f"has an object of more than {bounds.members} members")
    if any(len(name) > bounds.name for name in holder):
        raise Invalid(f"has a name of more than {bounds.name} characters")


def form_pairs(encoded: bytes, bounds: Bounds = FORM, *, blanks: bool = True) -> dict[str, str]:
    """The fields of a form or a query, the first of each name; without `blanks` only
    those that are not empty. Raises BadRequest."""
    try:
        pairs = parse_qsl(
            encoded.decode("ascii"),
            keep_blank_values=blanks,
            errors="strict",
            max_num_fields=bounds.members,
        )
    except ValueError:  # also bytes that are no UTF-8
        raise BadRequest from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if len(name) > bounds.name:
            raise BadRequest
        found.setdefault(name, value)
    return found


def is_left_out(value: Any) -> bool:
    """Whether plugins send it for nothing: null, or blank text."""
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


def drop_nulls(data: Any) -> Any:
    """The same data without nulls, at every depth."""
    if isinstance(data, Mapping):
        return {key: drop_nulls(value) for key, value in data.items() if value is not None}
    if isinstance(data, list):
        return [drop_nulls(item) for item in data if item is not None]
    return data


def suggestion(name: str, known: Iterable[str]) -> str:
    """Why `name` is refused: " (did you mean ...?)" is added where something is like it."""
    close = difflib.get_close_matches(name[:LONGEST_NAME], list(known), n=1, cutoff=0.6)
    return f"is unknown (did you mean {close[0]}?)" if close else "is unknown"


def _shown(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"


class Problems(dict[str, list[str]]):
    """Reasons by dotted path, in the order found: the first 50; `more` counts the others.
    `dropped`: what was cut or dropped without being a problem, by path too."""

    def __init__(self) -> None:
        super().__init__()
        self.more = 0
        self.dropped: dict[str, str] = {}
        self._room = MOST_LISTED

    def add(self, path: str, reason: str) -> None:
        reasons = self.get(path, [])
        if reason in reasons:
            return
        if self.full:
            self.more += 1
            return
        self._room -= 1
        self[path] = [*reasons, reason]

    @property
    def full(self) -> bool:
        return self._room == 0

    def about(self, path: str) -> bool:
        """Whether there is a problem at a path or inside it; "" is anywhere."""
        inside = f"{path}." if path else ""
        return any(each == path or each.startswith(inside) for each in self)

    def by_path(self) -> dict[str, list[str]]:
        """The reasons by path, as an answer shows them."""
        if not self.more:
            return dict(self)
        return {**self, BASE: [*self.get(BASE, ()), f"and {self.more} more"]}


class Reader:
    """One object being read. `problems` is shared by all that are read beside it.

    `tolerant`, for the shops' API: null and blank text are a missing field (but where a rule
    `takes_blank`), `[]` is an empty object.
    """

    def __init__(
        self,
        data: Any,
        *,
        tolerant: bool = False,
        shown: str = "",
        problems: Problems | None = None,
    ) -> None:
        self.problems = Problems() if problems is None else problems
        self._shown = shown
        self._tolerant = tolerant
        self._children: dict[str, Reader] = {}
        self._known: set[str] = set()
        self._broken = False  # reported already; its fields are not reported as missing
        if tolerant and (data is None or data == []):
            data = {}
        if not isinstance(data, Mapping):
            self._broken = True
            if (shown or BASE) not in self.problems:
                self.problems.add(shown or BASE, "must be an object")
            data = {}
        self.data: Mapping[str, Any] = data

    @property
    def is_object(self) -> bool:
        """Whether there are fields to read; what is none has been noted as wrong."""
        return not self._broken

    @property
    def given(self) -> dict[str, Any]:
        """The fields that are present, as they came."""
        return {name: self.data[name] for name in self.names}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields that are present, in their order."""
        return tuple(name for name in self.data if self._value(name) is not _MISSING)

    def there(self, known: Mapping[str, Any]) -> set[str]:
        """Which of the known fields are present."""
        self._known.update(known)
        found = self.data.keys() & known.keys()
        return {name for name in found if self.data[name] is not None} if self._tolerant else found

    @property
    def ok(self) -> bool:
        """Whether no problem in this object has been found so far."""
        return not (self.problems.more or self.problems.about(self._shown))

    def need(self, path: str, rule: Rule[T]) -> T:
        """A field that must be there. Where it is wrong this is None, and `done()` raises."""
        parent, name = self._reach(path)
        return cast(T, parent.read(name, rule, required=True))

    @overload
    def get(self, path: str, rule: Rule[T]) -> T | None: ...
    @overload
    def get(self, path: str, rule: Rule[T], default: D) -> T | D: ...
    def get(self, path: str, rule: Rule[T], default: Any = None) -> Any:
        """A field that may be missing; `default` also stands in where it is wrong."""
        parent, name = self._reach(path)
        return parent.named(name, rule, default)

    @overload
    def named(self, name: str, rule: Rule[T]) -> T | None: ...
    @overload
    def named(self, name: str, rule: Rule[T], default: D) -> T | D: ...
    def named(self, name: str, rule: Rule[T], default: Any = None) -> Any:
        """`get` by a name that came with the data: dots in it are no path."""
        return self.read(name, rule, default)

    def read(self, name: str, rule: Rule[Any], default: Any = None, required: bool = False) -> Any:
        """The field of this name; `default` stands in where it is missing or wrong."""
        self._known.add(name)
        value = self._value(name, blank=takes_blank(rule))
        if value is _MISSING:
            if required and not self._broken:
                self.wrong(name, REQUIRED)
            return default
        # Reported already (a setting whose variable is missing): one reason is enough.
        if self.problems and self.problems.about(self.path(name)):
            return default
        try:
            found = rule(value)
        except Dropped as wrong:
            self.drop(name, str(wrong))
            found = wrong.instead
        except Invalid as wrong:
            self.wrong(name, str(wrong))
            return default
        return default if found is None else found

    def within(self, path: str, *, shown: str | None = None) -> Reader:
        """The object at a dotted path; an empty one where there is none. `shown` replaces the
        path of its problems."""
        fields = self
        *parents, last = path.split(".")
        for name in parents:
            fields = fields.child(name)
        return fields.child(last, shown=shown)

    def child(self, name: str, *, shown: str | None = None) -> Reader:
        """The object in one field, whose name may have dots in it."""
        self._known.add(name)
        if name not in self._children:
            value = self._value(name)
            self._children[name] = Reader(
                {} if value is _MISSING else value,
                tolerant=self._tolerant,
                shown=self.path(name) if shown is None else shown,
                problems=self.problems,
            )
            self._children[name]._broken |= self._broken
        return self._children[name]

    def optional_child(self, name: str) -> Reader:
        """The same of an object that no payment is refused for: an empty one where it is none."""
        value = self._value(name)
        if not (value is _MISSING or value in ("", []) or isinstance(value, Mapping)):
            self.drop(name, "must be an object")
            value = _MISSING
        if not isinstance(value, Mapping):
            self._children.setdefault(
                name,
                Reader({}, tolerant=self._tolerant, shown=self.path(name), problems=self.problems),
            )
        return self.child(name)

    def each(self, path: str, *, most: int) -> tuple[Reader, ...]:
        """The objects of the list at a dotted path, with problems under its place
        ("legs[0]"); none where there is no list."""
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
            Reader(
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
        self.problems.add(self.path(path) or BASE, reason)

    def drop(self, path: str, reason: str) -> None:
        """Note that something under a dotted path was cut or dropped, and why."""
        before = self.dropped.get(self.path(path))
        if before is not None or len(self.dropped) < MOST_LISTED:
            self.dropped[self.path(path)] = f"{before}, {reason}" if before else reason

    @property
    def dropped(self) -> dict[str, str]:
        """What was cut or dropped, here and in all that are read beside it: reasons by path."""
        return self.problems.dropped

    def no_others(self) -> None:
        """Refuse unknown fields, with the name that was perhaps meant."""
        for name in self.data:
            if name not in self._known:
                listed = not self.problems.full
                self.wrong(name, suggestion(name, self._known) if listed else "is unknown")

    def done(self) -> None:
        """Raises Unprocessable when anything was wrong here or in any object read beside it."""
        if self.problems:
            raise Unprocessable(self.problems.by_path())

    def path(self, name: str) -> str:
        """The path of a field's problems."""
        return ".".join(part for part in (self._shown, _shown(name)) if part)

    def _reach(self, path: str) -> tuple[Reader, str]:
        head, _, name = path.rpartition(".")
        parent = self.within(head) if head else self
        parent._known.add(name)
        return parent, name

    def _value(self, name: str, *, blank: bool = False) -> Any:
        """`_MISSING` also for what a tolerant reader takes as left out; `blank`: text never is."""
        value = self.data.get(name, _MISSING)
        left_out = value is None if blank else is_left_out(value)
        return _MISSING if self._tolerant and left_out else value
