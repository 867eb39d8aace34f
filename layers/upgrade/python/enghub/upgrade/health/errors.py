"""What the health endpoint says when not all is well."""

from enghub.core.errors import Unavailable
from enghub.core.i18n import Text


class DependencyDown(Unavailable):
    """At least one dependency does not do what upgrades need; the details name each one's state."""

    text = Text(
        "Upgrades cannot work now: {down}. The runbook upgrade-executions says what to do",
        "升级服务暂不可用：{down}。处理方法见运行手册 upgrade-executions",
    )
