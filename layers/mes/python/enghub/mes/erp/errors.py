"""What goes wrong with an ERP: it is away, it answers what cannot be read, it says no."""

from enghub.core.errors import Invalid, NotFound
from enghub.core.i18n import Filled, Text

Said = Text | Filled
GARBAGE = Text("the ERP answers what cannot be read", "ERP 的响应无法解析")


class ErpAway(Exception):
    """No answer, an answer of a fault, or one that cannot be read: it may be another one later."""

    def __init__(self, problem: Said) -> None:
        super().__init__(problem.render("en"))
        self.problem = problem


class ErpRefuses(Exception):
    """The ERP understood, and says no (4xx): it will say so again."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(f"HTTP {status}: {problem}")
        self.status = status
        self.problem = problem


class NoErp(NotFound):
    """The factory has no ERP, or does not use this of it."""

    text = Text(
        "This factory does not use {service} of an ERP: a planner connects it (PUT /api/v1/plant/erp/link)",
        "本工厂未启用 ERP 的 {service}，请由计划员维护连接（PUT /api/v1/plant/erp/link）",
    )


class NoConnection(Invalid):
    """There is no such connection for this tenant."""

    text = Text(
        "{field}: there is no connection {connection} of this tenant", "{field}：本租户没有名为 {connection} 的连接"
    )
