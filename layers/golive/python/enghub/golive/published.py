"""The events this context promises, version 1.0 of each; their schemas are in ``events/published``."""

from datetime import datetime

from enghub.core.event_data import EventData


class GoliveEvent(EventData, source="enghub.golive"):
    """Base of this context's events."""


class WorkingCalendarChanged(GoliveEvent):
    """Working days or hours are others; ``covered_until`` is the last day that the calendar has data of."""

    calendar_id: str
    name: str
    zone: str
    covered_until: str | None = None
    is_deleted: bool = False


class GoLiveFact(GoliveEvent):
    """Base of what is said of one system going live."""

    go_live_id: str


class GoLiveCreated(GoLiveFact):
    """A system is to go live at ``live_at``."""

    name: str
    system: str
    live_at: datetime


class GoLiveMoved(GoLiveFact):
    """The go-live is at another time."""

    live_at: datetime
    was_at: datetime


class GoLiveDecided(GoLiveFact):
    """Go or no-go was decided on the summary whose hash is ``seen``."""

    answer: str
    decided_by: str
    seen: str
    reason: str


class CutoverStarted(GoLiveFact):
    """A cut-over, or a rehearsal of one, began."""

    run_id: str
    rehearsal: bool


class CutoverEnded(GoLiveFact):
    """It ended: DONE, or ROLLED_BACK for ``reason``."""

    run_id: str
    rehearsal: bool
    state: str
    reason: str


class MigrationVerified(GoLiveFact):
    """A verification ended: EQUAL, DIFFERENT, or FAILED for ``reason``."""

    verification_id: str
    state: str
    rows: int
    differences: int
    reason: str


class OnCallChanged(GoliveEvent):
    """A rota, or who is on by it for a time, is another from now on."""

    schedule_id: str
    name: str
    is_deleted: bool = False


class IncidentChanged(GoliveEvent):
    """Something happened to an incident: ``what`` is the verb in the past, the rest is how it stands now."""

    incident_id: str
    what: str
    title: str
    service_id: str
    severity: str
    state: str
    opened_at: str


class RampChanged(GoliveEvent):
    """A traffic ramp was started, grew, went back, stopped or ended; ``percent`` is the new version's share."""

    ramp_id: str
    name: str
    service_id: str
    action: str
    state: str
    percent: int
    why: str
    said: str


class RunbookEnded(GoliveEvent):
    """A run of a runbook ended: RECOVERED by ``proof``, or ABANDONED for ``reason``; minutes are rounded up."""

    run_id: str
    runbook_id: str
    version: int
    incident_id: str
    state: str
    minutes: int
    expected_minutes: int
    proof: str
    reason: str


class AftercareBegan(GoLiveFact):
    """The cut-over ended well: so many checks are planned for the first month."""

    run_id: str
    began_at: datetime
    checks: int


class AftercareEnded(GoLiveFact):
    """The final review was held (DONE), or the old system is back or the go-live given up (CANCELLED)."""

    state: str
    reason: str


class DrillEnded(GoliveEvent):
    """A drill was ended and scored, 0 to 100."""

    drill_id: str
    scenario: str
    incident_id: str
    score: int


class HandoverAccepted(GoLiveFact):
    """Development and operations signed: operations stands alone; so many items were handed over or left out."""

    items: int
    not_applicable: int


class ReleaseChanged(GoliveEvent):
    """A release or a proposal of an improvement was asked for, reviewed, carried out, verified, or it failed."""

    release_id: str
    kind: str
    title: str
    system: str
    version: str
    action: str
    state: str


class StatusPosted(GoliveEvent):
    """Something was published on a status page."""

    page_id: str
    post_id: str
    kind: str
    state: str
    impact: str
    title: str
