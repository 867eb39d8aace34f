"""The PLM's side of PPAPs (PLM-14, PLM-15), by REST or SOAP.

``POST {baseUrl}/ppap/approvals`` with ``Idempotency-Key``; ``GET {baseUrl}/ppap/documents?projectCode=``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enghub.core.i18n import Text
from enghub.plm.gateways.plm_calls import READ_DOCUMENTS, TAKE_APPROVAL, PlmCalls
from enghub.plm.syncs.errors import PlmRefused

_NO_LIST = Text("the answer holds no list of documents", "响应中没有文档列表")


@dataclass(frozen=True, slots=True)
class CalledPpaps:
    """The PlmPpaps of ``ppaps.repository`` over the tenant's connections."""

    calls: PlmCalls

    def push(self, connection: str, tenant_id: str, push_id: str, approval: Mapping[str, Any]) -> None:
        """See PlmPpaps."""
        self.calls.told(connection, tenant_id, TAKE_APPROVAL, push_id, approval)

    def documents(self, connection: str, tenant_id: str, project_code: str) -> list[Mapping[str, Any]]:
        """See PlmPpaps."""
        found = self.calls.asked(connection, tenant_id, READ_DOCUMENTS, projectCode=project_code).get("items")
        found = [found] if isinstance(found, dict) else found  # by SOAP one alone is no list
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise PlmRefused(problem=_NO_LIST)
        return [{**one, "element": _number(one.get("element"))} for one in found]


def _number(value: Any) -> Any:
    """Return the number that a text of digits is: XML knows texts alone."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 3 else value
