"""What is wrong with what somebody wants of a verification."""

from enghub.core.errors import Conflict, NotFound
from enghub.core.i18n import Text


class VerificationNotFound(NotFound):
    """There is no such verification."""

    text = Text("There is no verification {verification_id}", "数据验证 {verification_id} 不存在")


class VerificationOver(Conflict):
    """It ended already."""

    text = Text("The verification ended as {state}", "数据验证已结束（{state}）")
