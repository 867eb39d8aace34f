"""Rights given, taken back and asked for (CFG-22)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from enghub.core import ids
from enghub.core.commits import Commit, Kept
from enghub.core.errors import VersionConflict
from enghub.core.events import Envelope
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.settings.grants.errors import GrantNotFound, GrantRefused, OwnGrant, TooManyGrants
from enghub.settings.grants.model import (
    MAX_GRANTS,
    MAX_REQUESTS,
    Effect,
    Grant,
    GrantRequest,
    Level,
    UserGrants,
    Wanted,
)
from enghub.settings.grants.repository import Grants
from enghub.settings.published import GrantChanged

TRIES = 5
APPROVERS = {Level.GLOBAL: ("SYSTEM_ADMIN",)}
"""Who is told of a request, by its level; else the tenant's administrators."""
_LATER = Text("it must be later than the beginning, and than now", "必须晚于开始时间且晚于当前时间")
_GRANT, _REQUEST = Text("grant", "授权"), Text("request that waits", "待处理的申请")
_NO_DENY = Text("only administrators take rights", "只有管理员可以禁止权限")


@dataclass(frozen=True, slots=True)
class GrantService:
    """Changes grants; a change of one user's meets no other user's."""

    grants: Grants

    def of(self, tenant_id: str, user_id: str) -> UserGrants:
        """Return a user's grants and requests."""
        kept = self.grants.load(tenant_id, user_id)
        return UserGrants(tenant_id, user_id) if kept is None else kept.value

    def page(self, tenant_id: str, limit: int, cursor: str | None) -> tuple[Sequence[UserGrants], str | None]:
        """Return some of the tenant's users that have grants or requests."""
        return self.grants.page(tenant_id, limit, cursor)

    def give(self, user_id: str, wanted: Wanted, reason: str, origin: Origin) -> Grant:
        """Give a right, or take it (DENY); exactly the same again is the one that is there.

        Raises:
            OwnGrant, GrantRefused, TooManyGrants
        """
        _check_other(user_id, origin)
        _check_times(wanted, origin)

        def step(found: UserGrants) -> tuple[UserGrants, Grant, Sequence[Envelope]]:
            return self._granted(found, wanted, reason, origin)

        made: Grant = self._change(user_id, origin, "granted", reason, step)
        return made

    def revoke(self, user_id: str, grant_id: str, reason: str, origin: Origin) -> Grant:
        """Take a grant back, from now on; one that was taken back stays as it is.

        Raises:
            GrantNotFound, OwnGrant
        """
        _check_other(user_id, origin)

        def step(found: UserGrants) -> tuple[UserGrants, Grant, Sequence[Envelope]]:
            grant = next((one for one in found.grants if one.grant_id == grant_id), None)
            if grant is None:
                raise GrantNotFound(user_id=user_id, what=_GRANT, id=grant_id)
            if grant.revoked_at is not None:
                return found, grant, ()
            gone = replace(grant, revoked_by=origin.user_id, revoked_at=origin.at, revoke_reason=reason)
            grants = tuple(gone if one is grant else one for one in found.grants)
            return replace(found, grants=grants), gone, [_event("REVOKED", user_id, grant_id, grant.wanted, origin)]

        made: Grant = self._change(user_id, origin, "revoked", reason, step)
        return made

    def ask(self, wanted: Wanted, reason: str, origin: Origin) -> GrantRequest:
        """Ask for a right; its approvers are told. The same again is the request that waits.

        Raises:
            GrantRefused, TooManyGrants
        """
        _check_times(wanted, origin)
        if wanted.effect is Effect.DENY:
            raise GrantRefused(field="effect", problem=_NO_DENY)

        def step(found: UserGrants) -> tuple[UserGrants, GrantRequest, Sequence[Envelope]]:
            waiting = [one for one in found.requests if one.status == "PENDING"]
            for one in waiting:
                if one.wanted == wanted:
                    return found, one, ()
            if len(waiting) >= MAX_REQUESTS:
                raise TooManyGrants(user_id=origin.user_id, most=MAX_REQUESTS)
            request = GrantRequest(ids.new_id(origin.at), wanted, reason, origin.at)
            told = [_event("REQUESTED", origin.user_id, request.request_id, wanted, origin), _notice(request, origin)]
            return found.with_request(request), request, told

        made: GrantRequest = self._change(origin.user_id, origin, "requested", reason, step)
        return made

    def decide(self, user_id: str, request_id: str, comment: str, origin: Origin, *, approve: bool) -> GrantRequest:
        """Give what was asked for, or refuse it; decided once.

        Raises:
            GrantNotFound, OwnGrant, TooManyGrants
            GrantRefused: the time that was asked for is over.
        """
        _check_other(user_id, origin)

        def step(found: UserGrants) -> tuple[UserGrants, GrantRequest, Sequence[Envelope]]:
            request = self.waiting(found, request_id)
            status = "APPROVED" if approve else "REJECTED"
            done = replace(request, status=status, decided_by=origin.user_id, decided_at=origin.at, comment=comment)
            after = found.with_request(done)
            if not approve:
                return after, done, [_event("REJECTED", user_id, request_id, request.wanted, origin)]
            _check_times(request.wanted, origin)
            given, _, events = self._granted(after, request.wanted, comment or request.reason, origin)
            return given, done, events

        made: GrantRequest = self._change(user_id, origin, "approved" if approve else "rejected", comment, step)
        return made

    def waiting(self, found: UserGrants, request_id: str) -> GrantRequest:
        """Return a request that waits.

        Raises:
            GrantNotFound
        """
        for one in found.requests:
            if one.request_id == request_id and one.status == "PENDING":
                return one
        raise GrantNotFound(user_id=found.user_id, what=_REQUEST, id=request_id)

    def _granted(
        self, found: UserGrants, wanted: Wanted, reason: str, origin: Origin
    ) -> tuple[UserGrants, Grant, Sequence[Envelope]]:
        same = found.same(wanted, origin.at)
        if same is not None:
            return found, same, ()
        if len(found.alive(origin.at)) >= MAX_GRANTS:
            raise TooManyGrants(user_id=found.user_id, most=MAX_GRANTS)
        grant = Grant(ids.new_id(origin.at), wanted, reason, origin.user_id, origin.at)
        return found.with_grant(grant), grant, [_event("GRANTED", found.user_id, grant.grant_id, wanted, origin)]

    def _change(
        self,
        user_id: str,
        origin: Origin,
        action: str,
        reason: str,
        step: Callable[[UserGrants], tuple[UserGrants, Any, Sequence[Envelope]]],
    ) -> Any:
        for tried in range(TRIES):
            before: Kept[UserGrants] | None = self.grants.load(origin.tenant_id, user_id)
            found = UserGrants(origin.tenant_id, user_id) if before is None else before.value
            after, made, events = step(found)
            if after == found:
                return made
            try:
                self.grants.save(Commit(origin, action, after, before, events=tuple(events), reason=reason))
            except VersionConflict:
                if tried == TRIES - 1:
                    raise
            else:
                return made
        raise AssertionError


