"""What can go wrong with a connection to a PLM."""

from enghub.core.errors import Failed, NotFound, Unauthenticated
from enghub.core.i18n import Text


class SignatureRefused(Unauthenticated):
    """A notification is not proven to come from the PLM; the reason stays with us, the caller learns only that."""

    text = Text("The signature is missing or not valid", "签名缺失或无效")

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.confidential = reason


class ConnectionNotFound(NotFound):
    """The tenant has no connection of this name."""

    text = Text("PLM connection {connection} does not exist", "PLM 连接 {connection} 不存在")


class ConnectionMisconfigured(Failed):
    """The stored settings of a connection are incomplete."""

    text = Text("PLM connection {connection} is not set up correctly", "PLM 连接 {connection} 配置有误")
