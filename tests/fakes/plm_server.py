"""The sandbox PLM in this process, behind an HTTP client: the real contract without a socket."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import httpx

from enghub.core.clock import system_clock
from enghub.core.errors import EngHubError
from enghub.sandbox.plm import service
from enghub.sandbox.plm.scenario import Scenario
from enghub.sandbox.plm.service import Account
from tests.factories.plm import API, SECRET


@dataclass
class PlmServer:
    """Answers as the sandbox does; ``scenario`` decides what, ``queries`` remembers what was asked."""

    scenario: Scenario = field(default_factory=lambda: Scenario(products=200))
    queries: list[dict[str, str]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    """Statuses to answer with before answering properly."""

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        query = dict(parse_qsl(request.url.query.decode()))
        self.queries.append(query)
        account = Account.of("default", API, {"secrets": [SECRET]})
        try:
            account.check(request.headers["authorization"], system_clock())
        except EngHubError as error:
            return httpx.Response(error.status)
        if self.failures:
            return httpx.Response(self.failures.pop(0))
        if service.is_broken(self.scenario, query):
            return httpx.Response(503)
        return httpx.Response(200, json=service.products(self.scenario, query))
