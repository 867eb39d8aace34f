"""What the stand-in PLM answers, by REST and SOAP alike: its scenario decides whether, when and how (PLM-22)."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from enghub.core.errors import EngHubError, Unavailable
from enghub.core.secrets import secret
from enghub.sandbox.plm import dynamo as scenarios
from enghub.sandbox.plm import service, soap
from enghub.sandbox.plm.scenario import Scenario
from enghub.sandbox.plm.service import Account

JSON, XML = "application/json", "text/xml; charset=utf-8"
Said = tuple[int, str, str]
"""Status, content type, text."""


def account(stage: str, connection: str) -> Account:
    """Return whose calls are answered: the connection's secrets, seen from the other side."""
    api, webhook = (secret(f"enghub/{stage}/plm/{kind}/{connection}") for kind in ("api", "webhook"))
    return Account.of(connection, api, webhook)


def products(query: Mapping[str, str]) -> Said:
    """Return a page of products, or what the scenario gives instead.

    Raises:
        Invalid: the question is malformed.
        Unavailable: the scenario wants it to fail.
    """
    scenario, page = _page(query)
    content = json.dumps(page, ensure_ascii=False)
    return service.spoilt(scenario, content, by_soap=False) or (200, JSON, content)


def by_soap(content: bytes, key: str, check: Callable[[], object]) -> Said:
    """Return the answer of one operation by SOAP: what is refused is a Fault; ``check`` refuses who may not call."""
    try:
        check()
        return _operation(*soap.asked(content), key)
    except (KeyError, TypeError, ValueError) as error:
        return 400, XML, soap.fault("Client", f"{type(error).__name__}: {error}")
    except EngHubError as error:
        code = "Server" if error.status >= 500 else "Client"
        return error.status, XML, soap.fault(code, error.message("en"))


def _operation(name: str, said: dict[str, Any], key: str) -> Said:
    if name in {"GetProducts", "ListObjectIds"}:
        ids = {"fields": "objectId"} if name == "ListObjectIds" else {}
        scenario, page = _page({**said, **ids})
        content = soap.answer(name, soap.object_ids(page) if ids else soap.products(page))
        return service.spoilt(scenario, content, by_soap=True) or (200, XML, content)
    answers: Mapping[str, Callable[[], Mapping[str, Any]]] = {
        "GetPpapDocuments": lambda: service.ppap_documents(said["projectCode"]),
        "GetProject": lambda: service.apqp_status(said["projectCode"]),
        "TakePpapApproval": lambda: approval(said, key),
        "TakeGate": lambda: gate(said, key),
        "TakeImprovements": lambda: improvements(said.get("requests") or [], key),
    }
    return 200, XML, soap.answer(name, answers[name]())


def _page(query: Mapping[str, str]) -> tuple[Scenario, dict[str, Any]]:
    scenario = scenarios.load()
    time.sleep(min(scenario.delay_ms, 20_000) / 1000)
    if service.is_broken(scenario, query) or (scenario.fail_next and scenarios.take_failure()):
        raise Unavailable
    return scenario, service.products(scenario, query)


def approval(said: Any, key: str) -> dict[str, Any]:
    """Take an approval of a PPAP, once by its key; fails as the scenario says."""
    body = json.dumps(said, ensure_ascii=False)
    return {"taken": len(scenarios.taken_once(key, lambda one, known: one.approved(known, body)).approvals)}


def gate(said: Any, key: str) -> dict[str, Any]:
    """Take a passed gate, once by its key; fails as the scenario says."""
    body = json.dumps(said, ensure_ascii=False)
    return {"taken": len(scenarios.taken_once(key, lambda one, known: one.passed(known, body)).gates)}


def improvements(said: list[dict[str, Any]], key: str) -> dict[str, Any]:
    """Take a batch of improvement requests, once by its key; fails as the scenario says."""
    requests = tuple(str(one["requestId"]) for one in said)
    return {"taken": len(scenarios.taken_once(key, lambda one, known: one.improved(known, requests)).improvements)}
