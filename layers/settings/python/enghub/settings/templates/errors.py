"""What can go wrong with templates, with the codes of REQ-008 8.3.1."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class TemplateNotFound(NotFound):
    """There is no such template, or no such version of it (40401)."""

    text = Text("There is no template {template_id}", "模板 {template_id} 不存在")


class TemplateRefused(Invalid):
    """The template cannot be understood; ``field`` names the place (40001)."""


class TemplateConflict(Conflict):
    """The id, name or version is taken, or the version is not newer (40901)."""

    text = Text("The template cannot be saved so: {problem}", "模板无法保存：{problem}")


class TemplateUnfit(RuleViolated):
    """The template cannot be applied here (42201)."""

    text = Text("The template {template_id} cannot be applied: {problem}", "模板 {template_id} 无法应用：{problem}")


class TemplateIncomplete(RuleViolated):
    """Required items would have no value; ``missing`` lists them (42201)."""

    text = Text(
        "{count} required items have no value: say them in values",
        "{count} 个必填配置项没有值，请在 values 中提供",
    )


class TemplatesFull(RuleViolated):
    """The space holds as many templates as one may (42201)."""

    text = Text("There are {limit} templates already", "模板数量已达上限 {limit}")
