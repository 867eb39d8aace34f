"""What a process read last, for the time when the store is away (CFG-25): answered as stale, never as fresh.

Kept are the items of every layer, not the answer: a version that begins or expires meanwhile does so on the second.
That a key is nowhere is remembered, too.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from enghub.core.commits import Kept
from enghub.settings.configs.model import Address, Config

MOST = 1_000
"""Keys of callers that a process remembers, those asked for last; a key has at most three values of 32 KB."""
Items = Mapping[Address, Kept[Config]]


@dataclass(frozen=True, slots=True)
class LastKnown:
    """The memory of one process."""

    most: int = MOST
    _kept: "OrderedDict[tuple[Address, ...], tuple[Items, datetime]]" = field(default_factory=OrderedDict)

    def keep(self, addresses: Sequence[Address], found: Items, at: datetime) -> None:
        """Remember what was read at that time."""
        asked = tuple(addresses)
        self._kept[asked] = (found, at)
        self._kept.move_to_end(asked)
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)

    def of(self, addresses: Sequence[Address]) -> tuple[Items, datetime] | None:
        """Return what was read last, and when; None where it never was."""
        return self._kept.get(tuple(addresses))
