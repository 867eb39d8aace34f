"""The PLM over REST (PLM-18): token, time-outs, three attempts 2 s and 4 s apart.

``GET {baseUrl}/products`` with ``updatedSince``, ``after``, ``upTo`` (object ids), ``size`` and ``fields=objectId``
answers ``{"items": [...], "after": id or null}``, ascending by object id.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import tenacity

from enghub.core import clock
from enghub.core.clock import Clock, system_clock
from enghub.core.observability import logger
from enghub.plm.connections.model import Api
from enghub.plm.connections.store import Connections
from enghub.plm.syncs.errors import PlmRefused, PlmUnavailable
from enghub.plm.syncs.repository import RecordPage

ATTEMPTS = 3
FIRST_WAIT_SECONDS = 2
"""Doubled for each further attempt (PLM-18)."""
TIMEOUT = httpx.Timeout(10, connect=3)
KEYS_PER_PAGE = 5000
_WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504}


def waits() -> tenacity.wait.wait_base:
    """Return the pauses between attempts."""
    return tenacity.wait_exponential(multiplier=FIRST_WAIT_SECONDS)


@dataclass(frozen=True, slots=True)
class RestPlm:
    """The ``Plm`` of ``syncs.repository`` over one connection."""

    api: Api
    client: httpx.Client
    now: Clock = system_clock
    wait: tenacity.wait.wait_base = field(default_factory=waits)

    def object_ids(self, since: datetime | None, after: str | None) -> Iterator[str]:
        """See Plm; KEYS_PER_PAGE at a time."""
        while True:
            page = self._page({**_window(since, after, None), "size": str(KEYS_PER_PAGE), "fields": "objectId"})
            for record in page.records:
                yield record["objectId"]
            after = page.after
            if after is None:
                return

    def products(self, since: datetime | None, after: str | None, up_to: str | None, size: int) -> RecordPage:
        """See Plm; one request."""
        return self._page({**_window(since, after, up_to), "size": str(size)})

    def _page(self, query: Mapping[str, str]) -> RecordPage:
        answer = self._get("/products", query)
        items, after = answer.get("items"), answer.get("after")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise PlmRefused(problem="the answer holds no list of records")
        return RecordPage(tuple(items), str(after) if after is not None else None)

    def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(PlmUnavailable),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=self.wait,
            before_sleep=lambda state: logger.warning("PLM call failed, trying again", attempt=state.attempt_number),
            reraise=True,
        )
        found: dict[str, Any] = attempts(self._once, path, query)
        return found

    def _once(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.api.token(self.now())}", "Accept": "application/json"}
        try:
            answer = self.client.get(f"{self.api.base_url}{path}", params=dict(query), headers=headers)
        except httpx.HTTPError as error:
            raise PlmUnavailable(problem=type(error).__name__) from error
        if answer.status_code in _WORTH_ANOTHER_TRY:
            raise PlmUnavailable(problem=f"HTTP {answer.status_code}")
        if answer.status_code != httpx.codes.OK:
            raise PlmRefused(problem=f"HTTP {answer.status_code}")
        try:
            found = json.loads(answer.content)
        except ValueError as error:
            raise PlmRefused(problem="the answer is not valid JSON") from error
        if not isinstance(found, dict):
            raise PlmRefused(problem="the answer is no JSON object")
        return found


def _window(since: datetime | None, after: str | None, up_to: str | None) -> dict[str, str]:
    given = {"updatedSince": since and clock.to_text(since), "after": after, "upTo": up_to}
    return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class RestPlms:
    """The ``Plms`` of ``syncs.repository``; all connections share one HTTP client."""

    connections: Connections
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=TIMEOUT, follow_redirects=False))

    def of(self, connection: str, tenant_id: str) -> RestPlm:
        """See Plms."""
        return RestPlm(self.connections.api(connection, tenant_id), self.client)
