"""Actions in DynamoDB.

pk T#<tenant>#ACTIONS  sk <id>
gsi1 T#<tenant>#ACTIONS#<state> / <due>#<id>
"""

from enghub.core.aggregates import Aggregate
from enghub.core.clock import to_text
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Attr, Page, each, key, query
from enghub.core.timers.dynamo import fired
from enghub.core.timers.model import DueTimer
from enghub.golive.actions.errors import ActionNotFound
from enghub.golive.actions.model import Action, ActionState


def _key(tenant_id: str, action_id: str) -> Key:
    return key("T", tenant_id, "ACTIONS"), action_id


def _list(tenant_id: str, state: ActionState) -> str:
    return key("T", tenant_id, "ACTIONS", state.value)


ACTIONS = Aggregate(
    Action,
    "TRACKED_ACTION",
    key=lambda one: _key(one.tenant_id, one.action_id),
    more=lambda one: {"gsi1pk": _list(one.tenant_id, one.state), "gsi1sk": key(to_text(one.due), one.action_id)},
    name="action",
    identity=lambda one: one.action_id,
    shows=("about", "title", "owner", "due", "state", "note", "overdue_at"),
    missing=lambda one: ActionNotFound(action_id=one.action_id),
)


class DynamoActions:
    """The store of actions."""

    def get(self, tenant_id: str, action_id: str) -> Kept[Action] | None:
        """One consistent GetItem."""
        return ACTIONS.read(_key(tenant_id, action_id))

    def save(self, commit: Commit[Action], due: DueTimer | None = None) -> Kept[Action]:
        """One transaction."""
        return ACTIONS.save(commit, *(() if due is None else (fired(due, commit.origin.at),)))


def about(tenant_id: str, subject: str) -> list[Kept[Action]]:
    """Return the actions that come from something, those that are due first; a Query, page after page."""
    found = each(key("T", tenant_id, "ACTIONS"), where=Attr("about") == subject)
    return sorted(map(ACTIONS.kept, found), key=lambda kept: (kept.value.due, kept.value.action_id))


def page(tenant_id: str, state: ActionState, limit: int, cursor: str | None) -> Page[Kept[Action]]:
    """Return a page of the actions of one state, those that are due first."""
    found = query(_list(tenant_id, state), index="gsi1", limit=limit, cursor=cursor)
    return Page(tuple(map(ACTIONS.kept, found.items)), found.cursor)
