"""Why a link does not acknowledge."""

from enghub.core.errors import NotFound, RuleViolated
from enghub.core.i18n import Text


class LinkInvalid(NotFound):
    """It is none of ours, or was changed on its way."""

    text = Text("This link is not valid: open it as it stands in the message", "链接无效，请从原消息中打开")


class LinkExpired(RuleViolated):
    """Its time is over."""

    text = Text("This link has expired: acknowledge in EngHub", "链接已过期，请在 EngHub 中确认")
