"""What can be refused around an execution. Codes of the source document, chapter 12.1 (UPG-21)."""

from enghub.core.errors import Conflict, NotFound
from enghub.core.i18n import Text


class ExecutionNotFound(NotFound):
    """No execution of this tenant has the id."""

    text = Text("Upgrade execution {execution_id} does not exist", "升级执行 {execution_id} 不存在")


class UpgradeExecutionError(Conflict):
    """Base of what an execution's state forbids."""

    @property
    def name(self) -> str:
        """The document's code."""
        return "UPGRADE_EXECUTION_ERROR"


class CannotResume(UpgradeExecutionError):
    """Only what stopped can go on."""

    text = Text(
        "Execution {execution_id} is {status}: only a failed or aborted one, or one whose worker is gone, can go on",
        "升级执行 {execution_id} 状态为 {status}，仅失败、已中止或执行进程已丢失的升级可以继续",
    )


class CannotRollBack(UpgradeExecutionError):
    """Only what stopped can go back."""

    text = Text(
        "Execution {execution_id} is {status}: only a failed or aborted one can be rolled back",
        "升级执行 {execution_id} 状态为 {status}，仅失败或已中止的升级可以回滚",
    )


class NotUndoneAfterSuccess(UpgradeExecutionError):
    """Since the end the business has written."""

    text = Text(
        "Execution {execution_id} succeeded: the site runs {version} and has written since, so no command undoes it. "
        "Write the next version, or restore the backup",
        "升级执行 {execution_id} 已成功：局点已运行 {version} 并已写入业务数据，不能用命令撤销。"
        "请编写下一版本，或恢复备份",
    )


class CannotRevise(UpgradeExecutionError):
    """Corrected manifests do not fit what ran."""

    text = Text(
        "Execution {execution_id} cannot take the corrected manifests: {why}. Nothing was changed; start the upgrade "
        "again with execute, which goes on behind what is committed",
        "升级执行 {execution_id} 不能改用修正后的配置：{why}。未做任何修改；请用 execute 重新发起，"
        "将从已提交的内容之后继续",
    )


class HalfRevised(UpgradeExecutionError):
    """The exchange of its manifests was interrupted."""

    text = Text(
        "Execution {execution_id} has taken only part of the corrected manifests: resume it with revision active",
        "升级执行 {execution_id} 仅替换了部分配置：请以 revision active 继续",
    )


class SiteMovedOn(UpgradeExecutionError):
    """The site is no longer as this execution left it."""

    text = Text(
        "Execution {execution_id} cannot be rolled back: another execution has worked on site {site_id} since",
        "升级执行 {execution_id} 无法回滚：局点 {site_id} 此后已被其他执行修改",
    )


class NotUndoable(UpgradeExecutionError):
    """A completed step has no inverse; nothing was begun."""

    text = Text(
        "Execution {execution_id} cannot be rolled back, nothing was undone: {steps}. Correct the cause of the failure "
        "and resume",
        "升级执行 {execution_id} 无法回滚，未撤销任何内容：{steps}。请排除失败原因后继续",
    )


class CannotAbort(UpgradeExecutionError):
    """It has ended already."""

    text = Text(
        "Execution {execution_id} is {status}: it cannot be aborted",
        "升级执行 {execution_id} 状态为 {status}，无法中止",
    )


class NothingToConfirm(UpgradeExecutionError):
    """The execution does not wait for this step."""

    text = Text(
        "Execution {execution_id} does not wait for a confirmation of {step}",
        "升级执行 {execution_id} 未在等待步骤 {step} 的确认",
    )


class ConfirmationOver(UpgradeExecutionError):
    """Nobody confirmed the rollback in time; what can be done is said."""

    text = Text(
        "Execution {execution_id} asked until {until} whether to roll back, that is over: resume it, or roll it back",
        "升级执行 {execution_id} 的回滚确认已于 {until} 截止，请继续（resume）或回滚（rollback）",
    )


class SiteBusy(UpgradeExecutionError):
    """Another upgrade holds the site (UPG-10)."""

    text = Text(
        "Site {site_id} is being upgraded by execution {owner} until {until}",
        "局点 {site_id} 正在由执行 {owner} 升级，锁有效期至 {until}",
    )


class ExecutionChanged(UpgradeExecutionError):
    """Two changes met; the caller looks again."""

    text = Text("Execution {execution_id} was changed at the same moment", "升级执行 {execution_id} 刚刚被修改")
