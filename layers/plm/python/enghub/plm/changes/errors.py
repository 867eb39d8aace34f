"""What can go wrong with engineering changes."""

from enghub.core.errors import Conflict, NotFound, RuleViolated
from enghub.core.i18n import Text


class ChangeOrderNotFound(NotFound):
    """No such change order for this tenant."""

    text = Text("Change order {ecn_number} does not exist", "变更单 {ecn_number} 不存在")


class ChangeOrderNotParked(Conflict):
    """A processed change order cannot be tried again."""

    text = Text(
        "Change order {ecn_number} is {status}: only one that failed or waits can be tried again",
        "变更单 {ecn_number} 状态为 {status}，只有处理失败或等待处理的变更单可以重试",
    )


class RevisionNotParked(NotFound):
    """The change has no such revision that waits for a person."""

    text = Text(
        "Change order {ecn_number} has no parked revision {revision_id}",
        "变更单 {ecn_number} 没有待处理的修订 {revision_id}",
    )


class UnknownChangeType(RuleViolated):
    """The PLM's change type has no counterpart in quality management (PLM-08)."""

    text = Text(
        "Change type {ecn_type} is unknown: correct it and try the change again",
        "变更类型 {ecn_type} 未知，请更正后重试",
    )
