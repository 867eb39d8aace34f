"""Drills and their plan in DynamoDB.

pk T#<tenant>#DRILLS    sk <id>
pk T#<tenant>#GOLIVE    sk DRILL-PLAN#<id>
gsi1 T#<tenant>#DRILLS / <moment>#<id>
"""

from datetime import datetime

from enghub.core.aggregates import Aggregate
from enghub.core.clock import to_text
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Page, key, query
from enghub.core.identity import Origin
from enghub.core.setup.dynamo import DynamoSetup
from enghub.core.timers.dynamo import fired, fired_and_set
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.core.transactions import Write, transact
from enghub.golive.actions.dynamo import ACTIONS
from enghub.golive.actions.model import Action
from enghub.golive.directory.dynamo import partition
from enghub.golive.drills.errors import DrillNotFound
from enghub.golive.drills.model import Drill
from enghub.golive.drills.plans import DrillPlan


def _list(tenant_id: str) -> str:
    return key("T", tenant_id, "DRILLS")


def _key(tenant_id: str, drill_id: str) -> Key:
    return _list(tenant_id), drill_id


DRILLS = Aggregate(
    Drill,
    "DRILL",
    key=lambda one: _key(one.tenant_id, one.drill_id),
    more=lambda one: {"gsi1pk": _list(one.tenant_id), "gsi1sk": key(to_text(one.at), one.drill_id)},
    name="drill",
    identity=lambda one: one.drill_id,
    shows=("kind", "scenario", "state", "reason", "incident_id", "measures", "scores", "findings"),
    missing=lambda one: DrillNotFound(drill_id=one.drill_id),
)
"""The audit does not show when it begins: those who take part may read audits."""
PLANS = Aggregate(
    DrillPlan,
    "DRILL_PLAN",
    key=lambda one: (partition(one.tenant_id), key("DRILL-PLAN", one.plan_id)),
    name="drill_plan",
    identity=lambda one: one.plan_id,
    shows=("integration_id", "hours", "starts_on", "everybody", "teams", "calendar_id", "is_deleted"),
)


def plan_store() -> DynamoSetup[DrillPlan]:
    """Return the store of plans."""
    return DynamoSetup(PLANS, partition, "DRILL-PLAN")


class DynamoDrills:
    """The store of drills."""

    def get(self, tenant_id: str, drill_id: str) -> Kept[Drill] | None:
        """One consistent GetItem."""
        return DRILLS.read(_key(tenant_id, drill_id))

    def save(
        self, commit: Commit[Drill], due: DueTimer | None = None, actions: tuple[Commit[Action], ...] = ()
    ) -> Kept[Drill]:
        """One transaction."""
        more: list[Write] = [] if due is None else [fired(due, commit.origin.at)]
        for action in actions:
            more += ACTIONS.writes(action)[1]
        return DRILLS.save(commit, *more)

    def rest(self, due: DueTimer, now: datetime) -> None:
        """One transaction."""
        transact(fired(due, now))

    def plan(self, tenant_id: str, plan_id: str) -> Kept[DrillPlan] | None:
        """One consistent GetItem."""
        return plan_store().get(tenant_id, plan_id)

    def month(self, due: DueTimer, again: SetTimer, drills: tuple[Commit[Drill], ...], origin: Origin) -> None:
        """One transaction."""
        writes = [write for commit in drills for write in DRILLS.writes(commit)[1]]
        transact(*fired_and_set(due, again, origin), *writes)


def page(tenant_id: str, limit: int, cursor: str | None) -> Page[Kept[Drill]]:
    """Return a page of drills, the latest first."""
    found = query(_list(tenant_id), index="gsi1", limit=limit, cursor=cursor, newest_first=True)
    return Page(tuple(map(DRILLS.kept, found.items)), found.cursor)
