"""One call of a PLM's REST interface by the one way out: bounded, with a breaker per host (PLM-18)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from enghub.core.clock import Clock, system_clock
from enghub.core.i18n import Text
from enghub.kit.outbound.calls import Answer, Limits, Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused
from enghub.kit.outbound.retries import AGAIN
from enghub.plm.connections.model import Api
from enghub.plm.connections.store import Connections
from enghub.plm.syncs.errors import PlmRefused, PlmUnavailable

NOTHING: Mapping[str, str] = MappingProxyType({})
LIMITS = Limits(seconds=10, body_bytes=1_000_000)
_STATUS = Text("HTTP {status}", "HTTP {status}")


@dataclass(frozen=True, slots=True)
class PlmCalls:
    """Calls over the tenant's connections."""

    connections: Connections
    outbound: Outbound
    now: Clock = system_clock

    def call(
        self,
        connection: str,
        tenant_id: str,
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] = NOTHING,
    ) -> Answer:
        """Call once; the answer has a 2xx status.

        Raises:
            PlmUnavailable: it may answer later.
            PlmRefused: it never will.
            ConnectionNotFound
        """
        api = self.connections.api(connection, tenant_id)
        sent = {**headers, "Authorization": f"Bearer {api.token(self.now())}", "Accept": "application/json"}
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        return self._answer(api, method, path, content, sent)

    def told(self, connection: str, tenant_id: str, path: str, push_id: str, body: Any) -> None:
        """Tell the PLM something once: ``push_id`` is the Idempotency-Key; raises as ``call``."""
        self.call(connection, tenant_id, "POST", path, body=body, headers={"Idempotency-Key": push_id})

    def _answer(self, api: Api, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        url = f"{api.base_url}{path}"
        try:
            answer = self.outbound.request(method, url, headers=headers, body=content, limits=LIMITS)
        except OutboundFailed as error:
            raise PlmUnavailable(problem=error.kind) from error
        except OutboundRefused as error:
            raise PlmRefused(problem=error.reason) from error
        if answer.status in AGAIN:
            raise PlmUnavailable(problem=_STATUS.filled(status=answer.status))
        if not 200 <= answer.status < 300:
            raise PlmRefused(problem=_STATUS.filled(status=answer.status))
        return answer
