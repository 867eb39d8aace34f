"""Why something about maintenance is refused."""

from enghub.core.errors import Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class PlanNotFound(NotFound):
    """There is no such plan in this factory."""

    text = Text("There is no maintenance plan {plan_id}", "维护计划 {plan_id} 不存在")


class JobNotFound(NotFound):
    """There is no such job in this factory."""

    text = Text("There is no maintenance job {job_id}", "维护任务 {job_id} 不存在")


class JobNamedOtherwise(RuleViolated):
    """An id names one request for maintenance."""

    text = Text(
        "{job_id} names another request for maintenance: give this one an id of its own",
        "{job_id} 已用于另一维护请求：请使用新的编号",
    )


class PlanWithoutInterval(Invalid):
    """Something must make it due."""

    text = Text(
        "{field}: a plan is due by days, by months or by units of a meter: give one, or a time and units",
        "{field}：维护计划须按天数、月数或计数器用量到期：请填写其一，或时间与用量各一",
    )


class JobCannot(RuleViolated):
    """The job does not stand where this step begins."""

    text = Text(
        "Maintenance job {job_id} is {state}: it cannot be {step}", "维护任务 {job_id} 处于 {state}，不能 {step}"
    )


class JobOpen(RuleViolated):
    """One after the other."""

    text = Text(
        "Job {job_id} of this plan is open: finish or cancel it before the plan is changed so",
        "该计划的任务 {job_id} 未完成：请先完成或取消",
    )
