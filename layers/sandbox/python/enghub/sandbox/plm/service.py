"""The stand-in PLM (PLM-22): the REST contract of its products, its token check, its webhook."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from enghub.core import clock
from enghub.core.errors import Invalid, Unauthenticated
from enghub.core.i18n import Text
from enghub.sandbox.plm import catalogue, soap
from enghub.sandbox.plm.scenario import Scenario

FIRST_PHASE = (
    "DESIGN-GOALS",
    "QUALITY-GOALS",
    "PRELIM-BOM",
    "PRELIM-FLOW",
    "PRELIM-CHARACTERISTICS",
    "ASSURANCE-PLAN",
    "SUPPORT-1",
)
TOKEN_SECONDS = 300
LARGEST_PAGE = 5000
SHIFTED_BY = 2
OVERSIZE = 5_000_000
"""More than the hub reads of one page, less than Lambda can answer."""
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
BASE_PATH = "/sandbox/plm"
SOAP_PATH = "/soap"
WEBHOOK_PATH = "/api/v1/integration/plm/change-notification"
_NOT_READ = Text("it cannot be read: {why}", "无法解析：{why}")


@dataclass(frozen=True, slots=True)
class Account:
    """Who may call, and where changes are reported to: the hub's own secrets seen from the other side."""

    api_key: str
    secret: str
    webhook_url: str
    webhook_secret: str
    connection: str
    soap_url: str = ""

    @classmethod
    def of(cls, connection: str, api: Mapping[str, Any], webhook: Mapping[str, Any]) -> "Account":
        """Read the secrets ``plm/api/<connection>`` and ``plm/webhook/<connection>``."""
        url = api["baseUrl"].rstrip("/").removesuffix(BASE_PATH) + WEBHOOK_PATH
        soap_url = api["baseUrl"].rstrip("/") + SOAP_PATH
        return cls(api["apiKey"], api["secret"], url, webhook["secrets"][0], connection, soap_url)

    def check(self, authorization: str, now: datetime) -> None:
        """Raise Unauthenticated unless the bearer token is ours and at most five minutes old."""
        try:
            token = base64.b64decode(authorization.removeprefix("Bearer "), validate=True).decode("ascii")
            api_key, milliseconds, signature = token.split(":")
            age_seconds = abs(now.timestamp() - int(milliseconds) / 1000)
        except (binascii.Error, ValueError) as error:
            raise Unauthenticated from error
        expected = _sign(self.secret, (api_key + milliseconds).encode())
        if not (_same(api_key, self.api_key) and _same(signature, expected)) or age_seconds > TOKEN_SECONDS:
            raise Unauthenticated

    def signed(self, notification: Mapping[str, Any], now: datetime) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of the webhook call that reports ``notification``."""
        body = json.dumps(notification, ensure_ascii=False).encode()
        timestamp = str(int(now.timestamp()))
        return body, {
            "Content-Type": "application/json",
            "X-PLM-Connection": self.connection,
            "X-PLM-Timestamp": timestamp,
            "X-PLM-Signature": _sign(self.webhook_secret, timestamp.encode() + b"." + body),
        }

    def delivered(self, notification: Mapping[str, Any], now: datetime, times: int) -> dict[str, Any]:
        """Report a change to the hub, so many times; returns what it answered."""
        import httpx  # noqa: PLC0415 - only this calls out

        body, headers = self.signed(notification, now)
        answers = []
        for _ in range(times):
            answer = httpx.post(self.webhook_url, content=body, headers=headers, timeout=10)
            answers.append({"status": answer.status_code, "body": json.loads(answer.content)})
        return {"deliveries": answers}


def ppap_documents(project: str) -> dict[str, Any]:
    """Return all 18 documents of a project, ready."""
    found = ({"element": n, "status": "READY", "document": f"{project}/element-{n}.pdf"} for n in range(1, 19))
    return {"items": list(found)}


def apqp_status(project: str) -> dict[str, Any]:
    """Return a project in its second phase: what the first one wants is done."""
    done = [{"code": name, "status": "DONE", "document": f"{project}/{name}.pdf"} for name in FIRST_PHASE]
    return {"projectCode": project, "phase": "PLM_PHASE_2", "deliverables": done}


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def _sign(secret: str, content: bytes) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()


def products(scenario: Scenario, query: Mapping[str, str]) -> dict[str, Any]:
    """Answer ``GET /products``.

    Query: ``updatedSince``, ``updatedUntil`` (times), ``after``, ``upTo`` (object ids), ``size``, ``page`` (from 0, for
    callers that count pages), ``fields=objectId``. Items ascend by object id; ``after`` continues, null at the end.

    Raises:
        Invalid: a parameter is malformed.
    """
    try:
        size = max(1, min(int(query.get("size", "100")), LARGEST_PAGE))
        skipped = int(query.get("page", "0")) * size
        after = _begins(scenario, query.get("after"))
        since = clock.from_text(query["updatedSince"]) if "updatedSince" in query else None
        until = clock.from_text(query["updatedUntil"]) if "updatedUntil" in query else None
        numbers = catalogue.window(scenario.products, scenario.touches, since, after, query.get("upTo"))
        wanted = (n for n in numbers if until is None or catalogue.updated_at(n, scenario.touches) < until)
        found = list(islice(wanted, skipped, skipped + size + 1))
    except ValueError as error:
        raise Invalid(field="query", problem=_NOT_READ.filled(why=str(error))) from error
    shown = found[:size]
    if query.get("fields") == "objectId":
        items = [{"objectId": catalogue.object_id(number)} for number in shown]
    else:
        items = [_shown(scenario, number) for number in shown]
    return {"items": items, "after": catalogue.object_id(shown[-1]) if len(found) > size else None}


def _shown(scenario: Scenario, number: int) -> dict[str, Any]:
    found = catalogue.record(number, scenario.touches)
    lines = catalogue.bom_lines(number) if scenario.boms else []
    return {**found, "bomLines": lines} if lines else found


def _begins(scenario: Scenario, after: str | None) -> str | None:
    """Return where a page begins, which is not where it was asked to where the scenario says so."""
    if scenario.pages == "REPEATED":
        return None
    if scenario.pages == "SHIFTED" and after:
        earlier = catalogue.number_of(after) - SHIFTED_BY
        return catalogue.object_id(earlier) if earlier >= 0 else None
    return after


def spoilt(scenario: Scenario, content: str, *, by_soap: bool) -> tuple[int, str, str] | None:
    """Return status, content type and text that the scenario gives in place of an answer, None where it is proper."""
    kind = "text/xml; charset=utf-8" if by_soap else "application/json"
    laughing = content.replace("?>\n", f"?>\n{LAUGHS}", 1).replace("</s:Body>", "<x>&b;</x></s:Body>")
    bad = {
        "GARBAGE": (200, "application/octet-stream", "\x00\x01 not what was asked for"),
        "HTML": (200, "text/html", "<!DOCTYPE html>\n<html><head><title>Maintenance until 06:00</title></head></html>"),
        "TRUNCATED": (200, kind, content[: len(content) * 2 // 3]),
        "ENTITIES": (200, kind, laughing),
        "OVERSIZED": (200, kind, content + " " * OVERSIZE),
    }
    faults = {"FAULT": ("Server", "ORA-12541: no listener"), "REFUSED": ("Client", "unknown view")}
    if scenario.bad_answer in faults:
        code, reason = faults[scenario.bad_answer]
        return 500, kind, soap.fault(code, reason) if by_soap else json.dumps({"error": reason})
    return bad.get(scenario.bad_answer)


def is_broken(scenario: Scenario, query: Mapping[str, str]) -> bool:
    """Whether the request is for records among which is the scenario's broken object."""
    if not scenario.broken_object or query.get("fields") == "objectId":
        return False
    after, up_to = query.get("after", ""), query.get("upTo", "~")
    return after < scenario.broken_object <= up_to
