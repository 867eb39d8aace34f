"""A replay on the wire: what is proposed, and what happened beside what would have (OPS-22)."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from enghub.core import wire
from enghub.core.dynamo import Page
from enghub.core.i18n import Language, Text
from enghub.core.setup.api import Name
from enghub.golive.incidents.targets import IncidentSeverity
from enghub.golive.oncall.api import PutPolicyRequest, PutScheduleRequest
from enghub.golive.oncall.model import Schedule
from enghub.golive.policies.model import Policy
from enghub.golive.replays.service import Course, Moment, Replayed, people

_NOTHING = Text("propose a policy or a schedule, or both", "请给出拟用的升级策略或排班，或两者都给")
_TWICE = Text("a schedule is proposed once", "同一排班只能给出一次")
_LINE = Text("{at} {severity} {title}: {before} -> {after}", "{at} {severity} {title}：{before} → {after}")
_SAME = Text("{at} {severity} {title}: {before}, as it was", "{at} {severity} {title}：{before}，与实际一致")
_NOBODY = Text("nobody", "无人")
_PAGE = Text("{users} after {minutes} min", "{minutes} 分钟后呼叫 {users}")
_LOUD = Text(", nobody answered", "，始终无人响应")
_SUM = Text(
    "{count} incidents, {different} differ; pages: {pages}", "共 {count} 起故障，{different} 起不同；呼叫次数：{pages}"
)
_MORE = Text(
    "there are more: send the same request with the cursor of this answer",
    "还有更多：请以本次返回的 cursor 再次发送同一请求",
)


class ProposedSchedule(PutScheduleRequest):
    """A schedule as it would have been, in the place of the stored one with its id, if there is one."""

    schedule_id: Name


class ReplayRequest(wire.Request):
    """Incidents opened in a period, with another policy or other schedules; what is not proposed is as it was."""

    since: Annotated[wire.Instant, Field(alias="from")]
    until: Annotated[wire.Instant, Field(alias="to")]
    policy: PutPolicyRequest | None = None
    schedules: Annotated[tuple[ProposedSchedule, ...], Field(max_length=10)] = ()
    service_id: Name | None = None
    policy_id: Name | None = None
    """Only incidents that this policy paged for."""
    cursor: Annotated[str | None, Field(max_length=1000)] = None
    """Of the answer before, with all else as it was: what comes after it."""

    @model_validator(mode="after")
    def _something_is_proposed(self) -> Self:
        if self.policy is None and not self.schedules:
            raise wire.Unfit(_NOTHING, field="policy")
        if len({one.schedule_id for one in self.schedules}) < len(self.schedules):
            raise wire.Unfit(_TWICE, field="schedules")
        return self

    def proposed_policy(self, tenant_id: str) -> Policy | None:
        """Return the policy that is proposed."""
        return self.policy.to_policy(tenant_id, self.policy_id or "proposed") if self.policy else None

    def proposed_schedules(self, tenant_id: str) -> dict[str, Schedule]:
        """Return the schedules that are proposed, in force since ever."""
        ever = datetime(1970, 1, 1, tzinfo=UTC)
        return {one.schedule_id: one.to_schedule(tenant_id, one.schedule_id, ever) for one in self.schedules}


class PageMomentResponse(wire.Response):
    """People paged together."""

    at: wire.Instant
    users: tuple[str, ...]
    step: int

    @classmethod
    def of(cls, one: Moment) -> "PageMomentResponse":
        """Return the answer for a page."""
        return cls(at=one.at, users=one.users, step=one.step)


class ReplayedIncidentResponse(wire.Response):
    """One incident: what happened beside what would have; ``text`` says it to people."""

    incident_id: str
    title: str
    severity: IncidentSeverity
    service_id: str
    opened_at: wire.Instant
    happened: tuple[PageMomentResponse, ...]
    proposed: tuple[PageMomentResponse, ...]
    is_same: bool
    happened_unanswered: bool
    proposed_unanswered: bool
    text: str

    @classmethod
    def of(cls, one: Replayed, language: Language) -> "ReplayedIncidentResponse":
        """Return the answer for an incident."""
        incident = one.incident
        return cls(
            incident_id=incident.incident_id,
            title=incident.title,
            severity=incident.severity,
            service_id=incident.service_id,
            opened_at=incident.opened_at,
            happened=tuple(map(PageMomentResponse.of, one.happened.pages)),
            proposed=tuple(map(PageMomentResponse.of, one.proposed.pages)),
            is_same=one.is_same,
            happened_unanswered=one.happened.is_exhausted,
            proposed_unanswered=one.proposed.is_exhausted,
            text=line(one, language),
        )


class PersonsPagesResponse(wire.Response):
    """How often somebody was paged, and would have been."""

    user: str
    happened: int
    proposed: int


class ReplayResponse(wire.Response):
    """Who would have been paged, of 200 incidents at most; figures are of these.

    Where more were opened in the period (``isCut``), the same request with ``cursor`` answers what comes next; a page
    may hold fewer incidents, also none, while there is a cursor.
    """

    items: tuple[ReplayedIncidentResponse, ...]
    people: tuple[PersonsPagesResponse, ...]
    is_cut: bool
    cursor: str | None
    text: str

    @classmethod
    def of(cls, page: Page[Replayed], language: Language) -> "ReplayResponse":
        """Return the answer for a page."""
        found = page.items
        counts = people(found)
        items = tuple(ReplayedIncidentResponse.of(one, language) for one in found)
        more = (_MORE.render(language),) if page.cursor else ()
        pages = ", ".join(f"{user} {before} -> {after}" for user, (before, after) in counts.items()) or "-"
        different = sum(not one.is_same for one in found)
        total = _SUM.filled(count=len(found), different=different, pages=pages).render(language)
        return cls(
            items=items,
            people=tuple(
                PersonsPagesResponse(user=user, happened=before, proposed=after)
                for user, (before, after) in counts.items()
            ),
            is_cut=page.cursor is not None,
            cursor=page.cursor,
            text="\n".join([total, *(one.text for one in items), *more]),
        )


def line(one: Replayed, language: Language) -> str:
    """Return an incident's two courses in one line, for people."""
    incident = one.incident
    text = _SAME if one.is_same else _LINE
    return text.filled(
        at=incident.opened_at.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ"),
        severity=incident.severity.value,
        title=incident.title,
        before=_said(one.happened, incident.opened_at, language),
        after=_said(one.proposed, incident.opened_at, language),
    ).render(language)


def _said(course: Course, opened: datetime, language: Language) -> str:
    pages = [
        _PAGE.filled(users=" + ".join(page.users), minutes=round((page.at - opened).total_seconds() / 60))
        for page in course.pages
    ]
    said = ", ".join(one.render(language) for one in pages) or _NOBODY.render(language)
    return said + (_LOUD.render(language) if course.is_exhausted else "")