def _check_other(user_id: str, origin: Origin) -> None:
    if user_id == origin.user_id:
        raise OwnGrant(permission="grant:change")


def _check_times(wanted: Wanted, origin: Origin) -> None:
    begins = max(wanted.valid_from or origin.at, origin.at)
    if wanted.valid_until is not None and wanted.valid_until <= begins:
        raise GrantRefused(field="validUntil", problem=_LATER)


def _event(action: Any, user_id: str, grant_id: str, wanted: Wanted, origin: Origin) -> Envelope:
    return GrantChanged(
        user_id=user_id,
        grant_id=grant_id,
        action=action,
        effect=wanted.effect.value,
        verbs=[verb.value for verb in wanted.verbs],
        level=wanted.level.value,
        scope=wanted.scope,
        valid_from=wanted.valid_from,
        valid_until=wanted.valid_until,
    ).envelope(origin)


def _notice(request: GrantRequest, origin: Origin) -> Envelope:
    """Tell who may give it, as of any request for approval."""
    wanted = request.wanted
    until = request.asked_at if wanted.valid_until is None else wanted.valid_until
    return NoticeRequested(
        notice_type="settings.approval_requested",
        severity=Severity.INFO,
        subject=f"grant_request/{origin.user_id}/{request.request_id}",
        facts={
            "request_id": request.request_id,
            "title": f"{'/'.join(wanted.verbs)} {wanted.level} {wanted.scope}".strip(),
            "status": "PENDING",
            "requested_by": origin.user_id,
            "reason": request.reason,
            "due": until.isoformat(),
            "break_glass": False,
            "problem": "",
        },
        roles=APPROVERS.get(wanted.level, ("TENANT_ADMIN",)),
        dedupe_key=f"{request.request_id}-requested",
    ).envelope(origin)
