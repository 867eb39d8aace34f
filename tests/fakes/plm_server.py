"""The sandbox PLM in this process, behind an HTTP client: the real contract without a socket."""

import json
from dataclasses import dataclass, field
from typing import Any

from enghub.core.clock import system_clock
from enghub.core.errors import EngHubError
from enghub.sandbox.plm import service
from enghub.sandbox.plm.scenario import Scenario
from enghub.sandbox.plm.service import Account
from tests.factories.plm import API, SECRET


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    data: bytes = b""


@dataclass
class PlmServer:
    """Answers as the sandbox does; ``scenario`` decides what, ``queries`` remembers what was asked."""

    scenario: Scenario = field(default_factory=lambda: Scenario(products=200))
    queries: list[dict[str, str]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    """Statuses to answer with before answering properly."""

    def request(self, method: str, url: str, *, fields: dict[str, str], headers: dict[str, str], **_: Any) -> Answer:
        """Answer as a ``gateways.plm_rest.Client``."""
        assert (method, url) == ("GET", f"{API['baseUrl']}/products")
        self.queries.append(fields)
        account = Account.of("default", API, {"secrets": [SECRET]})
        try:
            account.check(headers["Authorization"], system_clock())
        except EngHubError as error:
            return Answer(error.status)
        if self.failures:
            return Answer(self.failures.pop(0))
        if service.is_broken(self.scenario, fields):
            return Answer(503)
        return Answer(200, json.dumps(service.products(self.scenario, fields)).encode())
