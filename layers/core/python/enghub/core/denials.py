"""What a caller is told whose right has an end, a part, or a grant against it (CFG-22)."""

from enghub.core.errors import Forbidden
from enghub.core.i18n import Text


class RightLapsed(Forbidden):
    """A grant gave ``permission`` until a time that is over (CFG-22)."""

    text = Text(
        "Your permission {permission} ended at {lapsed_at}: ask for it again",
        "您的权限 {permission} 已于 {lapsed_at} 到期，请重新申请",
    )


class RightLimited(Forbidden):
    """Grants give ``permission`` for a part alone, and this is another (CFG-22)."""

    text = Text("You hold {permission} only within {within}", "您的权限 {permission} 仅限于 {within}")


class RightDenied(Forbidden):
    """A grant takes ``permission``, whatever else gives it (CFG-22)."""

    text = Text(
        "The permission {permission} was taken from you by the grant {grant_id}",
        "您的权限 {permission} 已被授权 {grant_id} 禁止",
    )
