"""What is wrong with a routing."""

from enghub.core.errors import Invalid, NotFound
from enghub.core.i18n import Text


class OperationTwice(Invalid):
    """An operation is named once."""

    text = Text("{field} name {operation} twice: give each its own number", "{field} 中工序 {operation} 重复")


class NoSuchVersion(NotFound):
    """The routing never had that version."""

    text = Text("Routing {name} has no version {version}", "工艺路线 {name} 没有版本 {version}")
