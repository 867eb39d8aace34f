"""What can be refused around a rehearsal. Codes of the source document, chapter 12.1 (UPG-21)."""

from enghub.core.errors import NotFound, RuleViolated
from enghub.core.i18n import Text
from enghub.upgrade.executions.errors import UpgradeExecutionError


class RehearsalNotFound(NotFound):
    """No rehearsal of this tenant has the id."""

    text = Text("Rehearsal {rehearsal_id} does not exist", "演练 {rehearsal_id} 不存在")


class RehearsalChanged(UpgradeExecutionError):
    """Two changes met; the caller looks again."""

    text = Text("Rehearsal {rehearsal_id} was changed at the same moment", "演练 {rehearsal_id} 刚刚被修改")


class ScratchRefused(RuleViolated):
    """The site has no scratch database that can be used."""

    text = Text("{en}", "{zh}")


class NothingToRehearse(RuleViolated):
    """No step of the upgrade works on the database alone."""

    text = Text(
        "No step from {source} to {target} works on the database alone: there is nothing to rehearse",
        "从 {source} 到 {target} 没有仅作用于数据库的步骤，无需演练",
    )
