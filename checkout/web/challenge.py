"""The challenge that a customer solves where cards are being tested: its interface and the choice
of one.

Ours is `proof_of_work`. An operator's own is a distribution with an entry point in the group
`checkout.challenges`, whose name stands in the settings as `limits.challenge`: a callable that
makes a `Challenge` of settings and signer. "off": there is no challenge.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import ClassVar, Final

from msgspec import Struct

from checkout.errors import BadSettings
from checkout.settings import Settings
from checkout.signing import Signer
from checkout.web.pages.components import Field

GROUP: Final = "checkout.challenges"
OFF: Final = "off"


class About(Struct, frozen=True):
    """What a challenge is for. `attempt`: the number that the page's form is for; a solution is
    valid only for that attempt. `now`: seconds since 1970."""

    uid: str
    attempt: int
    language: str
    now: float


class ChallengeFields(Struct, frozen=True):
    """A challenge in the payment form. `hidden`: (name, value) of hidden inputs; `fields`: inputs
    for the customer; `script`: its file's name; `text`: a sentence; `without_script`: the sentence
    for browsers without JavaScript."""

    hidden: tuple[tuple[str, str], ...] = ()
    fields: tuple[Field, ...] = ()
    script: str | None = None
    text: str | None = None
    without_script: str | None = None


class Challenge(ABC):
    """`scripts`: what its pages need, by file name ("mine.js"); served by us, under our policy: no
    script of another origin runs on a payment page, and none with `eval` or `innerHTML`."""

    scripts: ClassVar[Mapping[str, bytes]] = {}

    @abstractmethod
    def ask(self, about: About, fields: Mapping[str, str]) -> ChallengeFields:
        """What the form shows. `fields`: what was sent with the form before it, if any."""

    @abstractmethod
    def met(self, about: About, fields: Mapping[str, str]) -> bool:
        """Whether the form's fields answer it. Anybody may send anything in them."""


Maker = Callable[[Settings, Signer], Challenge]


def open_challenge(
    settings: Settings, signer: Signer, ours: Mapping[str, Maker]
) -> Challenge | None:
    """The settings' challenge; `ours`: those that need no entry point. Raises BadSettings."""
    name = settings.limits.challenge
    if name == OFF:
        return None
    makers: dict[str, Maker] = dict(ours)
    if name not in makers:
        makers |= {point.name: point.load() for point in entry_points(group=GROUP, name=name)}
    if name not in makers:
        known = ", ".join(sorted({OFF, *ours}))
        raise BadSettings([("limits.challenge", f"must be one of {known}, or installed")])
    return makers[name](settings, signer)
