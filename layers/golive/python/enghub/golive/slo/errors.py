"""What is wrong with an objective."""

from enghub.core.errors import Invalid
from enghub.core.i18n import Text


class NeverFires(Invalid):
    """A burn rate that no error ratio can reach."""

    text = Text(
        "{field}: with this objective a burn rate of {factor} cannot be exceeded: all requests failing burn {most}",
        "{field}：在该目标下消耗率 {factor} 永远无法超过：全部请求失败时仅为 {most}",
    )
