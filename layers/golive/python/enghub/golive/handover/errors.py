"""What is wrong with what somebody wants of a hand-over (OPS-17)."""

from enghub.core.errors import Conflict, Forbidden, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class HandoverNotFound(NotFound):
    """Nobody has planned one."""

    text = Text(
        "The go-live {go_live_id} has no hand-over: plan it first", "上线 {go_live_id} 尚无运维交接，请先制定计划"
    )


class HandoverItemNotFound(NotFound):
    """The lists have no such item."""

    text = Text("The hand-over has no item {item_id}", "交接清单中没有 {item_id}")


class OnBothSides(Invalid):
    """Nobody hands over to themselves."""

    text = Text(
        "{field}: {user} is of development, too: nobody hands over to themselves",
        "{field}：{user} 同时属于开发方，不能自行交接",
    )


class OtherSide(Forbidden):
    """Development hands over, operations accepts."""

    text = Text("Only {side} may do this: {users}", "仅 {side} 可执行此操作：{users}")


class WrongItemState(Conflict):
    """An item is not where this could be done."""

    text = Text(
        "The item {item_id} is {state}: it cannot become {wanted}", "条目 {item_id} 当前为 {state}，不能变为 {wanted}"
    )


class NeedsReason(Invalid):
    """What does not apply says why; what is handed over says where it is."""

    text = Text("{field}: say {what}", "{field}：请填写{what}")


class OutsideShadowing(Invalid):
    """There is no review on that day."""

    text = Text(
        "{field}: reviews are held from {first} to {last}, until today",
        "{field}：复盘日期为 {first} 至 {last}，且不晚于当天",
    )


class HandoverOver(Conflict):
    """It was accepted."""

    text = Text("The hand-over was accepted: nothing changes any more", "交接已验收，不能再修改")


class NotReadyToAccept(RuleViolated):
    """Something is missing before operations stands alone."""

    text = Text(
        "Not ready to accept: {items} items open, {reviews} reviews missing, operations alone from {alone_on}",
        "尚不能验收：未完成条目 {items} 项，缺少复盘 {reviews} 次，运维独立自 {alone_on} 起",
    )


class HandoverChanged(Conflict):
    """Something changed since it was looked at."""

    text = Text(
        "The hand-over changed since it was looked at: read it and sign what it says now",
        "交接内容此后有变化：请重新查看后再签署",
    )
