"""What people want verified, and the slices in which it is done (OPS-06)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.clock import Clock
from enghub.core.commits import Command, Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.identity import Origin
from enghub.golive.comparisons.model import MOST_DIFFERENCES, Difference, Verification, VerificationState, Wanted
from enghub.golive.published import MigrationVerified
from enghub.golive.verification.errors import VerificationNotFound, VerificationOver
from enghub.golive.verification.repository import Listed, Verifications

QUEUE = "verify_slice"
SYSTEM = "system:verification"


@dataclass(frozen=True, slots=True)
class SliceResult:
    """What one slice looked at and found; ``cursor`` is None at the end, ``refused`` says why it cannot be done."""

    rows: int
    counts: Mapping[str, int]
    listed: Sequence[Difference]
    cursor: str | None
    refused: str = ""


Compare = Callable[[str, Wanted, str], SliceResult]
"""Does the next slice of a tenant's comparison from a cursor."""


@dataclass(frozen=True, slots=True)
class VerificationService:
    """The use cases of verifications."""

    store: Verifications
    clock: Clock
    new_id: Callable[[datetime], str] = ids.new_id

    def get(self, tenant_id: str, verification_id: str) -> Kept[Verification]:
        """Return one.

        Raises:
            VerificationNotFound
        """
        found = self.store.get(tenant_id, verification_id)
        if found is None:
            raise VerificationNotFound(verification_id=verification_id)
        return found

    def start(self, go_live_id: str, wanted: Wanted, origin: Origin, claim: Claim | None) -> Kept[Verification]:
        """Begin; the slices follow by themselves."""
        made = Verification(
            tenant_id=origin.tenant_id,
            verification_id=self.new_id(origin.at),
            go_live_id=go_live_id,
            wanted=wanted,
            started_by=origin.user_id,
            started_at=origin.at,
        )
        return self.store.save(Commit(origin, "started", made, commands=(_next(made),), claim=claim))

    def stop(self, verification_id: str, reason: str, origin: Origin) -> Kept[Verification]:
        """Give it up.

        Raises:
            VerificationNotFound, VerificationOver, VersionConflict
        """
        before = self.get(origin.tenant_id, verification_id)
        if before.value.state is VerificationState.FAILED and before.value.reason == reason:
            return before
        if before.value.state is not VerificationState.RUNNING:
            raise VerificationOver(state=before.value.state.value)
        after = before.value.failed(reason, self.clock())
        return self.store.save(Commit(origin, "stopped", after, before, reason=reason))

    def do_slice(self, tenant_id: str, verification_id: str, number: int, compare: Compare) -> None:
        """Do slice ``number`` and ask for the next one; one that was done before is left alone."""
        before = self.store.get(tenant_id, verification_id)
        if before is None or before.value.state is not VerificationState.RUNNING or before.value.slices != number:
            return
        found = compare(tenant_id, before.value.wanted, before.value.cursor)
        now = self.clock()
        origin = Origin(tenant_id, "", SYSTEM, now, "")
        room = max(MOST_DIFFERENCES - before.value.listed, 0)
        listed = Listed(tuple(found.listed[:room]))
        after = before.value.failed(found.refused, now) if found.refused else _after(before.value, found, listed, now)
        is_over = after.state is not VerificationState.RUNNING
        events = (_told(after).envelope(origin),) if is_over else ()
        commands = () if is_over else (_next(after),)
        commit = Commit(origin, "ended" if is_over else "", after, before, events=events, commands=commands)
        try:
            self.store.save(commit, listed)
        except VersionConflict:
            return  # stopped meanwhile, or another delivery was first


def _after(before: Verification, found: SliceResult, listed: Listed, now: datetime) -> Verification:
    more = before.after(found.cursor, found.rows, found.counts, now)
    return more.with_listed(len(listed.differences))


def _next(one: Verification) -> Command:
    return Command(QUEUE, {"verificationId": one.verification_id, "slice": one.slices})


def _told(one: Verification) -> MigrationVerified:
    return MigrationVerified(
        go_live_id=one.go_live_id,
        verification_id=one.verification_id,
        state=one.state.value,
        rows=one.counted.rows,
        differences=one.counted.total,
        reason=one.reason,
    )
