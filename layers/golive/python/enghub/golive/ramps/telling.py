"""What others hear of a ramp: an event of every change, and a notice where people have to know. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from enghub.core.commits import Commit
from enghub.core.events import Envelope
from enghub.core.notices import NoticeRequested, Severity
from enghub.golive.published import RampChanged
from enghub.golive.ramps.model import Ramp, RampState, Why
from enghub.kit.metrics.model import Verdict

LEADS = ("OPS_LEAD",)
BLIND_FOR = timedelta(minutes=5)
"""Without anything to judge by for so long, people are told, once per step."""
NOTICES: dict[str, tuple[str, Severity]] = {
    "returned": ("golive.ramp_returned", Severity.CRITICAL),
    "rolled_back": ("golive.ramp_rolled_back", Severity.CRITICAL),
    "stopped": ("golive.ramp_stopped", Severity.CRITICAL),
    "weights_changed": ("golive.ramp_held", Severity.WARNING),
    "blind": ("golive.ramp_held", Severity.WARNING),
    "armed": ("golive.ramp_complete", Severity.INFO),
    "ended": ("golive.ramp_complete", Severity.INFO),
}


def verb(before: Ramp, after: Ramp) -> str:
    """Return what a turn did, empty where it only held."""
    if after.state is not before.state:
        return _of_state(after)
    if after.why is Why.WEIGHTS_CHANGED and before.why is not Why.WEIGHTS_CHANGED:
        return "weights_changed"
    if after.wanted != before.wanted:
        return "grown" if after.wanted > before.wanted else "returned"
    if after.actual == after.wanted != before.actual:
        return "read_back"
    return "blind" if _turned_blind(before, after) else ""


def _of_state(after: Ramp) -> str:
    match after.state:
        case RampState.HELD:
            return "weights_changed" if after.why is Why.WEIGHTS_CHANGED else "returned"
        case RampState.RETURNING:
            return "returned"
        case RampState.DONE:
            return "ended"
        case _:
            return after.state.value.lower()


def _turned_blind(before: Ramp, after: Ramp) -> bool:
    looks = BLIND_FOR // timedelta(seconds=after.look)
    return before.blind < looks <= after.blind


def told(commit: Commit[Ramp]) -> Iterator[Envelope]:
    """Yield what a change tells; a look that only holds tells nothing."""
    ramp = commit.after
    if not commit.action or commit.action == "read_back":
        return
    changed = RampChanged(
        ramp_id=ramp.ramp_id,
        name=ramp.name,
        service_id=ramp.service_id,
        action=commit.action,
        state=ramp.state.value,
        percent=ramp.wanted,
        why=ramp.why.value,
        said=ramp.said,
    )
    yield changed.envelope(commit.origin)
    if commit.action in NOTICES:
        yield _notice(commit, *NOTICES[commit.action]).envelope(commit.origin)


def _notice(commit: Commit[Ramp], kind: str, severity: Severity) -> NoticeRequested:
    ramp = commit.after
    return NoticeRequested(
        notice_type=kind,
        severity=severity,
        subject=ramp.subject,
        facts={
            "ramp_id": ramp.ramp_id,
            "name": ramp.name,
            "state": ramp.state.value,
            "percent": ramp.wanted,
            "verdict": ramp.verdict.value if ramp.verdict else Verdict.PASS.value,
            "why": ramp.said or ramp.why.value,
        },
        users=(ramp.started_by,) if "/" not in ramp.started_by and ":" not in ramp.started_by else (),
        roles=LEADS,
        dedupe_key=f"{ramp.subject}/{ramp.turn}",
    )
