"""Objectives, how they stand, and what was reported, in DynamoDB.

pk T#<tenant>#GOLIVE     sk OBJECTIVE#<id>
pk T#<tenant>#SLO#<id>   sk STANDING, C#<start of five minutes>   (counts for 31 days)
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from enghub.core import clock
from enghub.core.aggregates import Aggregate, Items
from enghub.core.dynamo import each, key
from enghub.core.identity import Origin
from enghub.core.outbox import to_command
from enghub.core.setup.dynamo import DynamoSetup
from enghub.core.timers.dynamo import fired, fired_and_set
from enghub.core.timers.model import DueTimer, SetTimer
from enghub.core.transactions import transact
from enghub.golive.directory.dynamo import partition
from enghub.golive.purposes import SLO_LOOK
from enghub.golive.slo.model import PERIOD
from enghub.golive.slo.objectives import BUCKET, Bucket, Objective, Standing

LOOK = SLO_LOOK
QUEUE = "take_looks"
KEPT_COUNTS = PERIOD + timedelta(days=1)
OBJECTIVES = Aggregate(
    Objective,
    "OBJECTIVE",
    key=lambda one: (partition(one.tenant_id), key("OBJECTIVE", one.objective_id)),
    name="objective",
    identity=lambda one: one.objective_id,
    shows=("service_id", "name", "kind", "target", "since", "url", "total", "bad", "least_events", "is_deleted"),
)
STANDINGS = Items(Standing, "STANDING", key=lambda one: (_partition(one.tenant_id, one.objective_id), "STANDING"))
COUNTS = Items(Bucket, "SLO_COUNT", more=lambda one: {"expires_at": int((one.start + KEPT_COUNTS).timestamp())})


def _partition(tenant_id: str, objective_id: str) -> str:
    return key("T", tenant_id, "SLO", objective_id)


def objectives() -> DynamoSetup[Objective]:
    """Return the store of objectives."""
    return DynamoSetup(OBJECTIVES, partition, "OBJECTIVE")


def standing(tenant_id: str, objective_id: str) -> Standing | None:
    """Return how an objective stood at the last look; one consistent GetItem."""
    return STANDINGS.get((_partition(tenant_id, objective_id), "STANDING"))


def keep_standing(found: Standing) -> None:
    """Store how an objective stands; one write."""
    transact(STANDINGS.put(found))


def report(tenant_id: str, objective_id: str, counted: Bucket) -> None:
    """Store what was counted in five minutes; the same again changes nothing, another count takes its place."""
    at = _partition(tenant_id, objective_id), key("C", clock.to_text(counted.start))
    transact(COUNTS.put(counted, at=at))


def reported(tenant_id: str, objective_id: str, now: datetime) -> Iterator[Bucket]:
    """Yield what was reported in the last 30 days; one Query, page after page."""
    since = now - PERIOD - BUCKET
    found = each(_partition(tenant_id, objective_id), prefix="C#", newest_first=True)
    for one in map(COUNTS.value, found):
        if one.start < since:
            return
        yield one


def wake(due: DueTimer, origin: Origin) -> None:
    """Ask for a look and set the next one, in one transaction; one that is taken away is looked at a last time.

    Raises:
        AlreadyHandled: it fired before, or was moved meanwhile.
    """
    command = to_command(QUEUE, {"kind": LOOK, **due.payload}, origin, subject=due.subject)
    kept = objectives().get(due.tenant_id, str(due.payload["objectiveId"]))
    if kept is None or kept.value.is_deleted:
        transact(fired(due, origin.at), command)  # a last look ends what fires
        return
    again = SetTimer(due.subject, LOOK, max(due.due + kept.value.interval, origin.at), due.payload)
    transact(*fired_and_set(due, again, origin), command)
