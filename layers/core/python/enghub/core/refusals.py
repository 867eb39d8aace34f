"""Keeps who was refused: known callers one by one, unknown ones by source and hour, so that a flood fills no table.

Each function counts for itself and writes its count when it doubles: one item per source, hour and function, in a
handful of writes. Decision: docs/decisions/0009-where-refusals-are-kept.md, 0037-limits.md.
"""

from datetime import datetime
from functools import cache

from enghub.core import audit, clock, ids

NOBODY = "-"
MAX_SOURCES = 10_000
"""Sources a function counts at once."""
_counts: dict[tuple[str, str, str, str], int] = {}


@cache
def _function() -> str:
    return ids.new_id()


def forget() -> None:
    """Drop the counts."""
    _counts.clear()


def keep(
    *,
    tenant_id: str,
    user_id: str,
    error: str,
    method: str,
    path: str,
    detail: str,
    request_id: str,
    source_ip: str,
    at: datetime,
) -> None:
    """Keep a refusal: who (``-`` when unknown), what, why, from where."""
    entry, times = None, 1
    if user_id == NOBODY:
        hour = clock.to_text(at)[:13]
        if len(_counts) >= MAX_SOURCES:
            _counts.clear()
        source = (tenant_id, hour, source_ip, error)
        times = _counts[source] = _counts.get(source, 0) + 1
        if times & (times - 1):  # no power of two
            return
        entry = " ".join((hour, source_ip, error, _function()))
    audit.refuse(
        tenant_id=tenant_id,
        user_id=user_id,
        error=error,
        method=method,
        path=path,
        detail=detail,
        request_id=request_id,
        source_ip=source_ip,
        at=at,
        entry=entry,
        times=times,
    )
