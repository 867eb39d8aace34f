"""Approvals: who has to agree to a change, how many, by when, to exactly what. Pure.

An ``Approval`` is a value inside the aggregate that needs it; the aggregate stores it, tells people and acts on it::

    needed = Policy((Stage("owner", 1, roles=("CONFIG_ADMIN",)), Stage("security", 2, roles=("SECURITY",))), hours(24))
    approval = ask(needed, requester="u-1", at=now, seen=fingerprint(content), reason="...")
    approval = decide(approval, Decider("u-2", roles), Verdict.APPROVE, seen=digest_from_request, at=now)
    if approval.status(now) is Status.APPROVED: ...

What it stands for follows from what was recorded, never from a stored state: after the deadline it is rejected even if
no timer ever woke its owner, and no late vote turns it. A decision names the hash of what was looked at, so nobody
approves what they have not seen (four-eyes principle: ISO/IEC 27001 A.5.3, segregation of duties). Break-glass: the
change is made at once and ``afterwards`` is true; the same rules then decide whether it stands.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from enghub.core.events import dumps
from enghub.kit.approvals.errors import (
    ApprovalClosed,
    DecidedAlready,
    NotAnApprover,
    OwnApproval,
    ReasonRequired,
    SeenAnother,
)


class Verdict(StrEnum):
    """What one person says."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


class Status(StrEnum):
    """Where an approval stands at a time."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    """Somebody said no, or the deadline passed (``Approval.timed_out``)."""
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Stage:
    """``count`` different people, each of one of the ``roles`` or among the ``users``, have to agree."""

    name: str
    count: int = 1
    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.count < 1 or not (self.roles or self.users):
            message = f"the stage {self.name} needs at least one voice, and people who have it"
            raise ValueError(message)
        if not self.roles and self.count > len(set(self.users)):
            message = f"the stage {self.name} wants {self.count} voices of fewer people"
            raise ValueError(message)

    def admits(self, user_id: str, roles: Sequence[str]) -> bool:
        """Tell whether a person with these roles has a voice here."""
        return user_id in self.users or not set(self.roles).isdisjoint(roles)

    @property
    def who(self) -> str:
        """Who decides, for a person to read."""
        return ", ".join((*self.roles, *self.users))


@dataclass(frozen=True, slots=True)
class Policy:
    """What a change needs: its stages, within what time; ``in_order``: a stage opens when the one before has agreed."""

    stages: tuple[Stage, ...]
    within: timedelta
    in_order: bool = True

    def __post_init__(self) -> None:
        if not self.stages or self.within <= timedelta():
            message = "an approval needs a stage and time to decide"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, with the roles of their token."""

    user_id: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One recorded voice, with what its owner was allowed at that time."""

    user_id: str
    roles: tuple[str, ...]
    verdict: Verdict
    at: datetime
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """One request for approval and what was said to it; ``seen`` is the ``fingerprint`` of what it is about."""

    policy: Policy
    requested_by: str
    requested_at: datetime
    due: datetime
    seen: str
    reason: str = ""
    authors: tuple[str, ...] = ()
    """Others who took part in the change: they do not decide either."""
    afterwards: bool = False
    """Break-glass: the change is in force already."""
    decisions: tuple[Decision, ...] = ()
    withdrawn_at: datetime | None = None

    def status(self, at: datetime) -> Status:
        """Return where it stands at that time; at ``due`` the time is over."""
        if any(one.verdict is Verdict.REJECT for one in self.decisions):
            return Status.REJECTED
        if self.withdrawn_at is not None:
            return Status.WITHDRAWN
        if not self.missing:
            return Status.APPROVED
        return Status.PENDING if at < self.due else Status.REJECTED

    def timed_out(self, at: datetime) -> bool:
        """Tell whether it is rejected because nobody decided in time."""
        return self.status(at) is Status.REJECTED and all(one.verdict is Verdict.APPROVE for one in self.decisions)

    @property
    def decided_at(self) -> datetime | None:
        """When the last voice made it approved or rejected; None while it is open, withdrawn or timed out."""
        rejected = any(one.verdict is Verdict.REJECT for one in self.decisions)
        return self.decisions[-1].at if self.decisions and (rejected or not self.missing) else None

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who agreed, in order."""
        return tuple(one.user_id for one in self.decisions if one.verdict is Verdict.APPROVE)

    @property
    def missing(self) -> tuple[tuple[Stage, int], ...]:
        """The stages that want more voices, in order, each with how many."""
        filled = _filled(self.policy, [one for one in self.decisions if one.verdict is Verdict.APPROVE])
        return tuple(
            (stage, stage.count - len(voices))
            for stage, voices in zip(self.policy.stages, filled, strict=True)
            if len(voices) < stage.count
        )

    @property
    def open_stages(self) -> tuple[Stage, ...]:
        """The stages whose people are asked now."""
        waiting = tuple(stage for stage, _ in self.missing)
        return waiting[:1] if self.policy.in_order else waiting


