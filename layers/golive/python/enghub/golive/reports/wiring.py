"""Reads what a report is of, keeps the plans, and tells a report when it is due (OPS-20)."""

from datetime import date
from functools import cache

from enghub.core.aggregates import Aggregate
from enghub.core.clock import system_clock
from enghub.core.dynamo import key
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.core.outbox import to_outbox
from enghub.core.setup.dynamo import DynamoSetup
from enghub.core.setup.service import Follows, Setup
from enghub.core.timers.dynamo import fired, fired_and_set
from enghub.core.timers.model import CancelTimer, DueTimer, SetTimer
from enghub.core.transactions import transact
from enghub.golive.directory.dynamo import partition
from enghub.golive.incidents import dynamo
from enghub.golive.purposes import OPERATIONS_REPORT as PURPOSE
from enghub.golive.replays.service import happened
from enghub.golive.reports.model import OperationsReport, ReportKind, ReportPlan, report, said
from enghub.golive.wiring import machine
from enghub.kit.calendars.intervals import Interval

MOST = 200
"""Incidents whose pages are counted: a Query each."""
LEADS = ("OPS_LEAD",)
PLANS = Aggregate(
    ReportPlan,
    "REPORT_PLAN",
    key=lambda one: (partition(one.tenant_id), key("REPORT", one.kind.value)),
    name="report_plan",
    identity=lambda one: one.kind.value,
    shows=("zone", "at", "is_deleted"),
)


@cache
def plans() -> Setup[ReportPlan]:
    """Return the use cases of reports that come by themselves."""
    return Setup("report", DynamoSetup(PLANS, partition, "REPORT"), len(ReportKind), follows=_follows)


def made(tenant_id: str, kind: ReportKind, zone: str, day: date) -> OperationsReport:
    """Return the report of the week or month that a day is in."""
    return _of(tenant_id, kind, zone, kind.span(day, zone))


def tell(due: DueTimer) -> None:
    """Tell a report to OPS_LEAD, and wait for the next one; the timer's effect."""
    now = system_clock()
    origin = machine(due.tenant_id, now)
    kept = plans().repository.get(due.tenant_id, due.subject.partition("/")[2])
    if kept is None or kept.value.is_deleted:
        transact(fired(due, now))
        return
    plan = kept.value
    found = _of(due.tenant_id, plan.kind, plan.zone, plan.covers(due.due))
    notice = NoticeRequested(
        notice_type="golive.operations_report",
        severity=Severity.INFO,
        subject=due.subject,
        facts={"kind": plan.kind.value, "en": said(found, "en"), "zh": said(found, "zh")},
        roles=LEADS,
        dedupe_key=f"{due.subject}/{found.span.start.isoformat()}",
    )
    again = SetTimer(due.subject, PURPOSE, plan.next(max(due.due, now)))
    transact(*fired_and_set(due, again, origin), to_outbox(notice.envelope(origin), subject=due.subject))


def _of(tenant_id: str, kind: ReportKind, zone: str, span: Interval) -> OperationsReport:
    now = list(dynamo.all_opened(tenant_id, span))
    before = dynamo.all_opened(tenant_id, kind.before(span, zone))
    real = [one for one in now if not one.drill_id]
    timelines = (dynamo.whole_timeline(tenant_id, one.incident_id) for one in real[:MOST])
    pages = ((page.at, page.users) for entries in timelines for page in happened(entries).pages)
    return report(span, zone, (now, before), pages, is_cut=len(real) > MOST)


def _follows(after: ReportPlan, _before: ReportPlan | None, origin: Origin) -> Follows:
    about = f"report/{after.kind.value}"
    if after.is_deleted:
        return Follows(timers=(CancelTimer(about, PURPOSE),))
    return Follows(timers=(SetTimer(about, PURPOSE, after.next(origin.at)),))
