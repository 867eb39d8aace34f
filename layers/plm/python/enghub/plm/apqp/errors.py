"""What can go wrong with an APQP project."""

from enghub.core.errors import Conflict, NotFound, RuleViolated
from enghub.core.i18n import Text


class ProjectNotFound(NotFound):
    """No such project for this tenant."""

    text = Text("APQP project {project_code} does not exist", "APQP 项目 {project_code} 不存在")


class ProjectExists(Conflict):
    """The code is taken."""

    text = Text("APQP project {project_code} exists already", "APQP 项目 {project_code} 已存在")


class DeliverableUnknown(NotFound):
    """The project has no such deliverable."""

    text = Text("APQP project {project_code} has no deliverable {code}", "APQP 项目 {project_code} 没有交付物 {code}")


class DeliverableTwice(RuleViolated):
    """Codes of deliverables are unique in a project."""

    text = Text("{field}: the deliverable {code} is there already", "{field}：交付物 {code} 已存在")


class UnknownPlmPhase(RuleViolated):
    """The PLM names a phase that there is not."""

    text = Text(
        "{field}: unknown PLM phase {code!r}; the phases are PLM_PHASE_1 to PLM_PHASE_5",
        "{field}：未知的 PLM 阶段 {code!r}，阶段为 PLM_PHASE_1 至 PLM_PHASE_5",
    )


class GateNotReady(RuleViolated):
    """Deliverables are missing."""

    text = Text(
        "Gate {phase} of {project_code} cannot be signed: {missing} are not done; do them, say why one does not "
        "apply, or ask for a conditional pass",
        "{project_code} 的阶段门 {phase} 无法签核：{missing} 未完成，请完成、说明不适用，或申请有条件通过",
    )


class GateOutOfOrder(RuleViolated):
    """Gates are passed one after the other."""

    text = Text(
        "Gate {phase} of {project_code} comes after gate {before}, which is {status}",
        "{project_code} 的阶段门 {phase} 须在阶段门 {before} 之后，后者状态为 {status}",
    )


class GateNotAsked(Conflict):
    """There is nothing to decide, or nothing to ask."""

    text = Text("Gate {phase} of {project_code} is {status}", "{project_code} 的阶段门 {phase} 状态为 {status}")


class ConditionWithoutEnd(RuleViolated):
    """A conditional pass says what is to be done by when."""

    text = Text(
        "{field}: a conditional pass says its conditions and the day until which they are met",
        "{field}：有条件通过须写明条件与截止日期",
    )


class DeliverableReasonMissing(RuleViolated):
    """A deliverable that does not apply needs a reason."""

    text = Text("{field}: say why the deliverable does not apply", "{field}：请说明该交付物不适用的原因")
