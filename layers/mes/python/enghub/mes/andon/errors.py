"""Why something cannot be done with a call."""

from enghub.core.errors import NotFound, RuleViolated
from enghub.core.i18n import Text


class CallNotFound(NotFound):
    """There is no such call in this factory."""

    text = Text("There is no andon call {call_id}", "安灯呼叫 {call_id} 不存在")


class CallNotOpen(RuleViolated):
    """Somebody was faster."""

    text = Text("Andon call {call_id} is {state} already", "安灯呼叫 {call_id} 已处于 {state} 状态")
