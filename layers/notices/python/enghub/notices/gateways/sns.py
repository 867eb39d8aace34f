"""Publishes to an SNS topic that the stage allows (CFG-17)."""

from botocore.exceptions import BotoCoreError, ClientError

from enghub.core import aws
from enghub.notices.deliveries.errors import Delayed, Refused
from enghub.notices.deliveries.message import Message, Secret

REFUSALS = frozenset({"NotFound", "InvalidParameter", "InvalidParameterValue", "AuthorizationError"})
MAX_BYTES = 262_144


def send(message: Message, secret: Secret) -> None:
    """See Sender; the topic stands in ``secret["topicArn"]``.

    The subject goes along where SNS takes it: printable ASCII, at most 100 characters.
    """
    fits = message.subject.isascii() and message.subject.isprintable() and len(message.subject) <= 100
    subject = {"Subject": message.subject} if fits else {}
    body = f"{message.subject}\n\n{message.body}".encode()[:MAX_BYTES].decode("utf-8", "ignore")
    try:
        aws.client("sns").publish(
            TopicArn=secret["topicArn"],
            Message=body,
            MessageAttributes={"deliveryId": {"DataType": "String", "StringValue": message.message_id}},
            **subject,
        )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise (Refused if code in REFUSALS else Delayed)(f"SNS answers {code}") from error
    except BotoCoreError as error:
        raise Delayed(type(error).__name__) from error
