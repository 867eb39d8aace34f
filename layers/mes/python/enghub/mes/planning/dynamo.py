"""Planning in DynamoDB."""

from enghub.core import clock
from enghub.mes.keeping.dynamo import aggregate, fact
from enghub.mes.planning.model import PlannedItem, Run, Suggested

RUN = aggregate(
    Run,
    "PLAN-RUN",
    lambda one: (one.run_id,),
    shows=("today", "demands", "suggestions", "late", "state"),
    lists=lambda one: ((("ALL",), (clock.to_text(one.at), one.run_id)),),
)
SUGGESTION = fact(Suggested, "SUGGESTION", lambda one: (one.run_id,), lambda one: (f"{one.place:06}",))
KINDS = (
    aggregate(PlannedItem, "PLAN-ITEM", lambda one: (one.item.item_id,), shows=("item", "version")),
    RUN,
    SUGGESTION,
)
