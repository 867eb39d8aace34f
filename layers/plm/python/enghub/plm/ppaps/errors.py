"""What can go wrong with a production part approval."""

from enghub.core.errors import Conflict, NotFound, RuleViolated
from enghub.core.i18n import Text


class PpapNotFound(NotFound):
    """No such PPAP for this tenant."""

    text = Text("PPAP {ppap_id} does not exist", "PPAP {ppap_id} 不存在")


class PpapNotReady(RuleViolated):
    """Elements are missing."""

    text = Text(
        "PPAP {ppap_id} cannot be submitted: elements {missing} are not ready; provide each, or say why one does not "
        "apply",
        "PPAP {ppap_id} 无法提交：要素 {missing} 未就绪，请补齐或说明不适用的原因",
    )


class PpapStatusRefused(Conflict):
    """The PPAP is not where this may be done."""

    text = Text(
        "PPAP {ppap_id} is {status}: this needs {wanted}", "PPAP {ppap_id} 状态为 {status}，此操作需要 {wanted}"
    )


class CustomerListMissing(RuleViolated):
    """Level 4 is what the customer says."""

    text = Text(
        "{field}: level 4 needs the customer's list of elements to submit",
        "{field}：等级 4 须提供客户要求提交的要素清单",
    )


class ReasonMissing(RuleViolated):
    """An element that does not apply needs a reason."""

    text = Text("{field}: say why the element does not apply", "{field}：请说明该要素不适用的原因")


class InterimUnbounded(RuleViolated):
    """An interim approval has an end."""

    text = Text(
        "{field}: an interim approval ends by a date, by a number of pieces, or both: give one",
        "{field}：临时批准须限定日期或数量",
    )
