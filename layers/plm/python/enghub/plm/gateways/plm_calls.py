"""One call of a PLM by the one way out, REST or SOAP as its connection says: bounded, a breaker per host (PLM-18)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from enghub.core.clock import Clock, system_clock
from enghub.core.i18n import Text
from enghub.core.lazy import lazy
from enghub.kit.outbound.calls import Answer, Limits, Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused
from enghub.kit.outbound.retries import AGAIN
from enghub.plm.connections.model import Api, Protocol
from enghub.plm.connections.store import Connections
from enghub.plm.syncs.errors import PlmRefused, PlmUnavailable

if TYPE_CHECKING:
    from enghub.plm.gateways.soap import answers, contract
else:
    answers = lazy("enghub.plm.gateways.soap.answers")
    contract = lazy("enghub.plm.gateways.soap.contract")

NOTHING: Mapping[str, str] = MappingProxyType({})
LIMITS = Limits(seconds=10, body_bytes=1_000_000)
_STATUS = Text("HTTP {status}", "HTTP {status}")
_NO_OBJECT = Text("the answer is no JSON object", "响应不是 JSON 对象")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a PLM: its name in a WSDL, its path by REST (of a question with ``{projectCode}``)."""

    name: str
    path: str


TAKE_APPROVAL = Operation("TakePpapApproval", "/ppap/approvals")
READ_DOCUMENTS = Operation("GetPpapDocuments", "/ppap/documents?projectCode={projectCode}")
TAKE_GATE = Operation("TakeGate", "/apqp/gates")
READ_PROJECT = Operation("GetProject", "/apqp/projects/{projectCode}")
TAKE_IMPROVEMENTS = Operation("TakeImprovements", "/improvements")


@dataclass(frozen=True, slots=True)
class PlmCalls:
    """Calls over the tenant's connections."""

    connections: Connections
    outbound: Outbound
    now: Clock = system_clock

    def asked(self, connection: str, tenant_id: str, operation: Operation, **said: str) -> Mapping[str, Any]:
        """Return what the PLM answers to a question; by SOAP every value is a text, None or a list of such.

        Raises:
            PlmUnavailable: it may answer later.
            PlmRefused: it never will.
            ConnectionNotFound
        """
        api = self.connections.api(connection, tenant_id)
        if api.protocol is Protocol.SOAP:
            return answers.said(list(self._soap(api, operation, said, NOTHING)))
        path = operation.path.format(**{name: quote(value, safe="") for name, value in said.items()})
        try:
            found = json.loads(self._rest(api, "GET", path, None, NOTHING).body)
        except ValueError as error:
            raise PlmRefused(problem=_NO_OBJECT) from error
        if not isinstance(found, dict):
            raise PlmRefused(problem=_NO_OBJECT)
        return found

    def told(
        self, connection: str, tenant_id: str, operation: Operation, push_id: str, body: Mapping[str, Any]
    ) -> None:
        """Tell the PLM something once: ``push_id`` is the header Idempotency-Key; raises as ``asked``."""
        api, headers = self.connections.api(connection, tenant_id), {"Idempotency-Key": push_id}
        if api.protocol is Protocol.SOAP:
            self._soap(api, operation, _flat(body), headers)
        else:
            self._rest(api, "POST", operation.path, json.dumps(body, ensure_ascii=False).encode(), headers)

    def _soap(self, api: Api, operation: Operation, said: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        bearer = api.token(self.now())
        return contract.Soap.of(api, self.outbound, bearer).call(operation.name, said, headers, bearer)

    def _rest(self, api: Api, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        sent = {**headers, "Authorization": f"Bearer {api.token(self.now())}", "Accept": "application/json"}
        if content is not None:
            sent["Content-Type"] = "application/json"
        url = f"{api.base_url}{path}"
        try:
            answer = self.outbound.request(method, url, headers=sent, body=content, limits=LIMITS)
        except OutboundFailed as error:
            raise PlmUnavailable(problem=error.kind) from error
        except OutboundRefused as error:
            raise PlmRefused(problem=error.reason) from error
        if answer.status in AGAIN:
            raise PlmUnavailable(problem=_STATUS.filled(status=answer.status))
        if not 200 <= answer.status < 300:
            raise PlmRefused(problem=_STATUS.filled(status=answer.status))
        return answer


def _flat(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told as elements: nothing for None; lists are repeated, an object in an object is JSON text."""
    return {
        name: [_inner(one) for one in value] if isinstance(value, list) else value
        for name, value in body.items()
        if value is not None
    }


def _inner(one: Any) -> Any:
    if not isinstance(one, Mapping):
        return one
    texts = {name: json.dumps(value, ensure_ascii=False) for name, value in one.items() if isinstance(value, dict)}
    return {**{name: value for name, value in one.items() if value is not None}, **texts}
