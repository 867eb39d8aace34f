"""Rotations by the wall clock: who has the turn, from when until when. Pure.

A hand-over at 9:00 stays at 9:00 when clocks change; the turn is then an hour longer or shorter.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from enghub.kit.calendars.intervals import Interval
from enghub.kit.calendars.zones import instant, local


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn: its number since the rotation began (negative before), whose it is, and when."""

    number: int
    member: str
    interval: Interval


@dataclass(frozen=True, slots=True)
class Rotation:
    """``members`` take turns of ``length`` (whole minutes, by the wall clock) from ``start`` (no zone) on."""

    tz: tzinfo
    start: datetime
    length: timedelta
    members: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.members:
            message = "a rotation needs members"
            raise ValueError(message)
        if self.length < timedelta(minutes=1) or self.length % timedelta(minutes=1):
            message = "a turn lasts whole minutes"
            raise ValueError(message)
        if self.start.tzinfo is not None:
            message = "a rotation starts by the wall clock: give a time without a zone"
            raise ValueError(message)

    def turn(self, number: int) -> Turn:
        """Return the turn ``number``; an empty one where clocks skip all of it."""
        begins, ends = (instant(self.start + (number + more) * self.length, self.tz) for more in (0, 1))
        return Turn(number, self.members[number % len(self.members)], Interval(begins, ends))

    def turn_at(self, at: datetime) -> Turn:
        """Return the turn that ``at`` falls in."""
        number = (local(at, self.tz) - self.start) // self.length
        while self.turn(number).interval.end <= at:  # a repeated hour belongs to whom its end belongs to
            number += 1
        while self.turn(number).interval.start > at:
            number -= 1
        return self.turn(number)
