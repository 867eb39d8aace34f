"""What is wrong with what somebody wants of a runbook or of a run of one (OPS-13)."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class RunbookNotFound(NotFound):
    """There is no such runbook, or no such version of it."""

    text = Text("There is no runbook {runbook_id}", "预案 {runbook_id} 不存在")


class RunbookRunNotFound(NotFound):
    """There is no such run."""

    text = Text("There is no run {run_id} of a runbook", "预案执行 {run_id} 不存在")


class StepNotFound(NotFound):
    """The runbook has no such step."""

    text = Text("The runbook has no step {step_id}", "预案中没有步骤 {step_id}")


class StepTwice(Invalid):
    """Two steps have one id."""

    text = Text("{field}: the step {step_id} is there twice", "{field}：步骤 {step_id} 重复")


class StepLacks(Invalid):
    """An automatic step does not say what is to be done."""

    text = Text("{field}: a step of kind {kind} needs {needs}", "{field}：{kind} 步骤必须填写 {needs}")


class NothingBuiltIn(Invalid):
    """Steps were left out, and no built-in runbook has this name."""

    text = Text(
        "{field}: name the steps; only a built-in runbook ({known}) may leave them out",
        "{field}：请填写步骤；仅内置预案（{known}）可省略",
    )


class WrongStepState(Conflict):
    """A step is not where this could be done."""

    text = Text(
        "The step {step_id} is {state}: this cannot be done now", "步骤 {step_id} 当前为 {state}，不能执行此操作"
    )


class StepUncertain(Conflict):
    """An automatic step was begun, and nobody knows what became of it."""

    text = Text(
        "The step {step_id} was begun and has not ended: look at its system, then end it with what is true",
        "步骤 {step_id} 已开始但未结束：请查看目标系统，再按实际结果结束该步骤",
    )


class WrongRunbookState(Conflict):
    """A run is over."""

    text = Text("The run is {state}: this cannot be done now", "预案执行当前为 {state}，不能执行此操作")


class RunbookGoesOn(Conflict):
    """An incident follows a runbook once at a time."""

    text = Text(
        "The incident follows this runbook already: go on with the run {run_id}, or abandon it",
        "该故障已在执行此预案：请继续或放弃执行 {run_id}",
    )


class StepsLeft(RuleViolated):
    """Steps with a limit are neither done nor skipped."""

    text = Text("{steps} are neither done nor skipped: end them first", "步骤 {steps} 既未完成也未跳过，请先处理")


class NoRecoveryProbe(RuleViolated):
    """Nothing says how recovery is measured."""

    text = Text(
        "Nothing measures {measure}: store the runbook with a probe, or give one with this request",
        "没有可测量 {measure} 的探测：请在预案中配置探测，或随本次请求提供",
    )


class RecoveryNotProved(RuleViolated):
    """What was measured is not what recovery means."""

    text = Text("It has not recovered: {measured}, wanted is {wanted}", "尚未恢复：实测 {measured}，要求 {wanted}")
