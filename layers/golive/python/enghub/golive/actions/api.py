"""Actions on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.setup.api import UserId
from enghub.golive.actions.model import Action, ActionState, Wanted


class ActionPart(wire.Request):
    """What is to be done, by whom, until when."""

    title: wire.ShortText
    owner: UserId
    due_at: wire.Instant

    def to_wanted(self) -> Wanted:
        """Return what is wanted."""
        return Wanted(self.title, self.owner, self.due_at)


class PromiseRequest(ActionPart):
    """An action; ``about`` says where it comes from: ``incident/<id>``."""

    about: Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[a-z-]+/[A-Za-z0-9_-]+$")]


class EndActionRequest(wire.Request):
    """It is done, or given up."""

    state: Literal[ActionState.DONE, ActionState.DROPPED]
    note: Annotated[str, Field(max_length=1000)] = ""


class ActionResponse(wire.Response):
    """An action."""

    action_id: str
    about: str
    title: str
    owner: str
    due_at: wire.Instant
    made_by: str
    made_at: wire.Instant
    state: ActionState
    note: str | None
    ended_by: str | None
    ended_at: wire.Instant | None
    overdue_at: wire.Instant | None
    version: int

    @classmethod
    def of(cls, kept: Kept[Action]) -> "ActionResponse":
        """Return the answer for an action."""
        one = kept.value
        return cls(
            action_id=one.action_id,
            about=one.about,
            title=one.title,
            owner=one.owner,
            due_at=one.due,
            made_by=one.made_by,
            made_at=one.made_at,
            state=one.state,
            note=one.note or None,
            ended_by=one.ended_by or None,
            ended_at=one.ended_at,
            overdue_at=one.overdue_at,
            version=kept.revision,
        )


class ActionsResponse(wire.Response):
    """Part of the actions of one state, those that are due first."""

    items: tuple[ActionResponse, ...]
    cursor: str | None
