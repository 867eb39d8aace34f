"""Why a command on a work order is refused."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class WorkOrderNotFound(NotFound):
    """No work order of this number exists in the caller's factory."""

    text = Text("Work order {work_order_id} does not exist", "工单 {work_order_id} 不存在")


class WorkOrderExists(Conflict):
    """The number is taken."""

    text = Text(
        "Work order {work_order_id} exists already: choose another number", "工单 {work_order_id} 已存在，请更换编号"
    )


class StepNotAllowed(RuleViolated):
    """The state machine has no such step from here."""

    text = Text(
        "Work order {work_order_id} is {status}: it cannot {step}; that is allowed when it is one of: {allowed}",
        "工单 {work_order_id} 当前状态为 {status}，不能执行 {step}；允许的状态：{allowed}",
    )


class WorkOrderIncomplete(RuleViolated):
    """Something is missing that production needs."""

    text = Text(
        "Work order {work_order_id} cannot be released: fill in {missing}",
        "工单 {work_order_id} 不能下达：请先填写 {missing}",
    )


class NothingReported(RuleViolated):
    """A work order without output is cancelled, not completed."""

    text = Text(
        "Nothing was reported on work order {work_order_id}: cancel it instead of completing it",
        "工单 {work_order_id} 没有任何报工记录：请取消而不是完工",
    )


class ProductionReportedAlready(RuleViolated):
    """What was produced cannot be cancelled."""

    text = Text(
        "{reported} pieces were reported on work order {work_order_id}: complete it instead of cancelling it",
        "工单 {work_order_id} 已报工 {reported}：请完工而不是取消",
    )


class NotEditable(RuleViolated):
    """The field can no longer be changed in this state."""

    text = Text(
        "Work order {work_order_id} is {status}: {fields} can no longer be changed",
        "工单 {work_order_id} 当前状态为 {status}，不能再修改 {fields}",
    )


class NotInProduction(RuleViolated):
    """Production is reported only on a work order that is in progress."""

    text = Text(
        "Work order {work_order_id} is {status}: production is reported on work orders in progress",
        "工单 {work_order_id} 当前状态为 {status}，只有生产中的工单可以报工",
    )


class BeyondPlan(RuleViolated):
    """The report would go beyond the planned quantity and its allowance."""

    text = Text(
        "Work order {work_order_id} has {remaining} left to report, not {quantity}",
        "工单 {work_order_id} 剩余可报工数量为 {remaining}，本次报工 {quantity} 超出计划",
    )


class BeyondOperation(RuleViolated):
    """An operation cannot make more than the one before it passed on."""

    text = Text(
        "Operation {operation} of work order {work_order_id} has {remaining} left to report, not {quantity}: "
        "{before} passed on {passed}",
        "工单 {work_order_id} 的工序 {operation} 剩余可报工数量为 {remaining}，本次报工 {quantity}；"
        "上道工序 {before} 转出 {passed}",
    )


class UnknownOperation(RuleViolated):
    """The routing of the order has no such operation."""

    text = Text(
        "Work order {work_order_id} has no operation {operation}: it has {known}",
        "工单 {work_order_id} 没有工序 {operation}，可用工序：{known}",
    )


class TooManyOperations(RuleViolated):
    """An order without a routing knows a bounded number of operations."""

    text = Text(
        "Work order {work_order_id} has {most} operations already: give it a routing",
        "工单 {work_order_id} 的工序已达 {most} 个，请指定工艺路线",
    )


class FractionalPieces(RuleViolated):
    """The unit has no fractions."""

    text = Text(
        "Work order {work_order_id} counts {unit}: report whole numbers",
        "工单 {work_order_id} 的单位为 {unit}：请填写整数",
    )


class FractionalPlan(Invalid):
    """Pieces are planned whole."""

    text = Text(
        "{field}: plan a whole number of {unit}, or name another unit", "{field}：单位 {unit} 须为整数，或使用其他单位"
    )


class OrderOnHold(RuleViolated):
    """Somebody stopped the order."""

    text = Text(
        "Work order {work_order_id} is on hold since {since} by {by}: {reason}",
        "工单 {work_order_id} 自 {since} 起被 {by} 冻结：{reason}",
    )


class HeldAlready(Conflict):
    """The same source put a hold on it before."""

    text = Text(
        "Work order {work_order_id} is on hold by {source} already: lift that hold first",
        "工单 {work_order_id} 已被 {source} 冻结，请先解除",
    )


class NoSuchHold(NotFound):
    """The order has no hold of this source."""

    text = Text("Work order {work_order_id} has no hold of {source}", "工单 {work_order_id} 没有来源为 {source} 的冻结")


class TooManyHolds(RuleViolated):
    """Holds are bounded."""

    text = Text(
        "Work order {work_order_id} has {most} holds already: lift one first",
        "工单 {work_order_id} 的冻结已达 {most} 个，请先解除",
    )
