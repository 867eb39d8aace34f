"""Messages of a broker on the wire (PLM-25)."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field

from enghub.core import wire
from enghub.core.i18n import Text
from enghub.plm.broker.model import MOST_BYTES, MOST_MESSAGES, BrokerMessage, Received

_BASE64 = Text("write the message's bytes in Base64", "请以 Base64 填写消息内容")


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise wire.Unfit(_BASE64) from error
    return text


class BrokerMessageBody(wire.Request):
    """One message as the broker delivered it; ``data`` are its bytes in Base64."""

    message_id: Annotated[str, Field(max_length=255)] = ""
    redelivered: wire.Flag = False
    data: Annotated[str, Field(max_length=MOST_BYTES * 2), AfterValidator(_base64)]

    def to_message(self) -> BrokerMessage:
        """Return the message."""
        body = base64.b64decode(self.data)
        return BrokerMessage.of(self.message_id, body, is_redelivered=self.redelivered)


class BrokerMessagesRequest(wire.Request):
    """Messages in the order in which they came."""

    messages: Annotated[tuple[BrokerMessageBody, ...], Field(min_length=1, max_length=MOST_MESSAGES)]


class BrokerMessagesResponse(wire.Response):
    """The run that takes the records; those that cannot be read are among its rejected."""

    run_id: str
    messages: int
    records: int
    unreadable: int

    @classmethod
    def of(cls, found: Received) -> "BrokerMessagesResponse":
        """Return the answer."""
        return cls(run_id=found.run_id, messages=found.messages, records=found.records, unreadable=found.unreadable)
