"""Planning in DynamoDB."""

from enghub.core import clock
from enghub.mes.keeping.dynamo import aggregate, fact
from enghub.mes.planning.model import PlannedItem, Run, Suggested

KINDS = (
    aggregate(PlannedItem, "PLAN-ITEM", lambda one: (one.item.item_id,), shows=("item", "version")),
    aggregate(
        Run,
        "PLAN-RUN",
        lambda one: (one.run_id,),
        shows=("today", "demands", "suggestions", "late"),
        lists=lambda one: ((("ALL",), (clock.to_text(one.at), one.run_id)),),
    ),
    fact(Suggested, "SUGGESTION", lambda one: (one.run_id,), lambda one: (f"{one.place:06}",)),
)
