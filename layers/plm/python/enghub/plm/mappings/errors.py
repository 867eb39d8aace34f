"""What can go wrong with the mapping rules of a connection."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class MappingNotFound(NotFound):
    """The connection has no such mapping, or no such version of it."""

    text = Text(
        "Connection {connection} has no mapping {kind} {version}", "连接 {connection} 没有映射规则 {kind} {version}"
    )


class MappingRefused(Invalid):
    """A mapping contradicts itself, or names a field that there is not."""

    text = Text("{field}: {problem}", "{field}：{problem}")


class MappingUnproven(RuleViolated):
    """A version whose tests fail, or leave a rule unproved, is not activated; ``failed`` and ``unproved`` name them."""

    text = Text(
        "Version {version} of the mapping is not proved: {failures} tests fail, rules without a test: {rules}",
        "映射规则版本 {version} 未通过验证：{failures} 个测试失败，未被测试覆盖的规则：{rules}",
    )


class PreviewOutdated(Conflict):
    """What the mapping would change is not what the caller has seen."""

    text = Text(
        "What version {version} changes is not what you have seen: read its preview again and send its digest",
        "版本 {version} 的影响与您所见不同：请重新读取预览并提交其摘要",
    )


class NeverActive(RuleViolated):
    """One goes back only to what was in force."""

    text = Text(
        "Version {version} was never in force: activate it after its preview",
        "版本 {version} 从未生效：请先查看预览再启用",
    )
