"""The document's duty on the wire (OPS-12)."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.core.setup.api import Clock, Name, UserId, Version, Zone
from enghub.golive.duty.model import DEVELOPERS, LEAST, phases, table
from enghub.golive.oncall.model import Schedule

_FIVE = Text(
    "the table has five people, in the order of the document: the architect first",
    "值班表需要五人，按文档顺序，首位为架构师",
)
_LIVE = Text("the phases begin when the system goes live: say liveAt", "值班阶段从上线时刻开始：请填写 liveAt")
_MANY = Text("at least two people take turns", "至少需要两人轮班")
_TWICE = Text("everybody once", "人员不能重复")
_CALENDAR = Text("the table tells working days from free ones: name a calendar", "值班表区分工作日与休息日：请指定日历")


class BuiltInRequest(wire.Request):
    """TABLE: the document's, for its five developers A to E; PHASES: week 1 all, weeks 2 to 4 two, then one and one."""

    kind: Literal["TABLE", "PHASES"]
    name: wire.ShortText
    zone: Zone
    people: Annotated[tuple[UserId, ...], Field(min_length=1, max_length=50)]
    calendar_id: Name | None = None
    day_starts: Clock = "08:00"
    day_ends: Clock = "20:00"
    live_at: wire.Instant | None = None
    version: Version | None = None

    @model_validator(mode="after")
    def _it_fits(self) -> Self:
        if len(set(self.people)) < len(self.people):
            raise wire.Unfit(_TWICE, field="people")
        if self.kind == "TABLE" and len(self.people) != len(DEVELOPERS):
            raise wire.Unfit(_FIVE, field="people")
        if self.kind == "TABLE" and self.calendar_id is None:
            raise wire.Unfit(_CALENDAR, field="calendarId")
        if self.kind == "PHASES" and self.live_at is None:
            raise wire.Unfit(_LIVE, field="liveAt")
        if self.kind == "PHASES" and len(self.people) < LEAST:
            raise wire.Unfit(_MANY, field="people")
        return self

    def to_schedule(self, tenant_id: str, schedule_id: str, since: datetime) -> Schedule:
        """Return the schedule."""
        into = Schedule(tenant_id, schedule_id, self.name, self.zone, (), since, self.calendar_id or "")
        if self.kind == "TABLE":
            return table(into, dict(zip(DEVELOPERS, self.people, strict=True)), (self.day_starts, self.day_ends))
        return phases(into, self.people, self.live_at or since)
