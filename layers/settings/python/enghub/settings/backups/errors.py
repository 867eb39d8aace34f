"""What can go wrong with backups of configuration."""

from enghub.core.errors import NotFound, RuleViolated
from enghub.core.i18n import Text


class BackupNotFound(NotFound):
    """There is no backup of that id (40401)."""

    text = Text("There is no backup {backup_id}", "备份 {backup_id} 不存在")


class BackupDamaged(RuleViolated):
    """The file is no backup, or not as it was written; nothing was restored (42201)."""

    text = Text("The backup cannot be used: {reason}", "备份无法使用：{reason}")


class RestoreTooLarge(RuleViolated):
    """More items would change than one restore changes at one moment (42201)."""

    text = Text(
        "{needed} items would change, one restore changes {most}: select layers or keys",
        "需要变更 {needed} 项，单次恢复最多 {most} 项：请按层级或配置键选择",
    )


class RestoreRefused(RuleViolated):
    """Some items cannot be restored, so none was; ``errors`` says which 100 and why (42201)."""

    text = Text("{refused} items cannot be restored: nothing was changed", "{refused} 项无法恢复，未做任何修改")
