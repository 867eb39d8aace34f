"""What can go wrong with sync runs."""

from enghub.core.errors import Conflict, NotFound, Unavailable
from enghub.core.i18n import Text


class SyncRunNotFound(NotFound):
    """No such run for this tenant."""

    text = Text("Sync run {run_id} does not exist", "同步任务 {run_id} 不存在")


class SyncBatchNotFound(NotFound):
    """The run has no such batch."""

    text = Text("Sync run {run_id} has no batch {number}", "同步任务 {run_id} 没有批次 {number}")


class SyncStillRunning(Conflict):
    """The run has not ended yet."""

    text = Text(
        "Sync run {run_id} is {status}: wait until it has ended", "同步任务 {run_id} 状态为 {status}，请等待结束"
    )


class SyncBatchNotFailed(Conflict):
    """Only a batch that did not succeed can be run again."""

    text = Text("Batch {number} of sync run {run_id} has succeeded", "同步任务 {run_id} 的批次 {number} 已成功")


class SyncRolledBack(Conflict):
    """A run is rolled back once."""

    text = Text(
        "The rollback of sync run {run_id} is {status}: a run is rolled back once",
        "同步任务 {run_id} 的回滚状态为 {status}，每个任务只能回滚一次",
    )


class PlmUnavailable(Unavailable):
    """The PLM did not answer, three times."""

    text = Text("The PLM does not answer: {problem}", "PLM 系统无响应：{problem}")


class PlmRefused(Unavailable):
    """The PLM answered that it will not serve this request; trying again does not help."""

    text = Text("The PLM refuses the request: {problem}", "PLM 系统拒绝请求：{problem}")
