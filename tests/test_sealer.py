"""What is sealed opens under its own name and key alone."""

from __future__ import annotations

import base64

import pytest

from checkout.fresh_keys import new_secret
from checkout.sealer import FORMAT, Sealer, Unsealable

OLD, NEW = new_secret(), new_secret()


def test_opens_what_it_sealed_and_nothing_else() -> None:
    sealer = Sealer([OLD], "shops")
    sealed = sealer.seal("tea", b"secret words")
    assert sealer.open("tea", sealed) == b"secret words"
    assert b"secret" not in base64.urlsafe_b64decode(sealed.removeprefix(FORMAT))
    assert sealed != sealer.seal("tea", b"secret words")  # a nonce of its own each time
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    others = [(Sealer([NEW], "shops"), "tea"), (Sealer([OLD], "mails"), "tea"), (sealer, "coffee")]
    for other, name in others:
        with pytest.raises(Unsealable):
            other.open(name, sealed)
    for broken in (changed, sealed[:-8], "", FORMAT, "1.é", "1.AAAA"):
        with pytest.raises(Unsealable):
            sealer.open("tea", broken)


def test_keys_rotate() -> None:
    sealed = Sealer([OLD], "shops").seal("tea", b"words")
    both = Sealer([OLD, NEW], "shops")
    assert both.open("tea", sealed) == b"words"
    assert not both.is_newest("tea", sealed)
    anew = both.seal("tea", b"words")
    assert both.is_newest("tea", anew)
    assert Sealer([NEW], "shops").open("tea", anew) == b"words"
