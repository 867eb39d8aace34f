"""Inspection plans, orders, schemes and switches in DynamoDB."""

from collections.abc import Iterable

from enghub.core import clock
from enghub.mes.inspections.errors import InspectionExists
from enghub.mes.inspections.model import InspectionOrder, InspectionPlan
from enghub.mes.inspections.switching import Scheme, Switch
from enghub.mes.keeping.dynamo import aggregate, fact
from enghub.mes.keeping.repository import Name


def _lists(order: InspectionOrder) -> Iterable[tuple[Name, Name]]:
    place = (clock.to_text(order.opened_at), order.order_id)
    yield ("STATUS", order.status.value), place
    if order.about.lot_id:
        yield ("LOT", order.about.lot_id), place
    if order.about.work_order_id:
        yield ("ORDER", order.about.work_order_id), place


KINDS = (
    aggregate(
        InspectionPlan,
        "INSPECTION-PLAN",
        lambda one: (one.kind.value, one.part_id),
        shows=("level", "aql", "features", "may_reduce", "version"),
    ),
    aggregate(
        InspectionOrder,
        "INSPECTION",
        lambda one: (one.order_id,),
        shows=("kind", "part_id", "lot_size", "severity", "status", "version"),
        lists=_lists,
        exists=lambda one: InspectionExists(order_id=one.order_id),
    ),
    aggregate(
        Scheme,
        "SCHEME",
        lambda one: (one.kind, one.supplier_id, one.part_id),
        shows=("severity", "discontinued"),
    ),
    fact(
        Switch,
        "SWITCH",
        lambda one: (one.kind, one.supplier_id, one.part_id),
        lambda one: (clock.to_text(one.at), one.order_id),
    ),
)
