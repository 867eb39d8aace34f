"""What is wrong with a part number."""

from enghub.core.errors import Invalid, RuleViolated
from enghub.core.i18n import Text


class LookAlike(Invalid):
    """A part number holds a character that only looks like another."""

    text = Text(
        "{field}: {value!r} holds {character}, which only looks like another character: correct it in the source, "
        "or let the connection map look-alikes",
        "{field}：{value!r} 含有形近字符 {character}，请在源系统更正，或在连接中启用形近字符映射",
    )


class IdentitiesCollide(RuleViolated):
    """Several spellings name one part by the rules of the connection."""

    text = Text(
        "{field}: {spellings} name the same part {part} by the rules of the connection: keep one of them",
        "{field}：按连接规则，{spellings} 均指同一物料 {part}，请只保留一个",
    )
