"""Holds a change that rules of approval speak of, whatever its kind (CFG-08)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from enghub.core import codec
from enghub.core.claims import Claim
from enghub.core.identity import Origin
from enghub.settings.approvals.answers import HELD_STATUS, ChangeRequestResponse
from enghub.settings.approvals.errors import BreakGlassForbidden
from enghub.settings.approvals.model import ChangeRequest, Subject, submitted
from enghub.settings.approvals.service import Approving, told

Changes = TypeVar("Changes")


@dataclass(frozen=True, slots=True)
class ChangeGate(Generic[Changes]):
    """Holds changes of a kind that rules of approval speak of."""

    approving: Approving
    kind: str
    subjects: Callable[[Changes], Sequence[Subject]]
    """What changes are about, as rules of approval see it."""
    proposal: Callable[[Changes], Any]
    """What a request keeps of them: a dataclass."""
    preview: Callable[[Changes], Sequence[Mapping[str, Any]]]
    """What people see of them: before and after."""

    def asks(self, changes: Changes, tenant_id: str) -> bool:
        """Tell whether a rule speaks of the changes; one Query."""
        return self.approving.need(tenant_id, self.subjects(changes)) is not None

    def passes(
        self, changes: Changes, origin: Origin, reason: str, claim: Claim | None = None, *, break_glass: bool = False
    ) -> ChangeRequest | Sequence[Any]:
        """Return the request in which changes now wait, or the writes of their transaction; see ``held``."""
        return held(
            self.approving,
            self.kind,
            self.subjects(changes),
            codec.dumps(self.proposal(changes)),
            self.preview(changes),
            origin=origin,
            reason=reason,
            claim=claim,
            break_glass=break_glass,
        )


def held(
    approving: Approving,
    kind: str,
    subjects: Sequence[Subject],
    payload: str,
    preview: Sequence[Mapping[str, Any]],
    *,
    origin: Origin,
    reason: str,
    claim: Claim | None,
    break_glass: bool,
) -> ChangeRequest | Sequence[Any]:
    """Return the request in which a change now waits, or the writes that belong to its transaction. One Query.

    Raises:
        BreakGlassForbidden: a rule allows no change before its approval.
        ReasonRequired: such a change has no reason.
    """
    needed = approving.need(origin.tenant_id, subjects)
    if needed is None:
        return ()
    if break_glass and not needed.break_glass:
        raise BreakGlassForbidden(permission="break glass")
    commit = submitted(
        kind, subjects, payload, preview, policy=needed.policy, origin=origin, reason=reason, afterwards=break_glass
    )
    if break_glass:
        return approving.requests.writes(told(commit))
    if claim is not None:
        at = origin.at
        claim = replace(
            claim,
            render=lambda request: ChangeRequestResponse.of(request, at).model_dump_json(by_alias=True),
            status=HELD_STATUS,
        )
    return approving.submit(commit, claim)
