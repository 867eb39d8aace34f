"""Why a notice does not reach somebody, and what may not be done to a delivery."""

from enghub.core.errors import NotFound, RuleViolated
from enghub.core.i18n import Text


class Refused(Exception):
    """It never will: an address that is not allowed, a receiver that says no. Trying again would not help."""


class Delayed(Exception):
    """It may later: the channel does not answer, or says so; ``retry_after_seconds`` is what it asks to wait."""

    def __init__(self, reason: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(reason)


class DeliveryNotFound(NotFound):
    """No such delivery, or not of this tenant."""

    text = Text("There is no delivery {delivery_id}", "投递 {delivery_id} 不存在")


class NoticeNotFound(NotFound):
    """No such notice, or not of this tenant."""

    text = Text("There is no notice {notice_id}", "通知 {notice_id} 不存在")


class DeliveryNotParked(RuleViolated):
    """Only what was given up is sent again or discarded."""

    text = Text(
        "Delivery {delivery_id} is {state}: only one that is PARKED can be sent again or discarded",
        "投递 {delivery_id} 状态为 {state}，仅 PARKED 状态可重新发送或丢弃",
    )
