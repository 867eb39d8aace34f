"""The edge of the intake: whose key it is, and whether SNS signed (OPS-11)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from enghub.core.clock import system_clock
from enghub.core.errors import Unavailable
from enghub.core.http import origin_of
from enghub.core.identity import Origin
from enghub.core.lazy import lazy
from enghub.golive.alerts import dynamo, wiring
from enghub.golive.alerts.errors import UnknownKey
from enghub.golive.alerts.model import Alert, Integration, Protocol_
from enghub.golive.keys import dynamo as keys
from enghub.golive.keys.model import KeyKind

sns: Any = lazy("enghub.golive.alerts.sns")
calls: Any = lazy("enghub.kit.outbound.calls")
stage: Any = lazy("enghub.kit.outbound.stage")


@dataclass(frozen=True, slots=True)
class Caller:
    """A sender whose key was found."""

    integration: Integration
    origin: Origin

    def take(self, alerts: Iterable[Alert]) -> None:
        """Take its alerts, then the sign of life that they are; without alerts it is one alone."""
        wiring.alerts().take(self.integration, alerts, self.origin)
        wiring.senders().heard(self.integration, self.origin)


def caller(event: Mapping[str, Any], key: str, protocol: Protocol_ | None) -> Caller:
    """Return who sends; tenant and service follow from the key alone. ``protocol`` None: whichever it speaks.

    Raises:
        UnknownKey: no key, a wrong or a revoked one, or one of an integration that speaks another protocol.
    """
    found = keys.find(key) if key else None
    if found is None or not found.opens(KeyKind.INTAKE, system_clock()):
        raise UnknownKey
    kept = dynamo.integrations().get(found.tenant_id, found.about)
    if kept is None or kept.value.is_deleted or protocol not in {None, kept.value.protocol}:
        raise UnknownKey
    name = f"integration:{kept.value.integration_id}"
    return Caller(kept.value, origin_of(event, found.tenant_id, "", name))


def signed(body: Any, integration: Integration) -> Mapping[str, Any]:
    """Return a message of SNS that its signature proves, of a topic that the integration takes.

    Raises:
        UnknownKey: it does not.
    """
    if not isinstance(body, Mapping) or not sns.is_signed(body, certificate):
        raise UnknownKey
    if integration.topic_arns and body.get("TopicArn") not in integration.topic_arns:
        raise UnknownKey
    return body


def confirm(message: Mapping[str, Any]) -> None:
    """Confirm a subscription, at SNS and nowhere else.

    Raises:
        UnknownKey: the address is not SNS's.
        Unavailable: SNS does not answer; it sends again.
    """
    url = message.get("SubscribeURL")
    if not sns.is_amazons(url):
        raise UnknownKey
    answer = calls.Outbound(stage.stage_policy()).request("GET", str(url))
    if answer.status != 200:
        raise Unavailable(reason="SNS did not confirm")


@lru_cache(maxsize=16)
def certificate(url: str) -> bytes:
    """Return a certificate of SNS; its address was checked before."""
    answer = calls.Outbound(stage.stage_policy()).request("GET", url)
    if answer.status != 200:
        raise Unavailable(reason="no certificate of SNS")
    body: bytes = answer.body
    return body
