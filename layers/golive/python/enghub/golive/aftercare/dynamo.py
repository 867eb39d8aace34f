"""What comes after go-lives, in DynamoDB: one partition each.

pk T#<tenant>#AFTERCARE#<go-live>  sk AFTERCARE, FEEDBACK#<id>, VOTE#<user>
"""

from collections.abc import Sequence
from datetime import datetime

from enghub.core.aggregates import Aggregate
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Page, each, key, query
from enghub.core.timers.dynamo import fired, fired_and_set
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.core.transactions import Write, transact
from enghub.golive.actions.dynamo import ACTIONS
from enghub.golive.actions.model import Action
from enghub.golive.aftercare.errors import AftercareNotFound, FeedbackNotFound
from enghub.golive.aftercare.model import Aftercare
from enghub.golive.aftercare.voices import Feedback, Vote
from enghub.golive.readiness.dynamo import GO_LIVES, DynamoReadiness
from enghub.golive.readiness.model import GoLive


def _partition(tenant_id: str, go_live_id: str) -> str:
    return key("T", tenant_id, "AFTERCARE", go_live_id)


def _key(tenant_id: str, go_live_id: str, *what: str) -> Key:
    return _partition(tenant_id, go_live_id), key(*what)


def _shown(one: Aftercare) -> dict[str, object]:
    checks = {check.check_id: f"{check.state} {check.by}".strip() for check in one.checks if check.asked}
    return {"state": one.state, "reason": one.reason, "review": one.review, **checks}


AFTERCARE = Aggregate(
    Aftercare,
    "AFTERCARE",
    key=lambda one: _key(one.tenant_id, one.go_live_id, "AFTERCARE"),
    name="aftercare",
    identity=lambda one: one.go_live_id,
    shows=_shown,
    missing=lambda one: AftercareNotFound(go_live_id=one.go_live_id),
)
FEEDBACK = Aggregate(
    Feedback,
    "AFTERCARE_FEEDBACK",
    key=lambda one: _key(one.tenant_id, one.go_live_id, "FEEDBACK", one.feedback_id),
    name="feedback",
    identity=lambda one: one.feedback_id,
    shows=("kind", "area", "is_urgent", "state", "owner", "note"),
    missing=lambda one: FeedbackNotFound(feedback_id=one.feedback_id),
)
VOTES = Aggregate(
    Vote,
    "AFTERCARE_VOTE",
    key=lambda one: _key(one.tenant_id, one.go_live_id, "VOTE", one.user),
    name="satisfaction",
    identity=lambda one: f"{one.go_live_id}/{one.user}",
    shows=("score",),
)


class DynamoAftercare:
    """The store."""

    def go_live(self, tenant_id: str, go_live_id: str) -> Kept[GoLive] | None:
        """One consistent GetItem."""
        return DynamoReadiness().get(tenant_id, go_live_id)

    def get(self, tenant_id: str, go_live_id: str) -> Kept[Aftercare] | None:
        """One consistent GetItem."""
        return AFTERCARE.read(_key(tenant_id, go_live_id, "AFTERCARE"))

    def save(
        self,
        commit: Commit[Aftercare],
        *,
        go_live: Commit[GoLive] | None = None,
        due: DueTimer | None = None,
        again: SetTimer | None = None,
        actions: Sequence[Commit[Action]] = (),
    ) -> Kept[Aftercare]:
        """One transaction."""
        more: list[Write] = []
        if due is not None:
            more += fired_and_set(due, again, commit.origin) if again else (fired(due, commit.origin.at),)
        if go_live is not None:
            more += GO_LIVES.writes(go_live)[1]
        for action in actions:
            more += ACTIONS.writes(action)[1]
        return AFTERCARE.save(commit, *more)

    def rest(self, due: DueTimer, now: datetime) -> None:
        """One transaction."""
        transact(fired(due, now))

    def feedback(self, tenant_id: str, go_live_id: str, feedback_id: str) -> Kept[Feedback] | None:
        """One consistent GetItem."""
        return FEEDBACK.read(_key(tenant_id, go_live_id, "FEEDBACK", feedback_id))

    def save_feedback(self, commit: Commit[Feedback]) -> Kept[Feedback]:
        """One transaction."""
        return FEEDBACK.save(commit)

    def vote(self, tenant_id: str, go_live_id: str, user: str) -> Kept[Vote] | None:
        """One consistent GetItem."""
        return VOTES.read(_key(tenant_id, go_live_id, "VOTE", user))

    def save_vote(self, commit: Commit[Vote]) -> Kept[Vote]:
        """One transaction."""
        return VOTES.save(commit)


def feedback_page(tenant_id: str, go_live_id: str, limit: int, cursor: str | None) -> Page[Kept[Feedback]]:
    """Return a page of what was said, the latest first."""
    partition = _partition(tenant_id, go_live_id)
    found = query(partition, prefix="FEEDBACK#", limit=limit, cursor=cursor, newest_first=True)
    return Page(tuple(map(FEEDBACK.kept, found.items)), found.cursor)


def said(tenant_id: str, go_live_id: str) -> tuple[list[Feedback], list[Vote]]:
    """Return all that was said of a go-live; two Queries, page after page."""
    partition = _partition(tenant_id, go_live_id)
    feedback = [FEEDBACK.value(item) for item in each(partition, prefix="FEEDBACK#")]
    return feedback, [VOTES.value(item) for item in each(partition, prefix="VOTE#")]
