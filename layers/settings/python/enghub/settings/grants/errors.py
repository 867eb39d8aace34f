"""What can go wrong with grants, with the codes of CFG-24."""

from enghub.core.errors import Forbidden, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class GrantRefused(Invalid):
    """A field of a grant, or of a request for one, cannot be (40001)."""


class GrantNotFound(NotFound):
    """The user has no such grant, or no such request that waits (40401)."""

    text = Text("{user_id} has no {what} {id}", "{user_id} 没有{what} {id}")


class OwnGrant(Forbidden):
    """Nobody gives rights to themselves, or decides about their own request (40301)."""

    text = Text("Nobody gives rights to themselves: ask somebody else", "不能给自己授权，请由他人处理")


class TooManyGrants(RuleViolated):
    """The user has as many grants, or requests that wait, as one user may (42201)."""

    text = Text("{user_id} has {most} of them already", "{user_id} 的数量已达上限 {most}")
