"""What comes after go-lives, on the wire: what is answered (OPS-09)."""

from datetime import datetime

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.golive.aftercare.model import Aftercare, AftercareState, Check, CheckState
from enghub.golive.aftercare.voices import Feedback, FeedbackKind, FeedbackState, Voices, Vote


class CheckResponse(wire.Response):
    """A check, or a report of a row."""

    check_id: str
    period: str
    kind: str
    text: dict[str, str]
    asks_at: wire.Instant
    due_at: wire.Instant
    state: CheckState
    is_late: bool
    by: str | None
    at: wire.Instant | None
    result: str | None
    line: int

    @classmethod
    def of(cls, one: Check, now: datetime) -> "CheckResponse":
        """Return the answer for a check."""
        return cls(
            check_id=one.check_id,
            period=one.period,
            kind=one.kind,
            text={"en": one.en, "zh": one.zh},
            asks_at=one.asks_at,
            due_at=one.due,
            state=one.state,
            is_late=one.late or (one.state is CheckState.OPEN and one.due <= now),
            by=one.by or None,
            at=one.at,
            result=one.result or None,
            line=one.line,
        )


class VoicesResponse(wire.Response):
    """What users say, in figures; ``isSatisfied`` when more than 85 % give 4 or 5."""

    by_kind: dict[str, int]
    by_area: dict[str, int]
    defects: dict[str, int]
    urgent_open: int
    voters: int
    mean_score: float | None
    satisfied_percent: float | None
    is_satisfied: bool | None

    @classmethod
    def of(cls, found: Voices) -> "VoicesResponse":
        """Return the answer for the figures."""
        return cls(
            by_kind=dict(found.by_kind),
            by_area=dict(found.by_area),
            defects=dict(found.defects),
            urgent_open=found.urgent_open,
            voters=found.voters,
            mean_score=None if found.mean is None else round(float(found.mean), 2),
            satisfied_percent=None if found.satisfied_percent is None else round(float(found.satisfied_percent), 2),
            is_satisfied=found.is_satisfied,
        )


class ReviewResponse(wire.Response):
    """The final review."""

    by: str
    at: wire.Instant
    lessons: str
    went_well: str | None
    retire_old_system: bool


class AftercareResponse(wire.Response):
    """What comes after a go-live; ``next`` are the checks that are asked for now."""

    go_live_id: str
    run_id: str
    state: AftercareState
    began_at: wire.Instant
    ended_at: wire.Instant | None
    reason: str | None
    owners: tuple[str, ...]
    next: tuple[CheckResponse, ...]
    next_at: wire.Instant | None
    checks: tuple[CheckResponse, ...]
    review: ReviewResponse | None
    version: int

    @classmethod
    def of(cls, kept: Kept[Aftercare], now: datetime) -> "AftercareResponse":
        """Return the answer for what comes after a go-live."""
        one = kept.value
        is_running = one.state is AftercareState.RUNNING
        due = [check for check in one.checks if check.state is CheckState.OPEN and check.asks_at <= now and is_running]
        said = one.review
        return cls(
            go_live_id=one.go_live_id,
            run_id=one.run_id,
            state=one.state,
            began_at=one.began_at,
            ended_at=one.ended_at,
            reason=one.reason or None,
            owners=one.owners,
            next=tuple(CheckResponse.of(check, now) for check in due),
            next_at=one.next_at() if is_running else None,
            checks=tuple(CheckResponse.of(check, now) for check in one.checks),
            review=None
            if said is None
            else ReviewResponse(
                by=said.by,
                at=said.at,
                lessons=said.lessons,
                went_well=said.went_well or None,
                retire_old_system=said.retire_old_system,
            ),
            version=kept.revision,
        )


class FeedbackResponse(wire.Response):
    """One thing that somebody said."""

    feedback_id: str
    said_by: str
    said_at: wire.Instant
    kind: FeedbackKind
    area: str
    text: str
    is_urgent: bool
    state: FeedbackState
    owner: str | None
    note: str | None
    moved_at: wire.Instant | None
    version: int

    @classmethod
    def of(cls, kept: Kept[Feedback]) -> "FeedbackResponse":
        """Return the answer for one."""
        one = kept.value
        return cls(
            feedback_id=one.feedback_id,
            said_by=one.said_by,
            said_at=one.said_at,
            kind=one.kind,
            area=one.area,
            text=one.text,
            is_urgent=one.is_urgent,
            state=one.state,
            owner=one.owner or None,
            note=one.note or None,
            moved_at=one.moved_at,
            version=kept.revision,
        )


class FeedbackPageResponse(wire.Response):
    """Part of what was said, the latest first."""

    items: tuple[FeedbackResponse, ...]
    cursor: str | None


class VoteResponse(wire.Response):
    """Somebody's voice."""

    user: str
    score: int
    comment: str | None
    at: wire.Instant

    @classmethod
    def of(cls, kept: Kept[Vote]) -> "VoteResponse":
        """Return the answer for a voice."""
        one = kept.value
        return cls(user=one.user, score=one.score, comment=one.comment or None, at=one.at)
