"""Pages on other origins read an answer where the stage lists them, and nowhere else; refusals, too."""

from typing import Any

import pytest

from enghub.core import entrypoints, http, wire
from enghub.core.errors import NotFound
from enghub.core.rights import Right
from tests.factories.http import Context, a_principal, a_request

LISTED = "https://app.example.com http://localhost:*"
READ = Right("order:read", roles=("TESTER",), of_factory=True)
CALLER = a_principal("order:read")


class Stored(wire.Response):
    number: str


def answer(account: Any, origin: str | None, listed: str, number: str = "1") -> dict[str, Any]:
    account("mes", **({"CORS_ORIGINS": listed} if listed else {}))
    app = http.resolver()

    @app.get("/orders/<number>", right=READ)
    def read(number: str) -> Stored:
        if number == "none":
            raise NotFound(resource="order none")
        return Stored(number=number)

    headers = {} if origin is None else {"origin": origin}
    request = a_request("GET", f"/orders/{number}", caller=CALLER, headers=headers)
    handler: Any = entrypoints.http(app)
    found: dict[str, Any] = handler(request, Context())["multiValueHeaders"]
    return found


@pytest.mark.parametrize("number", ["1", "none"], ids=["answered", "refused"])
@pytest.mark.parametrize("origin", ["https://app.example.com", "http://localhost:5173"])
def test_a_listed_page_reads_answers_and_refusals(account: Any, origin: str, number: str) -> None:
    found = answer(account, origin, LISTED, number)
    assert (found["Access-Control-Allow-Origin"], found["Vary"]) == ([origin], ["Origin"])
    assert "ETag" in found["Access-Control-Expose-Headers"][0]


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.com.evil.example",
        "http://localhost",
        "http://localhost:",
        "http://localhost:80x",
        "null",
        None,
    ],
)
def test_any_other_page_does_not(account: Any, origin: str | None) -> None:
    assert "Access-Control-Allow-Origin" not in answer(account, origin, LISTED)


def test_a_stage_without_pages_says_nothing_of_them(account: Any) -> None:
    assert {"Vary", "Access-Control-Allow-Origin"}.isdisjoint(answer(account, "https://app.example.com", ""))
