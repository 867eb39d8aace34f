"""What is wrong with what somebody wants of a drill (OPS-16)."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class DrillNotFound(NotFound):
    """There is no such drill, or it is not to be known yet."""

    text = Text("There is no drill {drill_id}", "演练 {drill_id} 不存在")


class AgainstProduction(RuleViolated):
    """Alerts of the integration would reach a service that is no test environment."""

    text = Text(
        "{service} is {environment}: drills run against a service of the TEST environment alone",
        "{service} 为 {environment} 环境：演练仅可针对 TEST 环境的服务",
    )


class NoWorkingTime(Invalid):
    """The window holds no working hours."""

    text = Text(
        "{field}: no working time is left between {start} and {end}", "{field}：{start} 至 {end} 之间没有剩余工作时间"
    )


class NotADrillPayload(Invalid):
    """The payload is no alert that fires, as the integration's protocol says it."""

    text = Text("{field}: it is no firing alert of {protocol}", "{field}：不是 {protocol} 的触发告警")


class WrongDrillState(Conflict):
    """A drill is not where this could be done."""

    text = Text("The drill is {state}: this cannot be done now", "演练当前为 {state}，不能执行此操作")
