"""What can come between a look at the queue and a change of it."""

from enghub.core.errors import Conflict
from enghub.core.i18n import Text


class QueueChanged(Conflict):
    """Somebody else took or gave back a slot at the same moment; the caller looks again."""

    text = Text("The upgrade queue was changed at the same moment: try again", "升级队列刚刚被修改，请重试")
