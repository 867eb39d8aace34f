"""Why a plan is refused."""

from enghub.core.errors import Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class BomCircle(RuleViolated):
    """An item is, over some levels, a component of itself."""

    text = Text("The bill of materials goes in a circle: {items}", "物料清单存在循环：{items}")


class UnknownItem(Invalid):
    """A demand, a component or an open order names an item that is not planned."""

    text = Text("{field}: the item {item_id} is not among the items", "{field}：物料 {item_id} 不在计划物料中")


class ItemNotFound(NotFound):
    """No such item or run."""

    text = Text("{item_id} is not planned here", "{item_id} 不在本工厂的计划中")


class TooManyItems(RuleViolated):
    """A run plans a bounded number of items."""

    text = Text("The demands reach more than {most} items: plan fewer at once", "需求涉及超过 {most} 个物料，请分批")


class TooManySuggestions(RuleViolated):
    """A run suggests a bounded number of orders."""

    text = Text("The plan has more than {most} orders: plan fewer demands", "计划超过 {most} 个订单，请减少需求")


class TooManyOrders(RuleViolated):
    """The load of a factory is made of a bounded number of open orders."""

    text = Text(
        "More than {most} orders are open: complete or cancel those that are over",
        "未结工单超过 {most} 个：请先完成或取消已结束的工单",
    )
