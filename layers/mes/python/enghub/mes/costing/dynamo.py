"""Standard costs and what orders cost, in DynamoDB."""

from enghub.mes.costing.model import OrderCost, StandardCost
from enghub.mes.keeping.dynamo import aggregate

KINDS = (
    aggregate(
        StandardCost,
        "STANDARD-COST",
        lambda one: (one.kind.value, one.subject),
        shows=("currency", "prices", "version"),
        lists=lambda one: (((one.kind.value,), (one.subject,)),),
    ),
    aggregate(
        OrderCost,
        "ORDER-COST",
        lambda one: (one.work_order_id,),
        shows=("total", "currency", "lacking"),
    ),
)
