"""The ERP over REST, by the one way out: bounded in time and size, pinned, never redirected (MES-16).

``Authorization: Bearer <token>``; what is sent carries an Idempotency-Key. An answer may say as of when it is in
``Data-As-Of`` (ISO 8601); without it, it is as of now.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from enghub.core import clock, config, secrets
from enghub.core.clock import Clock, system_clock
from enghub.core.config import CoreConfig
from enghub.core.errors import NotFound
from enghub.core.i18n import Text
from enghub.kit.outbound.calls import Answer, Limits, Outbound
from enghub.kit.outbound.errors import OutboundFailed, OutboundRefused
from enghub.kit.outbound.retries import AGAIN
from enghub.mes.erp.errors import GARBAGE, ErpAway, ErpRefuses
from enghub.mes.erp.model import Link
from enghub.mes.erp.repository import Reply

NOTHING: Mapping[str, str] = MappingProxyType({})
LIMITS = Limits(seconds=5, body_bytes=1_000_000)
"""Three tries and their pauses stay under the 29 s that the gateway waits."""
_STATUS = Text("HTTP {status}", "HTTP {status}")
_NO_ANSWER = Text("no answer ({kind})", "没有应答（{kind}）")
_MISCONFIGURED = Text(
    "the connection {name} is missing or incomplete: it needs tenantId, baseUrl, token",
    "连接 {name} 缺失或不完整：需要 tenantId、baseUrl、token",
)


@dataclass(frozen=True, slots=True)
class Connection:
    """The secret ``mes/erp/<name>``: ``{tenantId, baseUrl, token}``."""

    base_url: str
    token: str


def connection(name: str, tenant_id: str) -> Connection | None:
    """Return a tenant's connection; None where there is none, or it is another tenant's or incomplete.

    Raises:
        Unavailable: the secret store cannot answer.
    """
    try:
        stored = secrets.secret(f"enghub/{config.load(CoreConfig).stage}/mes/erp/{name}")
    except (NotFound, secrets.NotAnObject):
        return None
    base_url, token = stored.get("baseUrl"), stored.get("token")
    if stored.get("tenantId") != tenant_id or not isinstance(base_url, str) or not isinstance(token, str):
        return None
    return Connection(base_url.rstrip("/"), token)


@dataclass(frozen=True, slots=True)
class RestErp:
    """The Erp of ``erp.repository``."""

    outbound: Outbound
    now: Clock = system_clock

    def get(self, link: Link, path: str) -> Reply:
        """See Erp."""
        return self._call(link, "GET", path)

    def post(self, link: Link, path: str, key: str, body: str) -> Reply:
        """See Erp."""
        return self._call(link, "POST", path, body, {"Idempotency-Key": key, "Content-Type": "application/json"})

    def _call(
        self, link: Link, method: str, path: str, body: str | None = None, headers: Mapping[str, str] = NOTHING
    ) -> Reply:
        found = connection(link.connection, link.factory.tenant_id)
        if found is None:
            raise ErpAway(_MISCONFIGURED.filled(name=link.connection))
        sent = {**headers, "Authorization": f"Bearer {found.token}", "Accept": "application/json"}
        content = None if body is None else body.encode()
        try:
            answer = self.outbound.request(method, f"{found.base_url}{path}", headers=sent, body=content, limits=LIMITS)
        except OutboundFailed as error:
            raise ErpAway(_NO_ANSWER.filled(kind=error.kind)) from error
        except OutboundRefused as error:
            raise ErpAway(error.reason) from error
        return self._read(answer)

    def _read(self, answer: Answer) -> Reply:
        if answer.status in AGAIN or answer.status in {401, 403} or answer.status < 200:
            raise ErpAway(_STATUS.filled(status=answer.status))
        if 400 <= answer.status < 500:
            raise ErpRefuses(answer.status, _sentence(answer))
        content = _object(answer.text)
        if not 200 <= answer.status < 300 or content is None:
            raise ErpAway(GARBAGE)
        return Reply(content, self._as_of(answer), answer.milliseconds)

    def _as_of(self, answer: Answer) -> Any:
        now = self.now()
        try:
            return min(clock.from_text(answer.headers["data-as-of"]), now)
        except (KeyError, ValueError, OverflowError):
            return now


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _sentence(answer: Answer) -> str:
    found = _object(answer.text) or {}
    said = found.get("error") or found.get("message") or ""
    return str(said)[:300] or f"HTTP {answer.status}"
