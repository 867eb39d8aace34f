"""Does what timers of this context are for; each purpose is a line below (decision 0044).

Trigger: SQS queue timers, filled by one-time schedules, delayed messages and the sweep. A wake-up that comes twice or
for an earlier setting does nothing.
Runbook: docs/runbooks/golive.md.
"""

from collections.abc import Callable

from enghub.core.lazy import lazy
from enghub.core.timers import aws
from enghub.core.timers.model import DueTimer
from enghub.golive import purposes, wiring
from enghub.golive.calendars.service import PURPOSE as CALENDAR_ENDS
from enghub.golive.incidents import wiring as incidents
from enghub.golive.incidents.draft import CLOCK, ESCALATE


def later(room: str, effect: str) -> Callable[[DueTimer], None]:
    """Return an effect whose code is loaded when it is woken for: pages, which come first, do not wait for it."""

    def woken(due: DueTimer) -> None:
        getattr(lazy(f"enghub.golive.{room}.wiring"), effect)(due)

    return woken


lambda_handler = aws.wake_handler(
    {
        CALENDAR_ENDS: wiring.warn_of_calendar,
        ESCALATE: incidents.escalate,
        CLOCK: incidents.ran_out,
        purposes.RUNBOOK_LATE: later("runbooks", "late"),
        purposes.STEP_LATE: later("runbooks", "late"),
        purposes.AFTERCARE_BEGIN: later("aftercare", "begin"),
        purposes.AFTERCARE_STOP: later("aftercare", "stop"),
        purposes.AFTERCARE_CHECK: later("aftercare", "wake"),
        purposes.DRILL_PLAN: later("drills", "plan_month"),
        purposes.DRILL_BEGIN: later("drills", "begin"),
        purposes.DRILL_END: later("drills", "run_out"),
        purposes.RAMP_LOOK: later("ramps", "wake"),
        purposes.RAMP_LOST: later("ramps", "wake_lost"),
        purposes.HANDOVER_REVIEW: later("handover", "wake"),
        purposes.ACTION_OVERDUE: later("actions", "overdue"),
        purposes.SENDER_SILENT: later("alerts", "look_for_silence"),
        purposes.OPERATIONS_REPORT: later("reports", "tell"),
        purposes.EVIDENCE_LOOK: later("readiness", "wake"),
        purposes.SLO_LOOK: later("slo", "wake"),
    }
)
