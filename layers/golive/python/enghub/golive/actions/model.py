"""What somebody promised to do after a go-live, a drill, an incident; tracked until it is done (OPS-09). No I/O."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from enghub.golive.actions.errors import ActionOver


class ActionState(StrEnum):
    """Where an action stands."""

    OPEN = "OPEN"
    DONE = "DONE"
    DROPPED = "DROPPED"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done, by whom, until when."""

    title: str
    owner: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Action:
    """One promise; ``about`` is where it comes from: ``go-live/<id>``, ``drill/<id>``, ``incident/<id>``."""

    tenant_id: str
    action_id: str
    about: str
    title: str
    owner: str
    due: datetime
    made_by: str
    made_at: datetime
    state: ActionState = ActionState.OPEN
    note: str = ""
    ended_by: str = ""
    ended_at: datetime | None = None
    overdue_at: datetime | None = None

    @property
    def subject(self) -> str:
        """Its name among timers."""
        return f"action/{self.action_id}"

    def ended(self, state: ActionState, note: str, by: str, at: datetime) -> "Action":
        """Return it done, or dropped; the same word again changes nothing.

        Raises:
            ActionOver
        """
        if (self.state, self.note) == (state, note):
            return self
        if self.state is not ActionState.OPEN:
            raise ActionOver(state=self.state.value)
        return replace(self, state=state, note=note, ended_by=by, ended_at=at)
