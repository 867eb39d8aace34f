"""What is wrong with what somebody wants of a cut-over."""

from enghub.core.errors import Conflict, Forbidden, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class PlanNotFound(NotFound):
    """The go-live has no cut-over plan."""

    text = Text("The go-live {go_live_id} has no cut-over plan", "上线 {go_live_id} 没有切换方案")


class RunNotFound(NotFound):
    """There is no such run."""

    text = Text("There is no cut-over run {run_id}", "切换执行 {run_id} 不存在")


class TaskNotFound(NotFound):
    """The plan has no such task."""

    text = Text("The plan has no task {task_id}", "切换方案中没有任务 {task_id}")


class CyclicPlan(Invalid):
    """Tasks wait for one another."""

    text = Text("{field}: the tasks {cycle} wait for one another", "{field}：任务 {cycle} 互相等待")


class UnknownPrerequisite(Invalid):
    """A task waits for one that the plan does not have, or an id is there twice."""

    text = Text(
        "{field}: {task_id} is no other task of the plan, or is there twice",
        "{field}：{task_id} 不是方案中的其他任务或重复",
    )


class NothingToDo(Invalid):
    """An automatic task does not say what is to be done."""

    text = Text("{field}: a task of kind {kind} needs an action", "{field}：{kind} 任务必须填写动作")


class RunGoesOn(Conflict):
    """A plan has one run at a time."""

    text = Text("The cut-over run {run_id} goes on: end it first", "切换执行 {run_id} 正在进行，请先结束")


class NotDecidedToGo(RuleViolated):
    """A cut-over needs a decision to go that holds."""

    text = Text(
        "Nobody has decided to go, or evidence changed since: decide on the summary first",
        "尚未决定上线，或此后证据有变化：请先依据摘要作出决定",
    )


class WrongTaskState(Conflict):
    """A task is not where this could be done."""

    text = Text(
        "The task {task_id} is {state}: this cannot be done now", "任务 {task_id} 当前为 {state}，不能执行此操作"
    )


class WrongRunState(Conflict):
    """A run is not where this could be done."""

    text = Text("The cut-over run is {state}: this cannot be done now", "切换执行当前为 {state}，不能执行此操作")


class NotTheOwner(Forbidden):
    """A manual task is ended by its owner or by who may decide the rollback."""

    text = Text("The task {task_id} belongs to {owner}", "任务 {task_id} 由 {owner} 负责")


class OnlyDeciders(Forbidden):
    """Only those that the plan names decide to roll back."""

    text = Text("Only {deciders} may decide to roll back", "仅 {deciders} 有权决定回退")


class PastNoReturn(RuleViolated):
    """What is done cannot be taken back by the plan any more."""

    text = Text(
        "The task {task_id}, the point of no return, is done: what is wrong now is an incident",
        "不可回退点 {task_id} 已完成：此后的问题按故障处理",
    )
