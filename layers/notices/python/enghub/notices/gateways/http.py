"""One POST of JSON to an address that people gave; what the answer's status means for a delivery."""

from collections.abc import Mapping

from enghub.core.clock import system_clock
from enghub.kit.outbound.calls import Answer, Limits, Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused
from enghub.kit.outbound.retries import retry_after
from enghub.notices.deliveries.errors import Delayed, Refused

LIMITS = Limits(seconds=10, body_bytes=8_192)
AGAIN = frozenset({408, 425, 429})


def post(outbound: Outbound, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Return the answer of a receiver that took it.

    Raises:
        Refused: the address is not allowed, or the receiver says 3xx or 4xx.
        Delayed: it does not answer, or says 5xx, 408, 425 or 429.
    """
    sent = {"Content-Type": "application/json", **headers}
    try:
        answer = outbound.request("POST", url, headers=sent, body=body, limits=LIMITS)
    except OutboundRefused as error:
        raise Refused(str(error)) from error
    except OutboundFailed as error:
        raise Delayed(error.kind, error.retry_after_seconds) from error
    if answer.status >= 500 or answer.status in AGAIN:
        message = f"it answers {answer.status}"
        raise Delayed(message, retry_after(answer.headers, system_clock()))
    if answer.status >= 300:
        message = f"it answers {answer.status}"
        raise Refused(message)
    return answer