def fingerprint(content: Any) -> str:
    """Return the SHA-256 of what is to be approved, as hex; equal content gives equal hashes whatever its order.

    Raises:
        TypeError: the content has no JSON form.
    """
    return hashlib.sha256(dumps(_ordered(content)).encode()).hexdigest()


def _ordered(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _ordered(content[name]) for name in sorted(content)}
    if isinstance(content, list | tuple):
        return [_ordered(one) for one in content]
    return content


def ask(
    policy: Policy,
    *,
    requester: str,
    at: datetime,
    seen: str,
    reason: str = "",
    authors: Sequence[str] = (),
    afterwards: bool = False,
    due: datetime | None = None,
) -> Approval:
    """Return a new approval; ``due`` is ``at`` plus the policy's time unless a calendar says otherwise.

    Raises:
        ReasonRequired: a change made before its approval needs a reason.
    """
    if afterwards and not reason.strip():
        raise ReasonRequired(field="changeReason")
    others = tuple(sorted(set(authors) - {requester}))
    return Approval(policy, requester, at, due or at + policy.within, seen, reason, others, afterwards)


def decide(
    approval: Approval, decider: Decider, verdict: Verdict, *, seen: str, at: datetime, comment: str = ""
) -> Approval:
    """Return the approval with one more voice; a repeat of the same voice changes nothing.

    Raises:
        ApprovalClosed: it is decided, withdrawn or past its deadline.
        OwnApproval: the decider asked for it or took part.
        SeenAnother: ``seen`` is not what the approval is about.
        DecidedAlready: the decider said something else before.
        NotAnApprover: no open stage wants the decider.
        ReasonRequired: a rejection needs a comment.
    """
    own = next((one for one in approval.decisions if one.user_id == decider.user_id), None)
    if own is not None and own.verdict is verdict and seen == approval.seen:
        return approval
    if (status := approval.status(at)) is not Status.PENDING:
        raise ApprovalClosed(status=status)
    if decider.user_id == approval.requested_by or decider.user_id in approval.authors:
        raise OwnApproval(permission="approval")
    if seen != approval.seen:
        raise SeenAnother(seen=approval.seen)
    if own is not None:
        raise DecidedAlready
    made = Decision(decider.user_id, decider.roles, verdict, at, comment)
    if not _counts(approval, made):
        stage = approval.open_stages[0]
        raise NotAnApprover(stage=stage.name, permission=stage.who)
    if verdict is Verdict.REJECT and not comment.strip():
        raise ReasonRequired(field="comment")
    return replace(approval, decisions=(*approval.decisions, made))


def withdraw(approval: Approval, user_id: str, at: datetime) -> Approval:
    """Return the approval taken back by who asked for it; a repeat changes nothing.

    Raises:
        NotAnApprover: another person wants to take it back.
        ApprovalClosed: it is decided or past its deadline.
    """
    if user_id != approval.requested_by:
        raise NotAnApprover(stage="withdrawal", permission=approval.requested_by)
    status = approval.status(at)
    if status is Status.WITHDRAWN:
        return approval
    if status is not Status.PENDING:
        raise ApprovalClosed(status=status)
    return replace(approval, withdrawn_at=at)


def _counts(approval: Approval, made: Decision) -> bool:
    """Tell whether a voice is wanted: in order, by the open stage; else wherever it makes the whole more complete."""
    if approval.policy.in_order:
        return any(stage.admits(made.user_id, made.roles) for stage in approval.open_stages)
    agreed = [one for one in approval.decisions if one.verdict is Verdict.APPROVE]
    before, after = (sum(map(len, _filled(approval.policy, voices))) for voices in (agreed, [*agreed, made]))
    return after > before


def _filled(policy: Policy, voices: Sequence[Decision]) -> list[list[Decision]]:
    """Return which voices each stage has; nobody counts in two stages."""
    filled: list[list[Decision]] = [[] for _ in policy.stages]
    for voice in voices:
        if policy.in_order:
            _fill_next(policy, filled, voice)
        else:
            _place(policy, filled, voice, set())
    return filled


def _fill_next(policy: Policy, filled: list[list[Decision]], voice: Decision) -> None:
    for stage, there in zip(policy.stages, filled, strict=True):
        if len(there) < stage.count:
            if stage.admits(voice.user_id, voice.roles):
                there.append(voice)
            return


def _place(policy: Policy, filled: list[list[Decision]], voice: Decision, tried: set[int]) -> bool:
    """Give a voice a place, moving others where they fit elsewhere too (an augmenting path of the matching)."""
    for number, stage in enumerate(policy.stages):
        if number in tried or not stage.admits(voice.user_id, voice.roles):
            continue
        tried.add(number)
        if len(filled[number]) < stage.count:
            filled[number].append(voice)
            return True
        for other in list(filled[number]):
            if _place(policy, filled, other, tried):
                filled[number][filled[number].index(other)] = voice
                return True
    return False
