"""What can go wrong with a configuration item, with the codes of REQ-008 8.3.1."""

from enghub.core.errors import Conflict, Invalid, InvalidKey, NotFound, RuleUnsatisfied, RuleViolated, VersionConflict
from enghub.core.i18n import Text


class ConfigKeyMalformed(InvalidKey):
    """The key has a form that no item can have, or a name the API keeps for itself (40002)."""

    text = Text(
        "The key {config_key} is not valid: begin with a letter, then letters, digits, dot, dash or underscore, "
        "255 at most; batch, import, export and rollback are taken",
        "配置键 {config_key} 不合法：以字母开头，由字母、数字、点、短横线或下划线组成，最长 255 个字符；"
        "batch、import、export、rollback 为保留字",
    )


class ConfigValueMalformed(Invalid):
    """The value does not read as its declared type (40001)."""

    text = Text("The value is no {expected_type}: {problem}", "配置值不是合法的 {expected_type}：{problem}")


class ConfigFieldRefused(Invalid):
    """A field of the item holds what is not possible (40001)."""


class ValidationRuleMalformed(Invalid):
    """The validation rule itself cannot be understood (40001)."""

    text = Text("The validation rule is not valid: {problem}", "验证规则无效：{problem}")


class ConfigRuleUnsatisfied(RuleUnsatisfied):
    """The value breaks its validation rule, or that of the layer above (40003)."""

    text = Text("The value breaks its validation rule: {problem}", "配置值不满足验证规则：{problem}")


class ConfigNotFound(NotFound):
    """There is no such item where it was looked for (40401)."""

    text = Text("The configuration {config_key} does not exist ({layer})", "配置项 {config_key} 不存在（{layer}）")


class ConfigVersionNotFound(NotFound):
    """The item has no version of that number (40401)."""

    text = Text("{config_key} has no version {version}", "配置项 {config_key} 没有版本 {version}")


class ConfigExists(Conflict):
    """The layer already has an item of this key (40901)."""

    text = Text("The configuration {config_key} exists already ({layer})", "配置项 {config_key} 已存在（{layer}）")


class ConfigReferenced(Conflict):
    """Other items refer to this one; ``dependants`` lists up to 100 of them (40901)."""

    text = Text(
        "{config_key} is used by other configurations: change those first",
        "配置项 {config_key} 被其他配置引用，请先修改引用方",
    )


class ConfigVersionConflict(VersionConflict):
    """Somebody changed the item meanwhile; ``base``, ``yours``, ``theirs`` and ``merge`` help to go on (40902)."""


class ConfigVersionUnclear(Invalid):
    """What a change says about the version it saw does not read (40001)."""

    text = Text(
        "Say which version you read: the field version, or If-Match with the ETag you got ({problem})",
        "请指明所读取的版本：version 字段，或带 ETag 的 If-Match（{problem}）",
    )


class ReferenceRefused(RuleViolated):
    """A ``${other.key}`` in the value cannot be followed (42201)."""

    text = Text("The reference to {target} is refused: {problem}", "对 {target} 的引用被拒绝：{problem}")


class LayerFull(RuleViolated):
    """The layer holds as many items as one layer may (42201)."""

    text = Text("This layer already holds {limit} configurations", "该层级已达到 {limit} 个配置项的上限")


class BatchRefused(RuleViolated):
    """Some changes of a batch are refused, so none was made; ``errors`` says which and why (42201)."""

    text = Text(
        "{refused} of {total} changes are refused: nothing was changed",
        "{total} 项变更中有 {refused} 项被拒绝，未做任何修改",
    )


class ConfigHeld(Conflict):
    """The item belongs to changes that are being saved at this moment, all at once (40901)."""

    text = Text(
        "{config_key} is being changed together with others at this moment: try again in a few seconds",
        "{config_key} 正与其他配置项一并变更，请几秒后重试",
    )


class LockOut(RuleViolated):
    """The list of allowed addresses would lock out its own author (42201)."""

    text = Text(
        "Your own address {own_address} is not in the list, so you would be locked out: add it, or name ipAllowList in "
        "force at PUT /api/v1/settings/security-policy",
        "列表不包含您当前的地址 {own_address}，保存后您将无法访问：请加入该地址，"
        "或在 PUT /api/v1/settings/security-policy 的 force 中写明 ipAllowList",
    )
