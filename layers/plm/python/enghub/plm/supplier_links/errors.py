"""What can go wrong with a supplier's link."""

from enghub.core.errors import NotFound, RuleViolated
from enghub.core.i18n import Text


class SupplierLinkInvalid(NotFound):
    """It is none of ours, or was changed on its way; which of both is nobody's business."""

    text = Text("This link is not valid: open it as it stands in the message", "链接无效，请从原消息中打开")


class SupplierLinkNotFound(NotFound):
    """The PPAP has no such link."""

    text = Text("Supplier's link {link_id} does not exist", "供应商链接 {link_id} 不存在")


class SupplierLinkOver(RuleViolated):
    """It was one."""

    text = Text("This link is over ({why}): ask who sent it for a new one", "链接已失效（{why}）：请向发送人索取新链接")


class ElementNotAsked(RuleViolated):
    """Nobody waits for this element, or no longer."""

    text = Text(
        "{field}: element {element} is not asked for, or no longer", "{field}：要素 {element} 未被要求或已不再需要"
    )


class ElementNotMissing(RuleViolated):
    """Only what is missing is asked of a supplier."""

    text = Text(
        "{field}: element {element} is {status}; a supplier is asked for what is missing",
        "{field}：要素 {element} 状态为 {status}，只能向供应商索取缺失的要素",
    )


class LinkTooLong(RuleViolated):
    """A link ends."""

    text = Text("{field}: a link ends between now and in {days} days", "{field}：链接须在 {days} 天内到期")
