"""Actions: promised, told when they are overdue, ended (OPS-09, OPS-16)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from enghub.core import ids
from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.core.notices import NoticeRequested, Severity
from enghub.core.timers.model import CancelTimer, DueTimer, SetTimer
from enghub.golive.actions.errors import ActionNotFound
from enghub.golive.actions.model import Action, ActionState, Wanted
from enghub.golive.purposes import ACTION_OVERDUE


class ActionStore(Protocol):
    """What the use cases need of a store."""

    def get(self, tenant_id: str, action_id: str) -> Kept[Action] | None:
        """Return one."""

    def save(self, commit: Commit[Action], due: DueTimer | None = None) -> Kept[Action]:
        """Store a change, with the mark of the timer that made it."""


def promised(about: str, wanted: Iterable[Wanted], origin: Origin) -> list[Commit[Action]]:
    """Return the commits of new actions, for the transaction of what they come from."""
    made = (
        Action(origin.tenant_id, ids.new_id(origin.at), about, one.title, one.owner, one.due, origin.user_id, origin.at)
        for one in wanted
    )
    return [Commit(origin, "promised", one, timers=(SetTimer(one.subject, ACTION_OVERDUE, one.due),)) for one in made]


@dataclass(frozen=True, slots=True)
class Actions:
    """The use cases."""

    store: ActionStore

    def get(self, tenant_id: str, action_id: str) -> Kept[Action]:
        """Return one.

        Raises:
            ActionNotFound
        """
        found = self.store.get(tenant_id, action_id)
        if found is None:
            raise ActionNotFound(action_id=action_id)
        return found

    def promise(self, about: str, wanted: Wanted, origin: Origin, claim: Claim | None) -> Kept[Action]:
        """Promise to do something."""
        (commit,) = promised(about, (wanted,), origin)
        return self.store.save(replace(commit, claim=claim))

    def end(self, action_id: str, state: ActionState, note: str, origin: Origin) -> Kept[Action]:
        """Say that it is done, or given up.

        Raises:
            ActionNotFound, ActionOver
        """
        before = self.get(origin.tenant_id, action_id)
        after = before.value.ended(state, note, origin.user_id, origin.at)
        if after == before.value:
            return before
        rest = (CancelTimer(after.subject, ACTION_OVERDUE),)
        return self.store.save(Commit(origin, state.value.lower(), after, before, timers=rest, reason=note))

    def overdue(self, due: DueTimer, origin: Origin) -> None:
        """Tell the owner that it is overdue; the effect of its timer."""
        before = self.get(due.tenant_id, due.subject.partition("/")[2])
        one = before.value
        after = replace(one, overdue_at=origin.at) if one.state is ActionState.OPEN else one
        told = NoticeRequested(
            notice_type="golive.action_overdue",
            severity=Severity.WARNING,
            subject=one.subject,
            facts={"action_id": one.action_id, "title": one.title, "about": one.about, "owner": one.owner},
            users=(one.owner,),
            roles=("OPS_LEAD",),
            dedupe_key=f"{one.action_id}/{due.version}",
        )
        events = (told.envelope(origin),) if after != one else ()
        self.store.save(Commit(origin, "overdue", after, before, events=events), due)
