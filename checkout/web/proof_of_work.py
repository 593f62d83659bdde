"""A challenge without a third party: while the customer types, the browser searches numbers whose
SHA-256 begins with zeros. Without JavaScript the customer waits instead.

The signed token names the payment, the attempt and the time; it is not stored. The work is divided
into 16 small tasks, so that its duration varies little:

    seed     = the last 22 characters of the token
    proof    = 16 numbers, joined by "."
    each n of the place i:  SHA-256("seed.i.n") begins with bits - 4 zero bits
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from checkout.i18n import N_, gettext
from checkout.settings import Settings
from checkout.signing import Signer
from checkout.web.challenge import About, Challenge, ChallengeFields
from checkout.web.pages.formatting import fill

TASKS: Final = 16
TASK_BITS: Final = 4  # 2 ** 4 tasks
SEED: Final = 22  # characters
LASTS: Final = 3600.0  # seconds
LONGEST: Final = 400  # characters of a proof
_PROOF: Final = re.compile(rf"[0-9]{{1,10}}(\.[0-9]{{1,10}}){{{TASKS - 1}}}", re.ASCII)

WHY: Final = N_("To keep robots out, your device solves a small task while you type.")
WITHOUT_SCRIPT: Final = N_(
    "Without JavaScript: wait %(seconds)s seconds after this page has opened, then press Pay."
)


class ProofOfWork(Challenge):
    def __init__(self, settings: Settings, signer: Signer) -> None:
        self._signer = signer
        self._bits = settings.limits.challenge_bits
        self._wait = settings.limits.challenge_wait_seconds

    def ask(self, about: About, fields: Mapping[str, str]) -> ChallengeFields:
        """A token that is still valid is kept: a customer who waits need not start again."""
        token = fields.get("challenge", "")
        if self._age(about, token) is None:
            token = self._signer.sign_challenge(about.uid, about.attempt, about.now, self._bits)
        return fields_of(token, self._wait, about.language)

    def met(self, about: About, fields: Mapping[str, str]) -> bool:
        token = fields.get("challenge", "")
        age = self._age(about, token)
        if age is None:
            return False
        return age >= self._wait or proved(token, fields.get("proof", ""), self._bits)

    def _age(self, about: About, token: str) -> float | None:
        """Seconds; None for another attempt's token, or one that is too old."""
        made = self._signer.read_challenge(about.uid, about.attempt, token, self._bits)
        age = about.now - made if made is not None else -1.0
        # Another worker's clock may be a little behind.
        return max(age, 0.0) if -5.0 <= age <= LASTS and made is not None else None


def fields_of(token: str, wait: int, language: str) -> ChallengeFields:
    """The fields of a challenge in the form. `wait`: seconds."""
    _ = gettext(language)
    return ChallengeFields(
        hidden=(("challenge", token), ("proof", "")),
        script="challenge.js",
        text=_(WHY),
        without_script=fill(_(WITHOUT_SCRIPT), seconds=str(wait)),
    )


def proved(token: str, proof: str, bits: int) -> bool:
    if len(proof) > LONGEST or not _PROOF.fullmatch(proof):
        return False
    seed, beyond = token[-SEED:], 256 - (bits - TASK_BITS)
    return all(
        int.from_bytes(hashlib.sha256(f"{seed}.{place}.{number}".encode()).digest()) >> beyond == 0
        for place, number in enumerate(proof.split("."))
    )
