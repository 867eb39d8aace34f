"""OCAP plans, cases, histories and yields in DynamoDB."""

from collections.abc import Iterable

from enghub.core import clock
from enghub.mes.keeping.dynamo import aggregate
from enghub.mes.keeping.repository import Name
from enghub.mes.ocap.model import Case, Flow, History, Yield


def _lists(case: Case) -> Iterable[tuple[Name, Name]]:
    place = (clock.to_text(case.opened_at), case.ocap_id)
    yield ("STATUS", case.status.value), place
    if case.cause.lot_id:
        yield ("LOT", case.cause.lot_id), place
    if case.cause.work_order_id:
        yield ("ORDER", case.cause.work_order_id), place


KINDS = (
    aggregate(Flow, "OCAP-PLAN", lambda one: (one.plan_id,), shows=("title", "steps", "holds_lot", "version")),
    aggregate(
        Case,
        "OCAP",
        lambda one: (one.ocap_id,),
        shows=("plan_id", "cause", "status", "at_step", "branch", "verification"),
        lists=_lists,
    ),
    aggregate(History, "OCAP-HISTORY", lambda one: (one.plan_id,), shows=()),
    aggregate(Yield, "YIELD", lambda one: (one.product_id, one.operation), shows=()),
)
