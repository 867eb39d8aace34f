"""What is wrong with what somebody wants of a go-live's readiness."""

from enghub.core.errors import Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class GoLiveNotFound(NotFound):
    """The tenant has no go-live of this id."""

    text = Text("There is no go-live {go_live_id}", "上线 {go_live_id} 不存在")


class ItemNotFound(NotFound):
    """The go-live's checklist has no such item."""

    text = Text("The checklist has no item {item_id}", "检查清单中没有条目 {item_id}")


class WindowNotFound(NotFound):
    """The go-live has no such window."""

    text = Text("The go-live has no window {window_id}", "上线没有时间窗 {window_id}")


class UnknownMember(Invalid):
    """An owner is nobody of the go-live's team."""

    text = Text(
        "{field}: {user} is nobody of this go-live's team; add them to the team first",
        "{field}：{user} 不是本次上线团队成员，请先加入团队",
    )


class UnknownItem(Invalid):
    """A request names an item that the template does not have, or gives an id twice."""

    text = Text(
        "{field}: {item_id} is no item of the checklist, or is there twice", "{field}：{item_id} 不是清单条目或重复"
    )


class NoEvidence(RuleViolated):
    """Nothing shows that the item is done."""

    text = Text(
        "{item_id} has no evidence: give a link, a file, a note or run its probe before it is signed off",
        "{item_id} 尚无证据：请先提供链接、文件、说明或运行探测，再签核",
    )


class CriterionNotMet(RuleViolated):
    """The latest evidence is outside the item's criterion."""

    text = Text(
        "The evidence of {item_id} does not show {criterion}: measure again, or ask for a waiver",
        "{item_id} 的证据未达到 {criterion}：请重新测量或申请豁免",
    )


class EvidenceChanged(RuleViolated):
    """What was seen is not what is there now."""

    text = Text(
        "The evidence is another than the one you saw: read it again, then decide",
        "证据已发生变化：请重新查看后再决定",
    )


class WaiverEndsBefore(Invalid):
    """A waiver would end before it begins."""

    text = Text("{field}: a waiver ends in the future", "{field}：豁免的截止时间必须晚于现在")


class WindowBlocked(RuleViolated):
    """A window does not close while blocking items are open."""

    text = Text(
        "The window {window_id} does not close: {count} blocking items are not signed off or waived, {items} first",
        "时间窗 {window_id} 不能关闭：有 {count} 个阻断条目未签核也未豁免，首先是 {items}",
    )


class EarlierWindowOpen(RuleViolated):
    """Windows close in their order."""

    text = Text("Close the window {window_id} first", "请先关闭时间窗 {window_id}")


class NotReady(RuleViolated):
    """Go cannot be decided while a gate blocks."""

    text = Text("The answer cannot be go: {problem}", "不能决定上线：{problem}")


class GoLiveOver(RuleViolated):
    """A go-live that ended changes no more."""

    text = Text("This go-live ended as {state}: it changes no more", "本次上线已结束（{state}），不能再修改")


class ProbeNotSet(RuleViolated):
    """The item names no probe."""

    text = Text("{item_id} has no probe: set what is to be asked first", "{item_id} 未设置探测：请先设置探测内容")
