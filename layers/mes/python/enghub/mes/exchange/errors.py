"""What is wrong with what somebody wants of the exchange with the ERP."""

from enghub.core.errors import NotFound, RuleViolated
from enghub.core.i18n import Text


class MessageNotFound(NotFound):
    """The factory told its ERP nothing of that number."""

    text = Text("There is no message {message_id} to the ERP", "没有编号为 {message_id} 的 ERP 消息")


class MessageTaken(RuleViolated):
    """The ERP has it already."""

    text = Text(
        "The ERP acknowledged message {message_id} as {acknowledgement}: it is not sent again",
        "ERP 已确认消息 {message_id}（{acknowledgement}），不再重发",
    )
