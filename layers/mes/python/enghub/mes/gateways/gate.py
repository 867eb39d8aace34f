"""What the factory's ERP has to say of a work order and of who changes it; nothing is imported where there is none."""

from typing import TYPE_CHECKING

from enghub.core.calls import Call
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.core.rights import Right
from enghub.mes.factories import Factory
from enghub.mes.work_orders.model import WorkOrder

if TYPE_CHECKING:
    from enghub.mes.erp import dynamo, model
    from enghub.mes.gateways import erp
    from enghub.mes.supply import service
else:
    dynamo = lazy("enghub.mes.erp.dynamo")
    model = lazy("enghub.mes.erp.model")
    erp = lazy("enghub.mes.gateways.erp")
    service = lazy("enghub.mes.supply.service")


class ErpGate:
    """The Gate of ``work_orders.repository``: BOM before an order is planned, approvals before it is released."""

    def may_create(self, origin: Origin, order: WorkOrder) -> None:
        """One GetItem where the factory has no ERP; raises what ``Supply.may_create`` does."""
        link = dynamo.link_of(Factory.of(origin))
        if link is not None and model.Service.BOM in link.uses:
            erp.supply().may_create(origin, link, _order(order))

    def may_release(self, origin: Origin, order: WorkOrder) -> None:
        """One GetItem where the factory has no ERP; raises what ``Supply.may_release`` does."""
        link = dynamo.link_of(Factory.of(origin))
        if link is not None and model.Service.PPAP in link.uses:
            erp.supply().may_release(origin, link, _order(order))


def demand(call: Call, right: Right) -> Call:
    """Return the call once the ERP grants the right as well, where the factory's link says that it counts.

    Raises:
        ErpForbids, SignInAgain, RightsUnknown
    """
    link = dynamo.link_of(Factory.of(call.origin))
    if link is not None and model.Service.PERMISSIONS in link.uses:
        erp.effective_rights().demand(link, call.principal, right.name)
    return call


def _order(order: WorkOrder) -> "service.Order":
    return service.Order(order.work_order_id, order.product_id, order.bom_version)
