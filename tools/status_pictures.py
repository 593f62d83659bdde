"""Draws how statuses follow each other into the documents, as Mermaid, between the marks that name
the pictures: `python -m tools.status_pictures`.

`attempt` is `model.status.MOVES` as it is; `payment` is what the shop's API can say, found by
trying every move of every attempt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final, NamedTuple

from checkout.model.status import (
    MOVES,
    OUTWARD,
    SUCCESSFUL,
    UNPAID_ENDS,
    Status,
    payment_status,
)
from tools.marked_documents import filled, marked, rewrite

MARKED: Final = marked("picture")

Edge = tuple[str, str]

# Statuses that share most of their moves stand in one box. A box has an arrow where all in it have.
BOXES: Final[dict[str, frozenset[Status]]] = {
    "successful": SUCCESSFUL,
    "unpaid": UNPAID_ENDS - {Status.NOT_SENT},
}
ATTEMPTS: Final = (1, 2)  # that a payment may have; more make no new moves


class Standing(NamedTuple):
    """Of a payment: the statuses of its attempts, how many declines it may have, whether its time
    is over, whether the customer gave up."""

    attempts: tuple[Status, ...]
    allowed: int
    expired: bool = False
    cancelled: bool = False

    @property
    def status(self) -> Status:
        return payment_status(
            self.attempts, allowed=self.allowed, expired=self.expired, cancelled=self.cancelled
        )

    def following(self) -> Iterator[Standing]:
        for place, status in enumerate(self.attempts):
            for moved in MOVES[status]:
                yield self._replace(
                    attempts=(*self.attempts[:place], moved, *self.attempts[place + 1 :])
                )
        yield self._replace(expired=True)
        again = self._replace(cancelled=False)
        if self.status is Status.CANCELLED and again.status is Status.OPEN:
            yield again
        if self.status is Status.OPEN:
            yield self._replace(cancelled=True)
            if len(self.attempts) < max(ATTEMPTS):
                yield self._replace(attempts=(*self.attempts, Status.SUBMITTING))


def payment_moves() -> set[Edge]:
    """From one status of the shop's API to the next, whatever happens to a payment."""
    seen: set[Standing] = set()
    new = {Standing((), allowed) for allowed in ATTEMPTS}
    edges = set()
    while new:
        standing = new.pop()
        seen.add(standing)
        for after in standing.following():
            edges.add((OUTWARD[standing.status], OUTWARD[after.status]))
            new |= {after} - seen
    return {(before, after) for before, after in edges if before != after}


def attempt_moves() -> set[tuple[Status, Status]]:
    return {(before, after) for before, targets in MOVES.items() for after in targets}


def attempt_lines() -> Iterator[str]:
    left = attempt_moves()
    for name, inside in BOXES.items():
        yield f"  state {name} {{"
        yield from (f"    {each.name}" for each in _ordered(inside))
        for before, after in sorted(left & set(product(inside, inside))):
            yield f"    {before.name} --> {after.name}"
            left.discard((before, after))
        yield "  }"
    yield f"  [*] --> {Status.SUBMITTING.name}"
    ends = [*((name, inside) for name, inside in BOXES.items())]
    ends += [(each.name, frozenset({each})) for each in _ordered(set(MOVES) - _boxed())]
    for (box, sources), (other, targets) in product(ends, ends):
        pairs = set(product(sources, targets))
        if box != other and pairs <= left:
            yield f"  {box} --> {other}"
            left -= pairs
    yield from (f"  {before.name} --> {after.name}" for before, after in sorted(left))


def _ordered(statuses: Iterable[Status]) -> list[Status]:
    return sorted(statuses, key=list(Status).index)


def _boxed() -> frozenset[Status]:
    return frozenset().union(*BOXES.values())


def payment_lines() -> Iterator[str]:
    yield f"  [*] --> {OUTWARD[Status.OPEN]}"
    yield from (f"  {before} --> {after}" for before, after in sorted(payment_moves()))


PICTURES: Final = {"attempt": attempt_lines, "payment": payment_lines}


def picture(name: str) -> str:
    return "\n".join(("```mermaid", "stateDiagram-v2", *PICTURES[name](), "```", ""))


def written(text: str) -> str:
    """A document with its pictures as the tables are now."""
    return filled(text, MARKED, picture)


if __name__ == "__main__":
    rewrite(written)
