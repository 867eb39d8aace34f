"""Goes round what may be lost: each is dealt with by itself, and one that fails holds up none of the others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from enghub.core import log

T = TypeVar("T")


class Fate(StrEnum):
    """What became of one that was looked at."""

    ALIVE = "ALIVE"
    TAKEN_UP = "TAKEN_UP"
    """It goes on, in fresh hands."""
    GIVEN_UP = "GIVEN_UP"
    """It ended, or stands still until people say something."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many go on in fresh hands, were given up, and could not be dealt with now."""

    taken_up: int = 0
    given_up: int = 0
    failed: int = 0


def sweep(found: Iterable[T], deal: Callable[[T], Fate]) -> Swept:
    """Deal with each of ``found``; the log says with which it failed and why."""
    counts = dict.fromkeys(Fate, 0)
    failed = 0
    for one in found:
        try:
            counts[deal(one)] += 1
        except Exception:
            log.exception("a lost run cannot be dealt with", run=str(one))
            failed += 1
    return Swept(counts[Fate.TAKEN_UP], counts[Fate.GIVEN_UP], failed)
