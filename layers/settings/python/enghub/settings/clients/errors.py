"""What can go wrong with clients that keep settings."""

from enghub.core.errors import RuleViolated
from enghub.core.i18n import Text


class SnapshotTooLarge(RuleViolated):
    """What was asked for is more than one answer holds (42201)."""

    text = Text(
        "{field}: {found} are more than one answer holds ({most} {what}): name fewer keys, or a longer beginning",
        "{field}：{found} 超过单次应答上限（{most} {what}），请指定更少的键或更长的前缀",
    )
