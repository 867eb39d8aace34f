"""Proof that what is derived agrees with what it is derived from: recompute, compare, repair, look again. No I/O.

What is kept is read first: what moves meanwhile then shows as moving, or as a difference that the next look does not
find any more, and a repair names what it saw.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
LOOKS = 3
"""What was taken while comparing looks like a difference; the next look tells."""


@dataclass(frozen=True, slots=True)
class Compared(Generic[K, V]):
    """One look: what is kept, what settled parts should be but are not, which parts still move."""

    kept: Mapping[K, V]
    wrong: Mapping[K, V]
    moving: frozenset[K]


@dataclass(frozen=True, slots=True)
class Derived(Generic[K, V]):
    """Parts derived from a source, by key.

    ``kept`` reads what is stored, ``source`` makes anew what should be; ``nothing`` is what a part should be that the
    source does not know. ``is_moving`` parts are not judged. ``agree`` tells whether a stored part (None: there is
    none) is right. ``repair`` stores the right one where the stored is still as it was seen, and tells whether it was.
    """

    kept: Callable[[], Mapping[K, V]]
    source: Callable[[], Mapping[K, V]]
    nothing: Callable[[K], V]
    agree: Callable[[V | None, V], bool]
    repair: Callable[[K, V | None, V], bool]
    is_moving: Callable[[V], bool] = lambda _: False

    def compare(self) -> Compared[K, V]:
        """Look once."""
        kept = self.kept()
        source = self.source()
        moving = frozenset(key for key, part in kept.items() if self.is_moving(part))
        wrong = {}
        for key in (kept.keys() | source.keys()) - moving:
            right = source[key] if key in source else self.nothing(key)
            if not self.agree(kept.get(key), right):
                wrong[key] = right
        return Compared(kept, wrong, moving)

    def repaired(self) -> int:
        """Set right what is wrong; returns how many parts were."""
        found = self.compare()
        return sum(self.repair(key, found.kept.get(key), right) for key, right in found.wrong.items())

    def proved(self) -> Compared[K, V]:
        """Look until nothing is wrong, a few times at most; returns the last look."""
        found = self.compare()
        for _ in range(LOOKS - 1):
            if not found.wrong:
                break
            found = self.compare()
        return found
