"""Why an import is not stored."""

from enghub.core.errors import Conflict, RuleViolated
from enghub.core.i18n import Text


class PlanChanged(RuleViolated):
    """What would be stored is another than what was seen."""

    text = Text(
        "The import is another than the one you saw: look at the dry run again, and send its hash as seen",
        "导入内容与您看到的不一致：请重新查看试运行结果，并以其 hash 作为 seen 提交",
    )


class AlreadyOtherwise(Conflict):
    """A schedule of that name is there already."""

    text = Text(
        "There is another schedule {schedule_id} already: delete it, or leave it out of the export",
        "已存在另一个排班 {schedule_id}：请先删除，或从导出文件中去掉",
    )
