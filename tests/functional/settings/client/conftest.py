"""The Python client against the hub's own handlers on a loopback port, with a line between that can be cut."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enghub.settings.clients import wiring
from enghub.settings.evaluations import wiring as evaluation_wiring
from enghub_client import Change, Client
from tests.factories.clients import EVERYBODY, data
from tests.factories.served import Application, served


@dataclass
class Line:
    """What stands between client and hub."""

    app: Application | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method, path and status of every request."""
    says: str = ""
    """``away``, ``empty``, ``garbage``, ``refused``; empty: lets everything through."""

    def around(self, app: Application) -> Application:
        self.app = app
        return self

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        assert self.app
        path = environ["PATH_INFO"].rpartition("/")[2]
        found = {
            "away": ("503 Away", b'{"message": "try again"}'),
            "empty": ("200 OK", b""),
            "garbage": ("200 OK", b'{"data": {"revision": 3}}'),
            "refused": ("401 No", b'{"message": "token expired"}'),
        }.get(self.says)

        def answer(status: str, headers: Any) -> None:
            self.asked.append((path, status[:3]))
            start_response(status, headers)

        if found is None:
            return self.app(environ, answer)
        answer(found[0], [("Content-Type", "application/json")])
        return [found[1]]

    def of(self, path: str) -> list[str]:
        """Return the statuses of the requests of one path."""
        return [status for asked, status in self.asked if asked == path]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture(autouse=True)
def table(account: Callable[..., str]) -> None:
    account("settings")
    for made in (wiring.snapshots, wiring.clients, evaluation_wiring.snapshots, evaluation_wiring.usage):
        made.cache_clear()


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def address(table: None, line: Line) -> Iterator[str]:
    with served("settings", EVERYBODY, line.around) as found:
        yield found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def a_client(address: str, clock: Clock) -> Iterator[Callable[..., Client]]:
    """Makes clients that look only when they are told to; all are closed."""
    made: list[Client] = []

    def make(**options: Any) -> Client:
        client = Client(address, "token", **{"interval": 3_600, "now": clock, "name": "line-7", **options})
        made.append(client)
        return client

    yield make
    for one in made:
        one.close()


def receipts() -> list[tuple[str, str]]:
    found = data("GET", "/clients", caller=EVERYBODY)["items"]
    return [(one["status"], one["problem"]) for one in found]


def data_of(change: Change) -> Any:
    assert change.after
    return change.after.data


def is_stale(client: Client) -> bool:
    return client.status.is_stale
