"""The PLM's side of PPAPs over REST (PLM-14, PLM-15).

``POST {baseUrl}/ppap/approvals`` with ``Idempotency-Key``; ``GET {baseUrl}/ppap/documents?projectCode=``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from enghub.core.i18n import Text
from enghub.plm.gateways.plm_calls import PlmCalls
from enghub.plm.syncs.errors import PlmRefused

_NO_LIST = Text("the answer holds no list of documents", "响应中没有文档列表")


@dataclass(frozen=True, slots=True)
class RestPpaps:
    """The PlmPpaps of ``ppaps.repository`` over the tenant's connections."""

    calls: PlmCalls

    def push(self, connection: str, tenant_id: str, push_id: str, approval: Mapping[str, Any]) -> None:
        """See PlmPpaps."""
        self.calls.told(connection, tenant_id, "/ppap/approvals", push_id, approval)

    def documents(self, connection: str, tenant_id: str, project_code: str) -> list[Mapping[str, Any]]:
        """See PlmPpaps."""
        path = f"/ppap/documents?projectCode={quote(project_code, safe='')}"
        answer = self.calls.call(connection, tenant_id, "GET", path)
        try:
            found = json.loads(answer.body)["items"]
        except (ValueError, KeyError, TypeError) as error:
            raise PlmRefused(problem=_NO_LIST) from error
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise PlmRefused(problem=_NO_LIST)
        return found
