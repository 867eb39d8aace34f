"""Numbers from anything that answers Prometheus' HTTP API (``GET /api/v1/query``)."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from enghub.kit.outbound.calls import Limits, Outbound

ONE_QUERY = Limits(seconds=5.0, body_bytes=65_536)


class NoNumber(ValueError):
    """The answer is no single number; the text says what it is."""


def number(outbound: Outbound, url: str, query: str) -> Decimal | None:
    """Return the one number of an instant query; None where it finds nothing, or no number (0/0).

    Args:
        outbound: the way out.
        url: of the server, without the path of its API.
        query: PromQL that finds one series at most.

    Raises:
        OutboundRefused, OutboundFailed: the address may not be called, or does not answer.
        NoNumber: it answers something else.
    """
    answer = outbound.request("GET", f"{url.rstrip('/')}/api/v1/query?query={quote(query, safe='')}", limits=ONE_QUERY)
    if answer.status != 200:
        message = f"the query was answered {answer.status}: {answer.text[:200]}"
        raise NoNumber(message)
    return _read(answer.body)


def _read(body: bytes) -> Decimal | None:
    try:
        data: Any = json.loads(body)["data"]
        found = [data["result"]] if data["resultType"] == "scalar" else [one["value"] for one in data["result"]]
        text = str(found[0][1]) if len(found) == 1 else "NaN"
        value = Decimal(text)
    except (ValueError, KeyError, TypeError, IndexError, InvalidOperation) as error:
        message = f"the answer is none of Prometheus: {body[:200].decode('utf-8', 'replace')!r}"
        raise NoNumber(message) from error
    if len(found) > 1:
        message = f"the query gives {len(found)} series: sum them"
        raise NoNumber(message)
    return value if value.is_finite() else None
