"""Writes ``docs/settings-contract.md``: ``python -m tests.functional.settings.contract_page``."""

import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlencode

from tests.functional.settings.test_document import DONE, EVERY_ROUTE, REFUSED, Sent

PAGE = Path(__file__).parents[3] / "docs" / "settings-contract.md"
HEAD = """# The source document's endpoints, held by tests

What the document (REQ-008, 8.2 and 8.3) asks of each endpoint: request, answer, error codes. Written by
`python -m tests.functional.settings.contract_page` from the requests that the tests send: in process by
`tests/functional/settings/test_document.py`, over HTTP by `tests/e2e/settings/test_document.py`.

| request | query | body | status | code | answer holds |
| --- | --- | --- | --- | --- | --- |
"""
ALL = """
Each route answers besides: without a token 401 / 40101, without the right 403 / 40301, while the store is away
503 / 50301 with `Retry-After`, when it refuses 500 / 50001: {routes}.
50002 is no route's answer: a change is saved, then pushed (decision 0144); whom it did not reach, and who could not
activate it, is read at `GET /api/v1/settings/clients`.
"""
LONGEST = 110


def page() -> str:
    """Return the page."""
    routes = ", ".join(sorted({f"`{one.method} {one.path}`" for one in EVERY_ROUTE}))
    return HEAD + "".join(_rows([*DONE, *REFUSED])) + ALL.format(routes=routes)


def _rows(sent: Iterable[Sent]) -> Iterable[str]:
    for one in sent:
        body = "a workbook" if isinstance(one.body, bytes) else _short(one.body)
        cells = (f"`{one.method} {one.path}`", _code(urlencode(one.query)), body, one.status, one.code)
        yield f"| {' | '.join(map(str, cells))} | {_short(one.shows)} |\n"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False) if value else ""
    return _code(text if len(text) <= LONGEST else f"{text[:LONGEST]}…").replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
