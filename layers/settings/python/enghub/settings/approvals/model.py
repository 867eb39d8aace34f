"""Which changes need whose approval, and requests for such changes (CFG-08, REQ-008 9.1). Pure.

A request holds the whole change as it was checked, and the approval that is bound to its hash. Rules speak of every
layer, of user overrides too, and of every kind of thing that settings keep (``config``, ``flag``, ...).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from enghub.core import ids
from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.core.timers.model import CancelTimer, SetTimer
from enghub.kit.approvals.model import Approval, Policy, Stage, Status, ask, fingerprint

DUE = "change_request_due"
"""The purpose of the timer of a request: its deadline, and before that what was approved and is not applied yet."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a change is about, as rules see it."""

    kind: str
    name: str
    layer: str = "tenant"
    category: str = ""
    operation: str = "UPDATE"


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Changes that match need these stages within these hours; what a rule leaves empty, it does not ask for."""

    tenant_id: str
    rule_id: str
    stages: tuple[Stage, ...]
    within_hours: int
    kinds: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Names, or patterns with ``*``: ``security.*``."""
    categories: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    break_glass: bool = True
    """Whether such a change may be made before its approval, with a reason."""
    is_active: bool = True
    is_deleted: bool = False

    def matches(self, subject: Subject) -> bool:
        """Tell whether the rule speaks of such a change."""
        return (
            self.is_active
            and (not self.kinds or subject.kind in self.kinds)
            and (not self.layers or subject.layer in self.layers)
            and (not self.names or any(fnmatchcase(subject.name, pattern) for pattern in self.names))
            and (not self.categories or subject.category in self.categories)
            and (not self.operations or subject.operation in self.operations)
        )


@dataclass(frozen=True, slots=True)
class Need:
    """What all rules that match demand together."""

    policy: Policy
    break_glass: bool


def need(rules: Sequence[ApprovalRule], subjects: Sequence[Subject]) -> Need | None:
    """Return what a change needs: the stages of every rule that matches one of its subjects, within the least time."""
    found = [rule for rule in rules if any(rule.matches(subject) for subject in subjects)]
    if not found:
        return None
    stages = tuple(dict.fromkeys(stage for rule in found for stage in rule.stages))
    within = timedelta(hours=min(rule.within_hours for rule in found))
    return Need(Policy(stages, within), all(rule.break_glass for rule in found))


class Outcome(StrEnum):
    """What became of a request; none while it is open."""

    APPLIED = "APPLIED"
    """Approved and made; a break-glass change that was approved stays."""
    FAILED = "FAILED"
    """Approved, but the change could not be made any more: what it is about changed meanwhile."""
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    REVERTED = "REVERTED"
    """A break-glass change was rejected, and taken back."""


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """One change that people have to agree to; ``payload`` is the change itself, as its kind writes it."""

    request_id: str
    tenant_id: str
    kind: str
    subjects: tuple[Subject, ...]
    payload: str
    preview: tuple[Mapping[str, Any], ...]
    """What people see of it: before and after, masked where it is secret."""
    approval: Approval
    asked_from: Origin
    outcome: Outcome | None = None
    problem: str = ""
    closed_at: datetime | None = None

    def status(self, at: datetime) -> str:
        """Return the outcome, or where the approval stands."""
        return self.outcome or self.approval.status(at)


@dataclass(frozen=True, slots=True)
class RequestCommit(Commit[ChangeRequest]):
    """One step of a request."""


def submitted(
    kind: str,
    subjects: Sequence[Subject],
    payload: str,
    preview: Sequence[Mapping[str, Any]],
    *,
    policy: Policy,
    origin: Origin,
    reason: str,
    afterwards: bool = False,
) -> RequestCommit:
    """Return the creation of a request; its hash covers the whole change.

    Raises:
        ReasonRequired: a change made before its approval has no reason.
    """
    approval = ask(
        policy,
        requester=origin.user_id,
        at=origin.at,
        seen=fingerprint([kind, payload]),
        reason=reason,
        afterwards=afterwards,
    )
    request = ChangeRequest(
        ids.new_id(origin.at), origin.tenant_id, kind, tuple(subjects), payload, tuple(preview), approval, origin
    )
    timers = (SetTimer(subject_of(request), DUE, approval.due),)
    return RequestCommit(origin, "submitted", request, timers=timers, reason=reason)


def voted(before: Kept[ChangeRequest], approval: Approval, origin: Origin, verb: str, comment: str) -> RequestCommit:
    """Return the step of one voice or of a withdrawal; what it decides is done at once, or by the timer."""
    after = replace(before.value, approval=approval)
    decided = approval.status(origin.at) is not Status.PENDING
    timers = (SetTimer(subject_of(after), DUE, origin.at),) if decided else ()
    return RequestCommit(origin, verb, after, before, timers=timers, reason=comment)


def closed(before: Kept[ChangeRequest], outcome: Outcome, origin: Origin, problem: str = "") -> RequestCommit:
    """Return the end of a request."""
    after = replace(before.value, outcome=outcome, problem=problem[:500], closed_at=origin.at)
    return RequestCommit(origin, outcome.lower(), after, before, timers=(CancelTimer(subject_of(after), DUE),))


def subject_of(request: ChangeRequest) -> str:
    """Return how timers and notices name a request."""
    return f"change_request/{request.request_id}"
