"""The audit of a tenant over a period, page by page, whatever its size (CFG-28)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from enghub.core.errors import Invalid
from enghub.core.i18n import Text
from enghub.core.identity import Origin

MAX_DAYS_LOOKED = 31
"""Days of one page, each a Query; quiet years are gone through in twelve pages."""
CHANGES, REFUSALS = "changes", "refusals"
_CURSOR = Text("take it unchanged from the previous page of the same export", "请原样使用同一导出上一页返回的值")
_PERIOD = Text("it must be later than the beginning", "必须晚于开始时间")


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, oldest first; ``cursor`` is where to go on, None at the end."""

    events: Sequence[dict[str, Any]]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the audit, and how much of it at once."""

    tenant_id: str
    since: datetime
    until: datetime
    kind: str = CHANGES
    size: int = 200


class Audits(Protocol):
    """Where the audit is read."""

    def day(
        self, wanted: Wanted, day: date, size: int, cursor: str | None
    ) -> tuple[Sequence[dict[str, Any]], str | None]:
        """Return events of one UTC day within the period, and where to go on in that day."""

    def exported(self, wanted: Wanted, origin: Origin) -> None:
        """Note in the audit that somebody exports it."""


@dataclass(frozen=True, slots=True)
class AuditExport:
    """Reads the audit in pages."""

    audits: Audits

    def page(self, wanted: Wanted, cursor: str | None, origin: Origin) -> Page:
        """Return one page; its first is audited itself.

        Raises:
            Invalid: the period has no length, or the cursor is no page's of it.
        """
        if wanted.until <= wanted.since:
            raise Invalid(field="to", problem=_PERIOD)
        if cursor is None:
            self.audits.exported(wanted, origin)
        day, inner = _read(cursor, wanted)
        last = (wanted.until - timedelta(microseconds=1)).date()
        found: list[dict[str, Any]] = []
        for _ in range(MAX_DAYS_LOOKED):
            events, inner = self.audits.day(wanted, day, wanted.size - len(found), inner)
            found += events
            if inner is None:
                day += timedelta(days=1)
            if day > last:
                return Page(found, None)
            if len(found) >= wanted.size:
                break
        return Page(found, f"{day.isoformat()}.{inner or ''}")


def _read(cursor: str | None, wanted: Wanted) -> tuple[date, str | None]:
    if cursor is None:
        return wanted.since.date(), None
    text, _, inner = cursor.partition(".")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(field="cursor", problem=_CURSOR) from error
    if not wanted.since.date() <= day <= wanted.until.date():
        raise Invalid(field="cursor", problem=_CURSOR)
    return day, inner or None
