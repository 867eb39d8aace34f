"""Why a standard cost is refused, or a cost cannot be told."""

from enghub.core.errors import Conflict, NotFound, RuleViolated
from enghub.core.i18n import Text


class CostNotFound(NotFound):
    """Nobody said what it costs."""

    text = Text("There is no standard cost {kind} {subject}", "没有标准成本 {kind} {subject}")


class CurrencyFixed(Conflict):
    """All prices of one cost are in one currency."""

    text = Text(
        "{kind} {subject} is priced in {currency}: prices of one cost are in one currency",
        "{kind} {subject} 以 {currency} 计价：同一成本的价格须为同一币种",
    )


class TooManyPrices(RuleViolated):
    """A cost keeps a bounded number of prices."""

    text = Text("It has {most} prices: set one of their days anew", "价格已达 {most} 条：请修改已有生效日的价格")
