"""What is wrong with what somebody wants to set up."""

from enghub.core.errors import Invalid
from enghub.core.i18n import Text


class UnknownChannel(Invalid):
    """A rule names a channel that nobody set up."""

    text = Text("{field}: there is no channel {name}", "{field}：渠道 {name} 不存在")


class TopicNotAllowed(Invalid):
    """A channel of kind sns names one of the stage's topics, others name none."""

    text = Text(
        "{field}: a channel of kind sns names one of the topics that this installation allows, others name none",
        "{field}：sns 渠道须使用本系统允许的主题，其他渠道不得填写",
    )
