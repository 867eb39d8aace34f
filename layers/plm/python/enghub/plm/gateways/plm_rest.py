"""The PLM over REST (PLM-18): token, time-outs, three attempts 2 s and 4 s apart.

``GET {baseUrl}/products`` with ``updatedSince``, ``after``, ``upTo`` (object ids), ``size`` and ``fields=objectId``
answers ``{"items": [...], "after": id or null}``, ascending by object id.

By urllib3, which the AWS SDK has imported already: httpx would cost these functions as much again as half of boto3.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import tenacity
import urllib3

from enghub.core import clock
from enghub.core.clock import Clock, system_clock
from enghub.core.i18n import Text
from enghub.core.observability import logger
from enghub.plm.connections.model import Api
from enghub.plm.connections.store import Connections
from enghub.plm.syncs.errors import PlmRefused, PlmUnavailable
from enghub.plm.syncs.repository import RecordPage, advanced

ATTEMPTS = 3
FIRST_WAIT_SECONDS = 2
"""Doubled for each further attempt (PLM-18)."""
TIMEOUT = urllib3.Timeout(connect=3, read=10)
KEYS_PER_PAGE = 5000
_WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504}
_STATUS = Text("HTTP {status}", "HTTP {status}")
_NO_LIST = Text("the answer holds no list of records", "响应中没有记录列表")
_NO_JSON = Text("the answer is not valid JSON", "响应不是合法的 JSON")
_NO_OBJECT = Text("the answer is no JSON object", "响应不是 JSON 对象")


class Client(Protocol):
    """What is used of an HTTP client; ``urllib3.PoolManager`` is one."""

    def request(self, method: str, url: str, *, fields: Any, headers: Any, **options: Any) -> Any:
        """Send a request; the answer has ``status`` and ``data``."""


def waits() -> tenacity.wait.wait_base:
    """Return the pauses between attempts."""
    return tenacity.wait_exponential(multiplier=FIRST_WAIT_SECONDS)


def attempts(wait: tenacity.wait.wait_base) -> tenacity.Retrying:
    """Return what calls again where the PLM may answer later."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(PlmUnavailable),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=wait,
        before_sleep=lambda state: logger.warning("PLM call failed, trying again", attempt=state.attempt_number),
        reraise=True,
    )


@dataclass(frozen=True, slots=True)
class RestPlm:
    """The ``Plm`` of ``syncs.repository`` over one connection."""

    api: Api
    client: Client
    now: Clock = system_clock
    wait: tenacity.wait.wait_base = field(default_factory=waits)

    def object_ids(self, since: datetime | None, after: str | None) -> Iterator[str]:
        """See Plm; KEYS_PER_PAGE at a time."""
        while True:
            page = self._page({**window(since, after, None), "size": str(KEYS_PER_PAGE), "fields": "objectId"})
            for record in page.records:
                identifier = record.get("objectId")
                if isinstance(identifier, str) and identifier:  # one without is rejected with its batch
                    yield identifier
            if page.after is None:
                return
            after = advanced(after, page.after)

    def products(self, since: datetime | None, after: str | None, up_to: str | None, size: int) -> RecordPage:
        """See Plm; one request."""
        return self._page({**window(since, after, up_to), "size": str(size)})

    def _page(self, query: Mapping[str, str]) -> RecordPage:
        answer = self._get("/products", query)
        items, after = answer.get("items"), answer.get("after")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise PlmRefused(problem=_NO_LIST)
        return RecordPage(tuple(items), str(after) if after is not None else None)

    def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = attempts(self.wait)(self._once, path, query)
        return found

    def _once(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.api.token(self.now())}", "Accept": "application/json"}
        try:
            answer = self.client.request(
                "GET",
                f"{self.api.base_url}{path}",
                fields=dict(query),
                headers=headers,
                timeout=TIMEOUT,
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise PlmUnavailable(problem=type(error).__name__) from error
        if answer.status in _WORTH_ANOTHER_TRY:
            raise PlmUnavailable(problem=_STATUS.filled(status=answer.status))
        if answer.status != 200:
            raise PlmRefused(problem=_STATUS.filled(status=answer.status))
        try:
            found = json.loads(answer.data, parse_float=Decimal)  # 0.1 of a quantity stays 0.1
        except ValueError as error:
            raise PlmRefused(problem=_NO_JSON) from error
        if not isinstance(found, dict):
            raise PlmRefused(problem=_NO_OBJECT)
        return found


def window(since: datetime | None, after: str | None, up_to: str | None) -> dict[str, str]:
    """Return what is said of the window of records that are asked for."""
    given = {"updatedSince": since and clock.to_text(since), "after": after, "upTo": up_to}
    return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class RestPlms:
    """The ``Plms`` of ``syncs.repository``; all connections share one HTTP client."""

    connections: Connections
    client: Client = field(default_factory=urllib3.PoolManager)

    def of(self, connection: str, tenant_id: str) -> RestPlm:
        """See Plms."""
        return RestPlm(self.connections.api(connection, tenant_id), self.client)
