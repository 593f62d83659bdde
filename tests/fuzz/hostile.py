"""What somebody may send who wants us to work: a few characters again and again, with others before
and after, as a text or as the names, members, items and depth of JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

# Known to be hard for somebody: blanks and digits, what nests, what escapes, what separates.
UNITS: Final = (
    "3 ", "3", "1 ", "8613812345678 ", "4200 0000 0000 0001 ", "0-", "3.", "\u0663 ", "\uff13",
    "a", " ", "\t", "\n", "\x00", "\xad", "\u200b", "ä", "\U0001f375", "\ufdfa", "\ud800",
    "a.", ".", "a-", "-", "_", ",", ", ", ";", ";q=1,", "a;q=0,", "/", "//", "/a", ":", "::", "@",
    "a@", "a:b@", "https://", "%", "%41", "%ff", "+", "&", "&a=", "a&", "=", "a=1&", "1=", "\\",
    "\\\\", '"', "\\101", "'", "[", "]", "[[a]", "{", "}", "{a}", "[[uid]]", "<", "<a>", "<!--",
    "</", '<a href="', "&#1;", "&amp", "&#", "0", "9", "1e9", "1,234.", "card ", "first_name ",
    "env:", "AAAA", "YTph", "10.0.0.1,", "xn--", "\r\n",
)  # fmt: skip
ENDS: Final = ("", "x", "!", '"', ">", ";", "]", "}", "\x00", "1", "4200000000000000", "@a.b")
ALPHABET: Final = "0139 .-+_,;:/@&=%#?<>()[]{}\"'\\\t\n\xad\u200b\u0663äżaAeEtrue*~^|$!"

FORMS: Final = ("text", "name", "names", "members", "items", "nested", "lists", "objects")


class Hostile(NamedTuple):
    """`unit` again and again. `form`: what is made of it for JSON."""

    unit: str
    head: str = ""
    tail: str = ""
    form: str = "text"

    def text(self, size: int) -> str:
        """Of about so many bytes."""
        times = size // len(self.unit.encode("utf-8", "surrogatepass"))
        return self.head + self.unit * times + self.tail

    def value(self, size: int) -> Any:
        """As JSON of about so many bytes."""
        return MAKE[self.form](self, size)


def _members(hostile: Hostile, size: int) -> dict[str, Any]:
    member = len(hostile.unit) + len(hostile.head) + len(hostile.tail) + 14
    inner = hostile.head + hostile.unit + hostile.tail
    return {f"{number:x}": inner for number in range(size // member)}


def _names(hostile: Hostile, size: int) -> dict[str, Any]:
    """Names of 200 characters, all of the unit but for a number."""
    name = (hostile.unit * 200)[:200]
    return {f"{number:x}{name}": 1 for number in range(size // 210)}


def _nested(hostile: Hostile, size: int) -> Any:
    found: Any = hostile.head
    for _ in range(min(size // (len(hostile.unit) + 5), 30)):
        found = {hostile.unit: found}
    return found


MAKE: Final[dict[str, Callable[[Hostile, int], Any]]] = {
    "text": lambda hostile, size: hostile.text(size),
    "name": lambda hostile, size: {hostile.text(size): hostile.tail},
    "names": _names,
    "members": _members,
    "items": lambda hostile, size: [hostile.unit + hostile.tail] * (
        size // (len(hostile.unit) + len(hostile.tail) + 3)
    ),
    "nested": _nested,
    "lists": lambda _, size: [[] for _ in range(size // 3)],
    "objects": lambda hostile, size: [{hostile.unit: 1} for _ in range(size // 10)],
}  # fmt: skip

KNOWN: Final = tuple(Hostile(unit) for unit in UNITS)

hostile_texts: Final = st.builds(
    Hostile,
    unit=st.sampled_from(UNITS) | st.text(ALPHABET, min_size=1, max_size=6),
    head=st.sampled_from(ENDS) | st.text(ALPHABET, max_size=4),
    tail=st.sampled_from(ENDS) | st.text(ALPHABET, max_size=4),
    form=st.just("text"),
)
hostile_values: Final = st.builds(
    Hostile,
    unit=st.sampled_from(UNITS) | st.text(ALPHABET, min_size=1, max_size=6),
    head=st.sampled_from(ENDS),
    tail=st.sampled_from(ENDS),
    form=st.sampled_from(FORMS),
)
