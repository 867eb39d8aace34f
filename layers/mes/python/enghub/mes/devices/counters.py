"""What a counter of a device says (MES-24): how many pieces since its last word. Pure.

A counter is ``bits`` wide and rolls over; a device restarts and begins at 0; a reading falls to 0 and comes back (a
dip) or leaps (a spike); messages come twice, late, out of order. What is told here:

- a reading whose stamp is not after the last one adds nothing: a later reading has said it already;
- a lower reading is a roll-over where the way over the top is no longer than ``most`` pieces, else a reset: the device
  has made as many as it says now, and that is flagged;
- after a reset, a reading that goes on from before it shows that it was a dip: only what came since then counts, and
  what the dip had added is taken off what comes;
- a reading more than ``most`` above the last is a spike: somebody has to look, nothing moves.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from enghub.mes.devices.errors import SpikeInCounter


class Said(StrEnum):
    """What a reading was."""

    FIRST = "FIRST"
    COUNTED = "COUNTED"
    LATE_OR_REPEATED = "LATE_OR_REPEATED"
    ROLLED_OVER = "ROLLED_OVER"
    RESET = "RESET"
    DIP_RECOVERED = "DIP_RECOVERED"


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter as last read. ``before_reset`` is its value before a reset that may prove to be a dip.

    ``owed`` are pieces counted since then, or too many already: they are taken off what comes.
    """

    value: int
    read_at: datetime
    before_reset: int | None = None
    since_reset: int = 0
    owed: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading adds: pieces, never less than none; ``counter`` is the counter after it."""

    pieces: int
    said: Said
    counter: Counter


def read(counter: Counter | None, value: int, at: datetime, bits: int, most: int) -> Reading:
    """Return what a reading adds to a counter of so many bits, of which ``most`` pieces at once are plausible.

    Raises:
        SpikeInCounter: it leaps further.
    """
    if counter is None:
        return Reading(0, Said.FIRST, Counter(value, at))
    if at <= counter.read_at:
        return Reading(0, Said.LATE_OR_REPEATED, counter)
    before = counter.before_reset
    if before is not None and 0 <= value - before <= most:
        pieces, owed = _settled(value - before, counter.owed + counter.since_reset)
        return Reading(pieces, Said.DIP_RECOVERED, Counter(value, at, owed=owed))
    step = value - counter.value
    if step < 0:
        over = step + (1 << bits)
        if over <= most:
            return _counted(counter, value, at, over, Said.ROLLED_OVER)
        pieces, owed = _settled(value, counter.owed)
        kept = counter.value if before is None else before
        return Reading(pieces, Said.RESET, Counter(value, at, kept, counter.since_reset + pieces, owed))
    if step > most:
        raise SpikeInCounter(last=counter.value, value=value, most=most)
    return _counted(counter, value, at, step, Said.COUNTED)


def _counted(counter: Counter, value: int, at: datetime, step: int, said: Said) -> Reading:
    """Count a step; one that goes on from a reset shows that it was none of a dip."""
    pieces, owed = _settled(step, counter.owed)
    before = None if step else counter.before_reset
    since = 0 if step else counter.since_reset
    return Reading(pieces, said, Counter(value, at, before, since, owed))


def _settled(step: int, owed: int) -> tuple[int, int]:
    """Return what a step adds once what was counted too much is taken off, and what is owed still."""
    return max(0, step - owed), max(0, owed - step)
