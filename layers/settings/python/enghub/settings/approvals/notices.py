"""What people are told of requests for change (CFG-08): who has to decide, and who asked."""

from enghub.core.clock import to_text
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.settings.approvals.model import ChangeRequest, subject_of


def requested_notice(request: ChangeRequest, origin: Origin) -> Envelope:
    """Return the notice to the people of the stages: their decision is asked for."""
    stages = request.approval.policy.stages
    return NoticeRequested(
        notice_type="settings.approval_requested",
        severity=Severity.WARNING if request.approval.afterwards else Severity.INFO,
        subject=subject_of(request),
        facts=_facts(request, "PENDING"),
        roles=tuple(dict.fromkeys(role for stage in stages for role in stage.roles)),
        users=tuple(dict.fromkeys(user for stage in stages for user in stage.users)),
        dedupe_key=f"{request.request_id}-requested",
    ).envelope(origin)


def decided_notice(request: ChangeRequest, origin: Origin) -> Envelope:
    """Return the notice to who asked: what became of it."""
    failed = request.outcome in {"FAILED", "REVERTED"}
    return NoticeRequested(
        notice_type="settings.approval_decided",
        severity=Severity.WARNING if failed else Severity.INFO,
        subject=subject_of(request),
        facts=_facts(request, str(request.outcome)),
        users=(request.approval.requested_by,),
        dedupe_key=f"{request.request_id}-{request.outcome}",
    ).envelope(origin)


def _facts(request: ChangeRequest, status: str) -> dict[str, object]:
    approval = request.approval
    return {
        "request_id": request.request_id,
        "title": ", ".join(f"{one.operation} {one.layer}/{one.name}" for one in request.subjects[:5]),
        "status": status,
        "requested_by": approval.requested_by,
        "reason": approval.reason,
        "due": to_text(approval.due),
        "break_glass": approval.afterwards,
        "problem": request.problem,
    }
