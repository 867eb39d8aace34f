"""Sends mail through Amazon SES (UPG-13)."""

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws
from enghub.upgrade.notices.errors import NoticeDelayed, NoticeRefused
from enghub.upgrade.notices.model import Notice, Target

REFUSALS = frozenset(
    {"MessageRejected", "BadRequestException", "NotFoundException", "MailFromDomainNotVerifiedException"}
)
"""Answers of SES that another try does not change; all others (throttling, outages, a paused account) may pass."""


class Emails:
    """One mail per recipient: nobody sees who else got it, and a repeat reaches only who missed it."""

    def __init__(self, sender: str) -> None:
        self._sender = sender

    def send(self, _tenant_id: str, notice: Notice, target: Target) -> None:
        """Hand one mail over to SES.

        Raises:
            NoticeRefused, NoticeDelayed
        """
        if not self._sender:
            message = "this stage has no sender address (Stage.notice_sender)"
            raise NoticeRefused(message)
        text = {"Data": notice.body, "Charset": "UTF-8"}
        try:
            aws.client("sesv2").send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [target.address]},
                Content={
                    "Simple": {"Subject": {"Data": notice.subject, "Charset": "UTF-8"}, "Body": {"Text": text}},
                },
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise (NoticeRefused if code in REFUSALS else NoticeDelayed)(f"SES answers {code}") from error
        except BotoCoreError as error:
            raise NoticeDelayed(type(error).__name__) from error
