"""Rights that somebody was given, or that were taken, for a time and perhaps for a part alone (CFG-22). Pure.

A grant comes on top of what the token's roles hold. One that takes (DENY) beats those that give, and roles. Which
permissions a grant stands for is said by who makes it (``settings``); here they are names.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from enghub.core import clock
from enghub.core.identity import Principal

ALLOW, DENY = "ALLOW", "DENY"


@dataclass(frozen=True, slots=True)
class Limit:
    """A permission that is given, or taken, within a part alone."""

    permission: str
    within: str
    """Keys that begin so where it ends in a dot, else this one; empty for everything."""
    allows: bool
    grant_id: str = ""
    lapsed_at: datetime | None = None
    """Since when it gives nothing any more."""

    def covers(self, key: str) -> bool:
        """Tell whether it is about a key."""
        return not self.within or key == self.within or (self.within.endswith(".") and key.startswith(self.within))


@dataclass(frozen=True, slots=True)
class Granted:
    """One grant as the edge needs it."""

    grant_id: str
    effect: str
    names: tuple[str, ...]
    """The permissions it stands for."""
    within: str
    """What it is limited to: ``line.`` for keys that begin so, ``line.speed`` for one; empty for everything."""
    valid_from: datetime
    valid_until: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Tell whether it holds at a time; its end is the first moment at which it does not."""
        return self.valid_from <= now and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Tell whether its time is over."""
        return self.valid_until is not None and self.valid_until <= now


def to_text(grants: Iterable[Granted]) -> str:
    """Return grants as the edge's item holds them."""
    return json.dumps(
        [
            [
                one.grant_id,
                one.effect,
                list(one.names),
                one.within,
                clock.to_text(one.valid_from),
                one.valid_until and clock.to_text(one.valid_until),
            ]
            for one in grants
        ],
        separators=(",", ":"),
    )


def from_text(text: str) -> tuple[Granted, ...]:
    """Read what ``to_text`` wrote."""
    return tuple(
        Granted(grant_id, effect, tuple(names), within, clock.from_text(since), until and clock.from_text(until))
        for grant_id, effect, names, within, since, until in json.loads(text)
    )


def applied(principal: Principal, grants: Sequence[Granted], now: datetime) -> Principal:
    """Return the caller with what grants give and take at a time, and what has lapsed since when."""
    valid = [one for one in grants if one.is_valid(now)]
    permissions = set(principal.permissions)
    for effect in (ALLOW, DENY):
        for one in valid:
            if one.effect == effect and not one.within:
                permissions = permissions | set(one.names) if effect == ALLOW else permissions - set(one.names)
    taken = {name for one in valid if one.effect == DENY and not one.within for name in one.names}
    limits = tuple(
        Limit(name, one.within, one.effect == ALLOW, one.grant_id)
        for one in valid
        for name in one.names
        if (one.within and name not in taken) or (one.effect == DENY and not one.within)
    )
    ends = [(one.valid_until, name) for one in grants if one.effect == ALLOW for name in one.names if one.is_over(now)]
    lapsed = {name: until for until, name in sorted(ends, key=lambda pair: str(pair[0])) if until is not None}
    over = tuple(Limit(name, "", allows=True, lapsed_at=until) for name, until in lapsed.items())
    return replace(principal, permissions=frozenset(permissions), limits=(*limits, *over))
