"""Changes of configuration items that people have to agree to: held as requests, made when approved (CFG-08).

Every way that changes an item passes here, in every layer: single writes, batches, rolling back, confirming, importing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from enghub.core import codec
from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.settings.approvals.gate import ChangeGate
from enghub.settings.approvals.model import ChangeRequest, Subject
from enghub.settings.approvals.service import Approving
from enghub.settings.configs import commits, conflicts
from enghub.settings.configs.checking import Found, Together, checked
from enghub.settings.configs.commits import ConfigCommit
from enghub.settings.configs.model import Address, Content
from enghub.settings.configs.service import ConfigService

KIND = "config"


@dataclass(frozen=True, slots=True)
class Proposed:
    """One change as it was checked: on which version (0: there was none), to what (None: deleted)."""

    address: Address
    version: int
    action: str
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """The payload of a request."""

    changes: tuple[Proposed, ...]


@dataclass(frozen=True, slots=True)
class ConfigExecutor:
    """Makes approved changes, and takes break-glass changes back; see ``Executor``."""

    service: ConfigService

    def apply(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Make the change on the versions it was checked on, in the name of who asked.

        Raises:
            ConfigVersionConflict: an item changed meanwhile.
        """
        self.service.save(self.made(codec.loads(Proposal, request.payload), request, origin), alongside)

    def made(self, proposal: Proposal, request: ChangeRequest, origin: Origin) -> list[ConfigCommit]:
        """Return the commits of an approved proposal, checked as things are now.

        Raises:
            ConfigVersionConflict: an item changed meanwhile.
        """
        together = self.service.together([one.address for one in proposal.changes])
        found = dict(together.known)
        made = [self._made(one, found, request, origin) for one in proposal.changes]
        together.add(*made)
        return [self._checked(one, together, found) for one in made]

    def revert(self, request: ChangeRequest, origin: Origin, alongside: Sequence[Any]) -> None:
        """Bring back what stood before, where the change is still the last one.

        Raises:
            ConfigVersionConflict: an item changed since.
        """
        self.service.save(self.unmade(codec.loads(Proposal, request.payload), request, origin), alongside)

    def unmade(self, proposal: Proposal, request: ChangeRequest, origin: Origin) -> list[ConfigCommit]:
        """Return the commits that take a proposal back.

        Raises:
            ConfigVersionConflict: an item changed since.
        """
        together = self.service.together([one.address for one in proposal.changes])
        found = dict(together.known)
        made = [self._back(one, found, request, origin) for one in proposal.changes]
        together.add(*made)
        return [self._checked(one, together, found) for one in made]

    def _checked(self, change: ConfigCommit, together: Together, found: Found) -> ConfigCommit:
        return change if change.after.is_deleted else checked(together, change, found, self.service.seals, forced=True)

    @staticmethod
    def _made(wanted: Proposed, found: Found, request: ChangeRequest, origin: Origin) -> ConfigCommit:
        reason = request.approval.reason
        before = found.get(wanted.address)
        _check_version(wanted.version, before, origin)
        if wanted.content is None:
            assert before is not None  # noqa: S101 - a deletion is of what was there
            change = commits.deleted(before, origin, reason)
        elif before is None or before.value.is_deleted:
            content = commits.overdue(wanted.content, origin)
            change = commits.created(wanted.address, content, before, origin, reason, action=wanted.action)
        else:
            content = commits.overdue(wanted.content, origin)
            change = commits.changed(before, content, origin, reason, action=wanted.action)
        after = replace(change.after, change_request=request.request_id, approved_by=request.approval.approvers)
        return replace(change, after=after)

    def _back(self, wanted: Proposed, found: Found, request: ChangeRequest, origin: Origin) -> ConfigCommit:
        current = found.get(wanted.address)
        _check_version(wanted.version + 1, current, origin)
        assert current is not None  # noqa: S101 - it has at least the version that was made
        old = self.service.repository.version(wanted.address, wanted.version) if wanted.version else None
        reason = f"change request {request.request_id} was not approved"
        if old is None or old.is_deleted:
            return commits.deleted(current, origin, reason)
        content = commits.again(old.content, origin.at)
        return commits.changed(current, content, origin, reason, action="rolled_back")


def gate(approving: Approving) -> ChangeGate[Sequence[ConfigCommit]]:
    """Return what holds such changes where rules of approval speak of them."""
    return ChangeGate(approving, KIND, subjects, proposal, preview)


def proposal(changes: Sequence[ConfigCommit]) -> Proposal:
    """Return what a request keeps of changes."""
    return Proposal(tuple(map(_proposed, changes)))


def subjects(changes: Sequence[ConfigCommit]) -> list[Subject]:
    """Return what changes are about, as rules of approval see it."""
    return [_subject(change) for change in changes]


def preview(changes: Sequence[ConfigCommit]) -> list[dict[str, Any]]:
    """Return what people see of changes: before and after."""
    return [_preview(change) for change in changes]


def _check_version(expected: int, found: Kept[Any] | None, origin: Origin) -> None:
    actual = 0 if found is None else found.revision
    if expected == actual:
        return
    if found is None:
        raise conflicts.outdated(expected, actual)
    raise conflicts.conflict(expected, None, found.value, None, origin.user_id)


def _proposed(change: ConfigCommit) -> Proposed:
    after = change.after
    version = 0 if change.before is None else change.before.revision
    return Proposed(after.address, version, change.action, None if after.is_deleted else after.content)


def _subject(change: ConfigCommit) -> Subject:
    address, content = change.after.address, change.after.content
    return Subject(KIND, address.config_key, address.owner.layer.value, content.category, change.operation.value)


def _preview(change: ConfigCommit) -> dict[str, Any]:
    before = change.seen
    old = None if before is None or before.is_deleted else before.content.facts()
    new = None if change.after.is_deleted else change.after.content.facts()
    return {**change.after.address.facts(), "before": old, "after": new}
