"""What can be wrong with a manifest. Codes of the source document, chapter 12.1 (UPG-21)."""

from enghub.core.errors import Conflict, Invalid, NotFound
from enghub.core.i18n import Text


class ManifestInvalid(Invalid):
    """The document breaks the manifest's rules; `errors` lists every field with its problem."""

    text = Text("The manifest is not valid: {field}: {problem}", "升级配置无效：{field}：{problem}")

    @property
    def name(self) -> str:
        """The document's code."""
        return "VALIDATION_ERROR"


class ConfigurationNotFound(NotFound):
    """No manifest of this version, or no such revision."""

    text = Text("There is no upgrade manifest for version {version}", "配置文件未找到：{version}")


class ManifestIncomplete(Conflict):
    """The manifest names scripts that were not uploaded with it."""

    text = Text(
        "Manifest {version} cannot be activated: upload it with its scripts {missing}",
        "升级配置 {version} 无法启用，缺少脚本：{missing}",
    )


class ManifestChanged(Conflict):
    """Somebody else uploaded or switched this version at the same moment."""

    text = Text(
        "Manifest {version} was changed by somebody else: look at it again",
        "升级配置 {version} 已被他人修改，请重新查看",
    )
