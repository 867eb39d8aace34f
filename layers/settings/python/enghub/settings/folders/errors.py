"""What can go wrong with a folder of settings, with the codes of REQ-008 8.3.1."""

from enghub.core.errors import RuleViolated
from enghub.core.i18n import Text


class FolderRefused(RuleViolated):
    """Some things of a folder cannot be made so, and nothing was changed; ``errors`` names each, and why (42201)."""

    text = Text(
        "{refused} of {total} are refused: nothing was changed", "{total} 项中有 {refused} 项被拒绝，未做任何修改"
    )


class TooManyRules(RuleViolated):
    """More business rules than one moment takes (42201)."""

    text = Text(
        "{found} business rules would change, {most} at a time: apply the folder in parts",
        "将有 {found} 条业务规则变更，一次最多 {most} 条，请分批应用",
    )
