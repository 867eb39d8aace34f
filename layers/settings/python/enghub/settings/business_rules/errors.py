"""What can go wrong with a business rule, with the codes of REQ-008 8.3.1."""

from enghub.core.errors import Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class RuleNotFound(NotFound):
    """There is no such rule, or no such version of it (40401)."""

    text = Text("There is no business rule {rule_key}", "业务规则 {rule_key} 不存在")


class RuleTooLong(Invalid):
    """The rule with its tests has more characters than an event and an item take (40001)."""

    text = Text(
        "{field}: the rule with its tests has {length} characters, {most} are the most: split it",
        "{field}：规则及其测试共 {length} 个字符，最多 {most} 个，请拆分",
    )


class RuleUnproven(RuleViolated):
    """A version whose tests fail, or whose rows no test reaches, cannot be activated (42201).

    ``failed`` names each test with what it expected and got, ``neverReached`` the rows.
    """

    text = Text(
        "Version {version} of {rule_key} is not proved: {failures} tests fail, rows without a test: {rows}",
        "{rule_key} 的版本 {version} 未通过验证：{failures} 个测试失败，未被任何测试覆盖的行：{rows}",
    )
