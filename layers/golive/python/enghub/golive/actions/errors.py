"""What is wrong with what somebody wants of an action."""

from enghub.core.errors import Conflict, NotFound
from enghub.core.i18n import Text


class ActionNotFound(NotFound):
    """There is no such action."""

    text = Text("There is no action {action_id}", "改进项 {action_id} 不存在")


class ActionOver(Conflict):
    """It ended otherwise."""

    text = Text("The action is {state} already", "改进项已是 {state}")
