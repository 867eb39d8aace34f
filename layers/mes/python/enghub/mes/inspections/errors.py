"""Why a command on an inspection is refused."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class InspectionNotFound(NotFound):
    """No inspection order of this id exists in the caller's factory."""

    text = Text("Inspection order {order_id} does not exist", "检验单 {order_id} 不存在")


class InspectionExists(Conflict):
    """The id is taken by another order."""

    text = Text(
        "Inspection order {order_id} exists already: choose another number", "检验单 {order_id} 已存在，请更换编号"
    )


class InspectionDiscontinued(RuleViolated):
    """Five lots were rejected on tightened inspection: the supplier improves first."""

    text = Text(
        "Inspection of {part_id} from {supplier_id} is discontinued: resume it once the supplier has improved",
        "供应商 {supplier_id} 的 {part_id} 已暂停检验：供应商改善后请先恢复检验",
    )


class InspectionDecidedAlready(RuleViolated):
    """The order is decided, or not in the state that the step needs."""

    text = Text(
        "Inspection order {order_id} is {status}: {step} is not possible",
        "检验单 {order_id} 状态为 {status}，不能 {step}",
    )


class SampleTooSmall(Invalid):
    """Fewer were inspected than the plan asks for."""

    text = Text(
        "{field}: the plan asks for {size}, not {inspected}", "{field}：抽样方案要求 {size} 件，实际 {inspected} 件"
    )


class FewerThanMeasured(Invalid):
    """More units are out of limits than the result says."""

    text = Text(
        "{field}: {measured} measured units are out of their limits, so it cannot be {stated}",
        "{field}：测得 {measured} 件超出限值，不能填写 {stated}",
    )


class UnknownCharacteristic(Invalid):
    """The plan has no such characteristic."""

    text = Text("{field}: the plan has no characteristic {name}", "{field}：检验方案中没有特性 {name}")
