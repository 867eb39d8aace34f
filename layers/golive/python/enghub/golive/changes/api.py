"""What changed, on the wire (OPS-25)."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from enghub.core import wire
from enghub.core.dynamo import CURSOR, Page
from enghub.core.i18n import Language
from enghub.golive.changes.model import Change, ChangeKind, Wanted
from enghub.golive.changes.telling import sentence

PLACE = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z#.{1,200}$"
Hours = Annotated[int, Field(ge=1, le=744)]
"""How far back; 31 days at most."""
Cursor = Annotated[str, wire.form(PLACE, CURSOR, max_length=300)]


class ChangesQuery(wire.Request):
    """Which changes: the ``hours`` before ``until`` (now), of a kind, a factory, a system."""

    hours: Hours = 24
    until: wire.Instant | None = None
    kind: ChangeKind | None = None
    factory_id: wire.Code | None = None
    system: wire.ShortText | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50
    cursor: Cursor | None = None

    def wanted(self, now: datetime) -> Wanted:
        """Return what is asked for."""
        until = self.until or now
        return Wanted(until - timedelta(hours=self.hours), until, self.kind, self.factory_id or "", self.system or "")


class ChangeResponse(wire.Response):
    """One thing that changed; ``said`` is the sentence for people."""

    at: wire.Instant
    kind: ChangeKind
    action: str
    subject: str
    system: str
    factory_id: str | None
    is_global: bool
    said: str
    facts: dict[str, str]
    event_id: str

    @classmethod
    def of(cls, one: Change, language: Language) -> "ChangeResponse":
        """Return the answer for a change."""
        return cls(
            at=one.at,
            kind=one.kind,
            action=one.action,
            subject=one.subject,
            system=one.system,
            factory_id=one.factory_id or None,
            is_global=one.is_global,
            said=sentence(one).render(language),
            facts=dict(one.facts),
            event_id=one.event_id,
        )


class ChangesResponse(wire.Response):
    """A page of changes, the latest first; it may hold fewer, also none, while there is a cursor."""

    since: wire.Instant
    until: wire.Instant
    items: tuple[ChangeResponse, ...]
    cursor: str | None

    @classmethod
    def of(cls, wanted: Wanted, page: Page[Change], language: Language) -> "ChangesResponse":
        """Return the answer for a page."""
        items = tuple(ChangeResponse.of(one, language) for one in page.items)
        return cls(since=wanted.since, until=wanted.until, items=items, cursor=page.cursor)
