"""What an operator reads: what happened, at which step, what is done already, the exact next command (UPG-07)."""

from datetime import datetime

from enghub.core.clock import to_text
from enghub.core.i18n import Language, Text
from enghub.upgrade.executions.model import Execution, Status
from enghub.upgrade.executions.step import Problem

_GO_ON = "enghub upgrade resume {id} --follow"
_CORRECTED = "enghub upgrade resume {id} --revision active --follow"
_BACK = "enghub upgrade rollback {id} --follow"
_AGAIN = "enghub upgrade execute --from {source} --to {target} --site {site} --environment {environment} --follow"
_LONGEST = 300
_STOPPED = (Status.FAILED, Status.ABORTED, Status.ROLLED_BACK)
_TEXTS = {
    Status.QUEUED: Text("Accepted; waits for its turn or for the site", "已受理，排队等待执行"),
    Status.PENDING: Text("Accepted; the workflow starts", "已受理，工作流即将启动"),
    Status.RUNNING: Text("Runs {step}; {done}{waits}", "正在执行 {step}；{done}{waits}"),
    Status.WAITING: Text(
        "Waits before {step} for you; {done}. Next: enghub upgrade confirm {id} --follow",
        "在 {step} 前等待确认；{done}。下一步：enghub upgrade confirm {id} --follow",
    ),
    Status.SUCCEEDED: Text("The site runs {target}; {done}", "局点已运行 {target}；{done}"),
    Status.FAILED: Text(
        f"Stopped at {{step}}; {{done}}. Cause: {{why}}. Correct it, then: {_GO_ON}. If the manifest or a script was "
        f"wrong, push the corrected one, then: {_CORRECTED}. Or go back: {_BACK}",
        f"在 {{step}} 停止；{{done}}。原因：{{why}}。排除后：{_GO_ON}。若配置或脚本有误，上传修正后："
        f"{_CORRECTED}。或回滚：{_BACK}",
    ),
    Status.ABORTED: Text(
        f"An operator stopped it at {{step}}; {{done}}. Go on: {_GO_ON}. Or go back: {_BACK}",
        f"操作员在 {{step}} 中止；{{done}}。继续：{_GO_ON}。或回滚：{_BACK}",
    ),
    Status.ROLLING_BACK: Text("Rolls back, at {step}; {undone}{waits}", "正在回滚 {step}；{undone}{waits}"),
    Status.ROLLED_BACK: Text(
        f"The upgrade stopped at {{step}} and is rolled back: the site runs {{source}} as before; {{undone}}. "
        f"Cause: {{why}}. Correct it, then: {_AGAIN}",
        f"升级在 {{step}} 停止并已回滚：局点恢复运行 {{source}}；{{undone}}。原因：{{why}}。排除后：{_AGAIN}",
    ),
    Status.ROLLBACK_FAILED: Text(
        f"The rollback stopped at {{back_step}}; {{undone}}; the site stays locked. Cause: {{why}}. Correct it, then: "
        f"{_GO_ON}. "
        "If you undid that step by hand: enghub upgrade resume {id} --decision skip --follow",
        f"回滚在 {{back_step}} 停止；{{undone}}；局点保持锁定。原因：{{why}}。排除后：{_GO_ON}。"
        "如已手工撤销该步骤：enghub upgrade resume {id} --decision skip --follow",
    ),
}
_ASKED = Text(
    "Stopped at {step}; {done}. Cause: {why}. Roll back? Answer until {until}: enghub upgrade confirm {id} --follow. "
    f"Or correct it and: {_GO_ON}",
    "在 {step} 停止；{done}。原因：{why}。是否回滚？请在 {until} 前确认：enghub upgrade confirm {id} --follow。"
    f"或排除后：{_GO_ON}",
)
_NOT_ANSWERED = Text(
    "Stopped at {step}; {done}. Cause: {why}. Nobody said until {until} whether to roll back: nothing was undone, and "
    f"the site is no longer kept for this execution. Correct it, then: {_GO_ON}. Or go back: {_BACK}",
    "在 {step} 停止；{done}。原因：{why}。截至 {until} 无人确认是否回滚：未撤销任何内容，局点不再为本次执行保留。"
    f"排除后：{_GO_ON}。或回滚：{_BACK}",
)
_DONE = Text("{done} of {total} steps are done", "已完成 {done}/{total} 个步骤")
_UNDONE = Text("{done} of {total} rollback steps are done", "已完成 {done}/{total} 个回滚步骤")
_NOTED = Text("{said}. The rollback was not begun: {why}", "{said}。未开始回滚：{why}")


def summary(execution: Execution, language: Language, now: datetime) -> str:
    """Return the sentence for an execution's state at a moment."""
    back = execution.rollback
    stopped = execution.breakpoint.step if execution.breakpoint is not None and execution.status in _STOPPED else None
    values = {
        "site": execution.site_id,
        "environment": execution.environment,
        "why": _why(execution.shown_problem, language) or "-",
        "waits": "" if execution.hindrance is None else f". {_why(execution.hindrance, language)}",
        "id": execution.execution_id,
        "source": execution.source_version,
        "target": execution.target_version,
        "step": stopped or execution.current_step or "-",
        "back_step": back.breakpoint.step if back is not None and back.breakpoint is not None else "-",
        "until": "" if execution.confirm_rollback_until is None else to_text(execution.confirm_rollback_until),
        "done": _DONE.render(language, done=execution.completed_steps, total=execution.total_steps),
        "undone": "" if back is None else _UNDONE.render(language, done=back.completed_steps, total=back.total_steps),
    }
    text = _TEXTS[execution.status]
    if execution.confirm_rollback_until is not None:
        text = _ASKED if execution.asks_to_roll_back(now) else _NOT_ANSWERED
    said = text.render(language, **values)
    note = execution.rollback_note
    if note is None:
        return said
    return _NOTED.render(language, said=said, why=note.zh if language == "zh" else note.en)


def _why(problem: Problem | None, language: Language) -> str:
    """Return a problem on one line, short enough to leave the next command in sight."""
    said = "" if problem is None else " ".join((problem.zh if language == "zh" else problem.en).split()).rstrip(".。")
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."
