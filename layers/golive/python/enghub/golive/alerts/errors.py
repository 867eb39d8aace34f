"""What is wrong with what a monitoring system sent."""

from enghub.core.errors import Invalid, Unauthenticated
from enghub.core.i18n import Text


class UnknownKey(Unauthenticated):
    """The integration key is missing, wrong or revoked."""

    text = Text("The integration key is not valid: take one from the integration", "集成密钥无效，请从集成处重新获取")


class WrongAlert(Invalid):
    """An alert lacks what it needs, or a part of it is too long; it is refused, never cut."""

    text = Text("{field} is {problem}", "{field} 不合法：{problem}")
