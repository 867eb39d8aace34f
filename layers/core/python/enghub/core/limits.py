"""How often one user, and one tenant, may call: token buckets, charged in one conditional write for many calls.

A bucket holds one minute's calls and fills evenly; it is stored as the time at which it is full again (the generic cell
rate algorithm), so that a charge needs no read. A warm function counts its calls and charges them together, a tenth of
a minute's allowance at a time: a hot route pays one more call in twenty. What several functions have not charged yet
may be called beyond the figure; what that can be at most is ``docs/decisions/0037-limits.md``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from enghub.core import config
from enghub.core.clock import system_clock
from enghub.core.codec import RawItem
from enghub.core.dynamo import Attr, key
from enghub.core.errors import RateLimited, Unavailable
from enghub.core.identity import Principal
from enghub.core.observability import logger
from enghub.core.transactions import PutItem, absent, transact

MINUTE = 60.0
TRIES = 3
MAX_KNOWN = 5_000
"""Buckets that a warm function remembers."""


@dataclass(frozen=True, slots=True)
class LimitConfig:
    """Calls a minute of one user by class of route, and how many users' worth a tenant has; empty: no limits.

    For example ``read=300 write=100 report=200 tenant=50``.
    """

    rate_limits: str = ""


@cache
def figures() -> Mapping[str, int]:
    """Return the stage's figures by name."""
    pairs = (part.partition("=") for part in config.load(LimitConfig).rate_limits.split())
    return {name: int(number) for name, _, number in pairs}


@dataclass(slots=True)
class Bucket:
    """What this function knows of one bucket."""

    full_at: float = 0.0
    """Seconds since 1970 at which it is full again, as last seen."""
    pending: int = 0
    """Calls not charged yet."""
    since: float = 0.0
    """When the first of them was made."""


def charged(full_at: float, now: float, calls: int, per_minute: int) -> float:
    """Return when the bucket is full again after ``calls`` more.

    Raises:
        RateLimited: it does not hold so many; says when it will.
    """
    after = max(full_at, now) + calls * MINUTE / per_minute
    if after - now > MINUTE:
        raise RateLimited(retry_after_seconds=max(1, math.ceil(round(after - now - MINUTE, 3))))
    return after


_known: dict[tuple[str, str, str], Bucket] = {}


def forget() -> None:
    """Drop what this function knows, and the figures."""
    _known.clear()
    figures.cache_clear()


def take(principal: Principal, kind: str) -> None:
    """Count one call of ``kind`` (a class of routes) for the caller and their tenant.

    Raises:
        RateLimited: one of both has used up its minute; nothing was done.
    """
    per_minute = figures().get(kind, 0)
    if not per_minute:
        return
    _take((principal.tenant_id, principal.user_id, kind), per_minute)
    if users := figures().get("tenant", 0):
        _take((principal.tenant_id, "", kind), per_minute * users)


def take_many(tenant_id: str, owner: str, kind: str, calls: int, per_minute: int) -> None:
    """Count many calls of ``kind`` for an owner that is no user, as a connection, charged at once; one write.

    More than a minute's allowance at once is charged as the whole minute.

    Raises:
        RateLimited: the minute is used up; nothing was done.
    """
    name, now = (tenant_id, owner, kind), system_clock().timestamp()
    bucket = _known.setdefault(name, Bucket())
    calls = min(calls, per_minute)
    charged(bucket.full_at, now, calls, per_minute)
    bucket.pending = calls
    try:
        _charge(name, bucket, now, per_minute)
    finally:
        bucket.pending = 0


def _take(name: tuple[str, str, str], per_minute: int) -> None:
    now = system_clock().timestamp()
    if len(_known) > MAX_KNOWN:
        _known.clear()
    bucket = _known.setdefault(name, Bucket())
    if bucket.pending and now - bucket.since > MINUTE:
        bucket.pending = 0  # fewer than a tenth of the allowance in more than a minute
    bucket.since = bucket.since if bucket.pending else now
    charged(bucket.full_at, now, bucket.pending + 1, per_minute)
    bucket.pending += 1
    if bucket.pending >= max(1, per_minute // 10):
        try:
            _charge(name, bucket, now, per_minute)
        except RateLimited:
            bucket.pending -= 1  # the call that is refused now; those before it are still owed
            raise


def _charge(name: tuple[str, str, str], bucket: Bucket, now: float, per_minute: int) -> None:
    """Charge what is pending; a bucket that cannot be reached lets the call pass, for the call itself will tell."""
    for _ in range(TRIES):
        after = charged(bucket.full_at, now, bucket.pending, per_minute)
        try:
            transact(_put(name, max(bucket.full_at, now), after))
        except _Fuller as seen:
            bucket.full_at = seen.full_at
        except Unavailable:
            logger.warning("limit not charged", limit=name[2])
            break
        else:
            bucket.full_at = after
            break
    bucket.pending = 0


class _Fuller(Exception):
    """Another function has charged the bucket meanwhile."""

    def __init__(self, full_at: float) -> None:
        super().__init__(full_at)
        self.full_at = full_at


def _put(name: tuple[str, str, str], at_most: float, after: float) -> PutItem:
    def fuller(stored: RawItem | None) -> Exception:
        return _Fuller(float((stored or {})["full_at"]["N"]))

    tenant_id, user_id, kind = name
    item: RawItem = {
        "pk": {"S": key("T", tenant_id, "LIMIT", kind, user_id)},
        "sk": {"S": "LIMIT"},
        "entity": {"S": "LIMIT"},
        "full_at": {"N": f"{after:.3f}"},
        "expires_at": {"N": str(math.ceil(after) + 3600)},
    }
    return PutItem(item, absent() | (Attr("full_at") <= round(at_most, 3)), fuller)
