"""Quality feedback with the PLM's side of it: ``POST {baseUrl}/improvements`` with ``Idempotency-Key`` (PLM-16)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from enghub.core.clock import system_clock
from enghub.plm.feedback.dynamo import DynamoFeedback
from enghub.plm.feedback.service import QualityFeedback
from enghub.plm.feedback.wiring import surroundings
from enghub.plm.gateways.calls import plm_calls
from enghub.plm.gateways.plm_calls import PlmCalls


@dataclass(frozen=True, slots=True)
class RestFeedback:
    """The PlmFeedback of ``feedback.repository`` over the tenant's connections."""

    calls: PlmCalls

    def suggest(self, connection: str, tenant_id: str, push_id: str, requests: Sequence[Mapping[str, Any]]) -> None:
        """See PlmFeedback."""
        self.calls.told(connection, tenant_id, "/improvements", push_id, {"requests": list(requests)})


@cache
def feedback() -> QualityFeedback:
    """Return the quality feedback."""
    return QualityFeedback(DynamoFeedback(), RestFeedback(plm_calls()), surroundings(), system_clock)
