"""What people do with releases and proposals, and what upgrades say of them (OPS-24)."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.marks import AlreadyHandled
from enghub.core.notices import NoticeRequested, Severity
from enghub.golive.published import ReleaseChanged
from enghub.golive.releases import model
from enghub.golive.releases.errors import ReleaseNotFound
from enghub.golive.releases.model import Release, ReleaseState, Upgraded
from enghub.golive.releases.repository import Releases
from enghub.kit.approvals.model import Decider, Verdict, decide

ENDED = {ReleaseState.DONE, ReleaseState.REFUSED, ReleaseState.FAILED}


@dataclass(frozen=True, slots=True)
class ReleaseService:
    """The use cases of releases."""

    store: Releases

    def get(self, tenant_id: str, release_id: str) -> Kept[Release]:
        """Return one.

        Raises:
            ReleaseNotFound
        """
        found = self.store.get(tenant_id, release_id)
        if found is None:
            raise ReleaseNotFound(release_id=release_id)
        return found

    def request(self, wanted: Release, origin: Origin, claim: Claim | None) -> Kept[Release]:
        """Ask for a release, or propose an improvement; who reviews is told."""
        return self._saved(origin, "requested", wanted, None, claim=claim)

    def vote(
        self, release_id: str, verdict: Verdict, origin: Origin, roles: tuple[str, ...], *, seen: str, comment: str
    ) -> Kept[Release]:
        """Approve what was asked for, or refuse it; a repeat of the same voice changes nothing.

        Raises:
            ReleaseNotFound, VersionConflict; and as ``decide`` of the room of approvals.
        """
        before = self.get(origin.tenant_id, release_id)
        decider = Decider(origin.user_id, roles)
        review = decide(before.value.review, decider, verdict, seen=seen, at=origin.at, comment=comment)
        if review == before.value.review:
            return before
        return self._saved(origin, "reviewed", model.reviewed(before.value, review, origin.at), before)

    def start(self, release_id: str, origin: Origin) -> Kept[Release]:
        """Begin to carry it out.

        Raises:
            ReleaseNotFound, WrongReleaseState, VersionConflict
        """
        before = self.get(origin.tenant_id, release_id)
        if (before.value.recorded, before.value.carried_out_by) == (ReleaseState.STARTED, origin.user_id):
            return before
        return self._saved(origin, "started", model.started(before.value, origin.user_id, origin.at), before)

    def finish(self, release_id: str, origin: Origin, *, passed: bool, said: str) -> Kept[Release]:
        """Say that it was carried out, or that this failed; raises as ``start``."""
        before = self.get(origin.tenant_id, release_id)
        state = ReleaseState.CARRIED_OUT if passed else ReleaseState.FAILED
        if (before.value.recorded, before.value.carried_out_by, before.value.said) == (state, origin.user_id, said):
            return before
        after = model.carried_out(before.value, origin.user_id, origin.at, passed=passed, said=said)
        return self._saved(origin, "carried_out" if passed else "failed", after, before)

    def verify(self, release_id: str, origin: Origin, *, passed: bool, said: str) -> Kept[Release]:
        """Say that it does what it was asked for, or not; raises as ``start``, and OwnWork."""
        before = self.get(origin.tenant_id, release_id)
        state = ReleaseState.DONE if passed else ReleaseState.FAILED
        if (before.value.recorded, before.value.verified_by) == (state, origin.user_id):
            return before
        after = model.verified(before.value, origin.user_id, origin.at, passed=passed, said=said)
        return self._saved(origin, "verified" if passed else "failed", after, before)

    def withdraw(self, release_id: str, reason: str, origin: Origin) -> Kept[Release]:
        """Take it back; raises as ``start``."""
        before = self.get(origin.tenant_id, release_id)
        if before.value.recorded is ReleaseState.WITHDRAWN:
            return before
        return self._saved(origin, "withdrawn", model.withdrawn(before.value, reason, origin.at), before)

    def follow(
        self,
        origin: Origin,
        about: tuple[str, str, str],
        what: Upgraded,
        problem: str,
        mark: Callable[[str], Any],
    ) -> None:
        """Move the releases that an upgrade carries out; ``about`` is its site, environment and version.

        ``mark`` makes the write that this event was heard for a release, so that a redelivery changes nothing.
        """
        site, environment, version = about
        for release_id in self.store.of(origin.tenant_id, site, version):
            before = self.get(origin.tenant_id, release_id)
            if before.value.content.environment not in {"", environment}:
                continue
            after = model.followed(before.value, what, problem, origin.at)
            if after != before.value:
                verb = {Upgraded.STARTED: "started", Upgraded.SUCCEEDED: "carried_out"}.get(what, "failed")
                with suppress(AlreadyHandled):
                    self._saved(origin, verb, after, before, more=(mark(release_id),))

    def _saved(
        self,
        origin: Origin,
        action: str,
        after: Release,
        before: Kept[Release] | None,
        *,
        more: tuple[Any, ...] = (),
        claim: Claim | None = None,
    ) -> Kept[Release]:
        commit = Commit(origin, action, after, before, reason=after.said, claim=claim)
        return self.store.save(replace(commit, events=tuple(_told(commit))), *more)


def _told(commit: Commit[Release]) -> Iterator[Envelope]:
    one, origin = commit.after, commit.origin
    state = one.state(origin.at)
    yield ReleaseChanged(
        release_id=one.release_id,
        kind=one.kind.value,
        title=one.content.title,
        system=one.content.system,
        version=one.content.version,
        action=commit.action,
        state=state.value,
    ).envelope(origin)
    stage, number = one.review.policy.stages[0], commit.before.revision + 1 if commit.before else 1
    key = f"{one.subject}/{number}"
    if state is ReleaseState.REQUESTED:
        yield _notice(one, state, key, stage.users, stage.roles).envelope(origin)
    if state is ReleaseState.CARRIED_OUT:
        yield _notice(one, state, key, one.verifiers).envelope(origin)
    if state in ENDED:
        people = tuple(dict.fromkeys((one.requested_by, *one.verifiers)))
        yield _notice(one, state, key, people).envelope(origin)


def _notice(
    one: Release, state: ReleaseState, key: str, users: tuple[str, ...], roles: tuple[str, ...] = ()
) -> NoticeRequested:
    waits = state in {ReleaseState.REQUESTED, ReleaseState.CARRIED_OUT}
    return NoticeRequested(
        notice_type="golive.release_waits" if waits else "golive.release_ended",
        severity=Severity.WARNING if state in {ReleaseState.FAILED, ReleaseState.REFUSED} else Severity.INFO,
        subject=one.subject,
        facts={
            "release_id": one.release_id,
            "kind": one.kind.value,
            "title": one.content.title,
            "system": one.content.system,
            "version": one.content.version,
            "state": state.value,
            "why": one.said,
        },
        users=tuple(user for user in users if ":" not in user and "/" not in user),
        roles=roles,
        dedupe_key=key,
    )
