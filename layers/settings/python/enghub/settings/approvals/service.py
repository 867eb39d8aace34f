"""Use cases of approvals: what needs one, asking, deciding, and what follows (CFG-08)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from enghub.core.claims import Claim
from enghub.core.commits import Kept
from enghub.core.errors import EngHubError, VersionConflict
from enghub.core.identity import Origin
from enghub.core.setup.service import Setup
from enghub.core.timers.model import DueTimer
from enghub.kit.approvals.model import Approval, Decider, Status, Verdict, decide, withdraw
from enghub.settings.approvals import model
from enghub.settings.approvals.errors import ChangeRequestNotFound
from enghub.settings.approvals.model import ApprovalRule, ChangeRequest, Need, Outcome, RequestCommit, Subject
from enghub.settings.approvals.notices import decided_notice, requested_notice
from enghub.settings.approvals.repository import ChangeRequests, Page


class Executor(Protocol):
    """Makes the changes of one kind; registered by the folder that owns the kind."""

    def apply(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Make an approved change in one transaction with ``alongside``.

        Raises:
            EngHubError: it cannot be made any more; nothing was written.
        """

    def revert(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Take back a change that was made before its approval, in one transaction with ``alongside``.

        Raises:
            EngHubError: it cannot be taken back: somebody changed the same since.
        """


@dataclass(frozen=True, slots=True)
class Approving:
    """Rules of approval, and requests."""

    requests: ChangeRequests
    rules: Setup[ApprovalRule]
    executors: Mapping[str, Executor]

    def need(self, tenant_id: str, subjects: Sequence[Subject]) -> Need | None:
        """Return what a change needs by the tenant's rules; None when nobody has to agree. One Query."""
        return model.need([kept.value for kept in self.rules.all(tenant_id)], subjects)

    def submit(self, commit: RequestCommit, claim: Claim | None) -> ChangeRequest:
        """Store a request and tell those who have to decide."""
        self.requests.save(told(commit), claim)
        return commit.after

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> Page:
        """Return requests, the newest first."""
        return self.requests.page(tenant_id, limit, cursor)

    def get(self, tenant_id: str, request_id: str) -> Kept[ChangeRequest]:
        """Return one request.

        Raises:
            ChangeRequestNotFound
        """
        found = self.requests.get(tenant_id, request_id)
        if found is None:
            raise ChangeRequestNotFound(request_id=request_id)
        return found

    def decide(
        self, request_id: str, decider: Decider, verdict: Verdict, *, seen: str, comment: str, origin: Origin
    ) -> ChangeRequest:
        """Record one voice; the one that completes the approval makes the change.

        Raises:
            ChangeRequestNotFound
            ApprovalClosed, OwnApproval, SeenAnother, DecidedAlready, NotAnApprover, ReasonRequired: see ``decide``.
        """
        verb = "approved" if verdict is Verdict.APPROVE else "rejected"

        def voice(approval: Approval) -> Approval:
            return decide(approval, decider, verdict, seen=seen, at=origin.at, comment=comment)

        return self._moved(request_id, voice, verb, comment, origin)

    def withdraw(self, request_id: str, origin: Origin) -> ChangeRequest:
        """Take a request back.

        Raises:
            ChangeRequestNotFound, NotAnApprover, ApprovalClosed
        """
        return self._moved(request_id, lambda one: withdraw(one, origin.user_id, origin.at), "withdrawn", "", origin)

    def due(self, timer: DueTimer, origin: Origin) -> None:
        """Do what a deadline, or a decision whose effect was interrupted, means."""
        found = self.requests.get(timer.tenant_id, timer.subject.split("/", 1)[1])
        if found is not None:
            self._settle(found, origin)

    def _moved(self, request_id: str, move: Any, verb: str, comment: str, origin: Origin) -> ChangeRequest:
        found = self.get(origin.tenant_id, request_id)
        approval = move(found.value.approval)
        if approval is not found.value.approval:
            self.requests.save(model.voted(found, approval, origin, verb, comment))
            found = self.get(origin.tenant_id, request_id)
        return self._settle(found, origin)

    def _settle(self, found: Kept[ChangeRequest], origin: Origin) -> ChangeRequest:
        """Do what the approval means now; a repeat, or another one who does it too, changes nothing more."""
        request, status = found.value, found.value.approval.status(origin.at)
        if request.outcome is not None or status is Status.PENDING:
            return request
        try:
            self._close(found, status, origin)
        except VersionConflict:
            latest = self.get(request.tenant_id, request.request_id)
            if latest.value.outcome is None:
                raise
        return self.get(request.tenant_id, request.request_id).value

    def _close(self, found: Kept[ChangeRequest], status: Status, origin: Origin) -> None:
        request, afterwards = found.value, found.value.approval.afterwards
        if status is Status.APPROVED and afterwards:
            return self._end(found, Outcome.APPLIED, origin)
        if status is Status.APPROVED:
            return self._do(found, Outcome.APPLIED, origin, self.executors[request.kind].apply)
        if afterwards:
            return self._do(found, Outcome.REVERTED, origin, self.executors[request.kind].revert)
        outcome = Outcome.WITHDRAWN if status is Status.WITHDRAWN else Outcome.REJECTED
        timed_out = request.approval.timed_out(origin.at)
        return self._end(found, outcome, origin, "nobody decided in time" if timed_out else "")

    def _do(self, found: Kept[ChangeRequest], outcome: Outcome, origin: Origin, act: Any) -> None:
        request = found.value
        asked = replace(request.asked_from, at=origin.at)
        done = _decided(model.closed(found, outcome, origin))
        try:
            act(request, asked, self.requests.writes(done))
        except EngHubError as error:
            latest = self.get(request.tenant_id, request.request_id)
            if error.status >= 500 or latest.revision != found.revision:
                raise
            self._end(found, Outcome.FAILED, origin, f"{error.code}: {error.message('en')}")

    def _end(self, found: Kept[ChangeRequest], outcome: Outcome, origin: Origin, problem: str = "") -> None:
        self.requests.save(_decided(model.closed(found, outcome, origin, problem)))


def told(commit: RequestCommit) -> RequestCommit:
    """Return a submission with the notice to those who have to decide."""
    return replace(commit, events=(requested_notice(commit.after, commit.origin),))


def _decided(commit: RequestCommit) -> RequestCommit:
    return replace(commit, events=(decided_notice(commit.after, commit.origin),))
