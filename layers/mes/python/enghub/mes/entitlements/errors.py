"""Why the ERP's rights keep somebody out."""

from enghub.core.errors import Forbidden, Unauthenticated, Unavailable
from enghub.core.i18n import Text


class ErpForbids(Forbidden):
    """The token lets them, the ERP does not."""

    text = Text(
        "The ERP does not grant you {permission} in this factory: whoever keeps its rights can",
        "ERP 未授予您在本工厂的 {permission} 权限，请联系 ERP 权限管理员",
    )


class SignInAgain(Unauthenticated):
    """The ERP is away for more than five minutes: who goes on has to show again who they are."""

    text = Text(
        "Sign in again: the ERP's rights cannot be read since {since}, and the last known ones held for 5 minutes",
        "请重新登录：自 {since} 起无法读取 ERP 权限，最近一次的权限仅沿用 5 分钟",
    )


class RightsUnknown(Unavailable):
    """The ERP is away, and nothing is known of the user's rights there."""

    text = Text(
        "The ERP's rights cannot be read since {since} ({problem}), and yours were never read: try again in"
        " {retry_after_seconds} s",
        "自 {since} 起无法读取 ERP 权限（{problem}），且没有您的缓存权限，请在 {retry_after_seconds} 秒后重试",
    )


class PermissionChangesRefused(Unavailable):
    """While the ERP's rights cannot be read, nobody changes who may do what."""

    text = Text(
        "The ERP's rights cannot be read since {since}: whether they count is not changed meanwhile",
        "自 {since} 起无法读取 ERP 权限，在此期间不允许变更权限设置",
    )
