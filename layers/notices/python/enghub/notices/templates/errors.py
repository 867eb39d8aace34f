"""What is wrong with a template."""

from enghub.core.errors import RuleUnsatisfied
from enghub.core.i18n import Text


class TemplateRefused(RuleUnsatisfied):
    """A template does not render with the samples of its notice type."""

    text = Text("{field}, line {line}: {problem}", "{field} 第 {line} 行：{problem}")

    def __init__(self, place: str, line: int, reason: Text) -> None:
        super().__init__(field=place, line=line, problem=reason)
