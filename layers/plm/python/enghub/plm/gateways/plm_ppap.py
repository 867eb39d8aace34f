"""The PLM's side of PPAPs over REST, by the one way out: bounded, with a breaker per host (PLM-14, PLM-15, PLM-18).

``POST {baseUrl}/ppap/approvals`` with ``Idempotency-Key``; ``GET {baseUrl}/ppap/documents?projectCode=``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

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
_NO_LIST = Text("the answer holds no list of documents", "响应中没有文档列表")


@dataclass(frozen=True, slots=True)
class RestPpaps:
    """The PlmPpaps of ``ppaps.repository`` over the tenant's connections."""

    connections: Connections
    outbound: Outbound
    now: Clock = system_clock

    def push(self, connection: str, tenant_id: str, push_id: str, approval: Mapping[str, Any]) -> None:
        """See PlmPpaps."""
        api = self.connections.api(connection, tenant_id)
        self._call(api, "POST", "/ppap/approvals", approval, {"Idempotency-Key": push_id})

    def documents(self, connection: str, tenant_id: str, project_code: str) -> list[Mapping[str, Any]]:
        """See PlmPpaps."""
        path = f"/ppap/documents?projectCode={quote(project_code, safe='')}"
        answer = self._call(self.connections.api(connection, tenant_id), "GET", path)
        try:
            found = json.loads(answer.body)["items"]
        except (ValueError, KeyError, TypeError) as error:
            raise PlmRefused(problem=_NO_LIST) from error
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise PlmRefused(problem=_NO_LIST)
        return found

    def _call(self, api: Api, method: str, path: str, body: Any = None, headers: Mapping[str, str] = NOTHING) -> Answer:
        sent = {**headers, "Authorization": f"Bearer {api.token(self.now())}", "Accept": "application/json"}
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        try:
            answer = self.outbound.request(method, f"{api.base_url}{path}", headers=sent, body=content, limits=LIMITS)
        except OutboundFailed as error:
            raise PlmUnavailable(problem=error.kind) from error
        except OutboundRefused as error:
            raise PlmRefused(problem=error.reason) from error
        if answer.status in AGAIN:
            raise PlmUnavailable(problem=_STATUS.filled(status=answer.status))
        if not 200 <= answer.status < 300:
            raise PlmRefused(problem=_STATUS.filled(status=answer.status))
        return answer
