"""What is wrong with what somebody wants to describe."""

from enghub.core.errors import Invalid, NotFound
from enghub.core.i18n import Text


class MasterNotFound(NotFound):
    """The factory has no such line, station, routing, ..."""

    text = Text("There is no {what} {name} in this factory", "本工厂没有 {what} {name}")


class UnknownReference(Invalid):
    """What is described names something that nobody described."""

    text = Text("{field}: there is no {what} {name}: describe it first", "{field}：{what} {name} 不存在，请先维护")
