"""Sends mail through Amazon SES (UPG-13, CFG-17)."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws
from enghub.notices.deliveries.errors import Delayed, Refused
from enghub.notices.deliveries.message import Message, Secret

REFUSALS = frozenset(
    {"MessageRejected", "BadRequestException", "NotFoundException", "MailFromDomainNotVerifiedException"}
)
"""Answers of SES that another try does not change; all others (throttling, outages, a paused account) may pass."""


@dataclass(frozen=True, slots=True)
class Ses:
    """One mail per recipient: nobody sees who else got it. SES writes the Message-ID itself; a header has ours."""

    sender: str

    def send(self, message: Message, _: Secret) -> None:
        """See Sender."""
        if not self.sender:
            reason = "this stage has no sender address (Stage.notice_sender)"
            raise Refused(reason)
        parts: dict[str, Any] = {"Text": {"Data": message.body, "Charset": "UTF-8"}}
        if message.html is not None:
            parts["Html"] = {"Data": message.html, "Charset": "UTF-8"}
        simple = {
            "Subject": {"Data": message.subject, "Charset": "UTF-8"},
            "Body": parts,
            "Headers": [
                {"Name": "Auto-Submitted", "Value": "auto-generated"},
                {"Name": "X-EngHub-Delivery", "Value": message.message_id},
            ],
        }
        try:
            aws.client("sesv2").send_email(
                FromEmailAddress=self.sender,
                Destination={"ToAddresses": [message.address]},
                Content={"Simple": simple},
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise (Refused if code in REFUSALS else Delayed)(f"SES answers {code}") from error
        except BotoCoreError as error:
            raise Delayed(type(error).__name__) from error
