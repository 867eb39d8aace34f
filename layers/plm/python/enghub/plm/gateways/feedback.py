"""Quality feedback with the PLM's side of it: ``POST {baseUrl}/improvements`` with ``Idempotency-Key`` (PLM-16)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from enghub.core.clock import system_clock
from enghub.core.lazy import lazy
from enghub.plm.feedback.dynamo import DynamoFeedback
from enghub.plm.feedback.service import QualityFeedback, Surroundings

if TYPE_CHECKING:
    from enghub.plm.feedback import wiring
    from enghub.plm.gateways import calls, plm_calls
    from enghub.plm.gateways.plm_calls import PlmCalls
else:
    calls = lazy("enghub.plm.gateways.calls")
    plm_calls = lazy("enghub.plm.gateways.plm_calls")
    wiring = lazy("enghub.plm.feedback.wiring")


@dataclass(frozen=True, slots=True)
class CalledFeedback:
    """The PlmFeedback of ``feedback.repository`` over the tenant's connections; what calls out is loaded then."""

    calls: "Callable[[], PlmCalls]"

    def suggest(self, connection: str, tenant_id: str, push_id: str, requests: Sequence[Mapping[str, Any]]) -> None:
        """See PlmFeedback."""
        self.calls().told(connection, tenant_id, plm_calls.TAKE_IMPROVEMENTS, push_id, {"requests": list(requests)})


def _calls() -> "PlmCalls":
    return calls.plm_calls()


@cache
def feedback() -> QualityFeedback:
    """Return the quality feedback; products, changes and structures are loaded when they are asked for."""
    around = Surroundings(
        lambda tenant_id, product: wiring.surroundings().name(tenant_id, product),
        lambda tenant_id, first, last: wiring.surroundings().changes(tenant_id, first, last),
    )
    return QualityFeedback(DynamoFeedback(), CalledFeedback(_calls), around, system_clock)
