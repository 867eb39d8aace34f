"""What can be wrong with deciding about a parked message."""

from enghub.core.errors import Conflict, NotFound
from enghub.core.i18n import Text


class ParkedMessageNotFound(NotFound):
    """The tenant has no such message."""

    text = Text("Parked message {parked_id} does not exist", "滞留消息 {parked_id} 不存在")


class MessageNotParked(Conflict):
    """Somebody has decided about it already."""

    text = Text(
        "Parked message {parked_id} is {status} already: list the messages again",
        "滞留消息 {parked_id} 已是 {status} 状态，请重新查询列表",
    )


class NotRedrivable(Conflict):
    """It is no message of a queue or the bus."""

    text = Text(
        "What {consumer} failed to do cannot be sent again: start it by hand, then discard this",
        "{consumer} 未完成的工作无法重新发送，请手动执行后再丢弃此消息",
    )
