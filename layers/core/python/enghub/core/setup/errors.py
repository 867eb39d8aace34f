"""What is wrong with what somebody wants to set up."""

from enghub.core.errors import NotFound, RuleViolated
from enghub.core.i18n import Text


class SetupNotFound(NotFound):
    """Nothing of this kind has that name."""

    text = Text("There is no {what} {name}", "{what} {name} 不存在")


class TooManyOfThem(RuleViolated):
    """A tenant may have a bounded number."""

    text = Text("There are {most} of {what} already: delete one first", "{what} 已达上限 {most}，请先删除")
