"""What is wrong with what somebody wants of a ramp."""

from enghub.core.errors import Conflict, NotFound
from enghub.core.i18n import Text


class RampNotFound(NotFound):
    """The tenant has no ramp of this id."""

    text = Text("There is no ramp {ramp_id}", "放量 {ramp_id} 不存在")


class WrongRampState(Conflict):
    """A ramp is not where this could be done."""

    text = Text("The ramp is {state}: this cannot be done now", "放量当前为 {state}，不能执行此操作")
