"""What is wrong with what somebody wants of an incident."""

from enghub.core.errors import Conflict, NotFound
from enghub.core.i18n import Text


class IncidentNotFound(NotFound):
    """No such incident."""

    text = Text("There is no incident {incident_id}", "故障 {incident_id} 不存在")


class NotInThatState(Conflict):
    """A step of the state machine that does not exist."""

    text = Text("The incident is {state}: {verb} is not possible now", "故障状态为 {state}，当前不能执行 {verb}")
