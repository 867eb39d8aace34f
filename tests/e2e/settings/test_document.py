"""Every endpoint of the source document over HTTP, with its documented request, answer and error codes (8.2, 8.3).

What cannot be asked for from outside, a store that is away (50301) or refuses (50001), is tried in process by
``tests/functional/settings/test_document.py``, which holds the same requests. ``docs/settings-contract.md`` lists them.
"""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from enghub_cli.context import Cloud
from tests.factories.releases import DOCUMENTED as RELEASE
from tests.factories.settings import SESSION_TIMEOUT
from tests.functional.settings.test_document import CONFIGS, DONE, EVERY_ROUTE, FLAGS, REFUSED, RELEASES, Sent, fits

pytestmark = pytest.mark.e2e
WORLD = [
    Sent("POST", CONFIGS, SESSION_TIMEOUT, 201),
    Sent("POST", CONFIGS, {"configKey": "password.minLength", "configValue": "6", "configType": "NUMBER"}, 201),
    Sent("POST", CONFIGS, {"configKey": "uses", "configValue": "${password.minLength}"}, 201),
    Sent("POST", FLAGS, {"flagKey": "new_feature_v2"}, 201),
    Sent("POST", RELEASES, RELEASE, 201),
]
"""What the document's requests speak of."""


class Tenant:
    """A tenant of its own, in which somebody may do everything, with the items that the requests speak of."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.name = f"t{uuid4().hex[:10]}"
        self.admin = self.token("TENANT_ADMIN")
        for one in WORLD:
            found = self.answered(one)
            assert found.status_code == one.status, found.text

    def token(self, *roles: str) -> str:
        return self.cloud.token(tenant=self.name, factories=(), user="admin", roles=roles)

    def answered(self, one: Sent, token: str | None = None) -> httpx.Response:
        query = {name: self.name if name == "tenantId" else value for name, value in one.query.items()}
        with self.cloud.http(self.admin if token is None else token or None) as client:
            if isinstance(one.body, bytes):
                form = {"files": {"file": ("config.xlsx", one.body)}, "data": {"overwriteExisting": "true"}}
                return client.request(one.method, one.path, params=query, **form)  # type: ignore[arg-type]
            return client.request(one.method, one.path, params=query, json=one.body)


def told(found: httpx.Response, one: Sent) -> str | None:
    """Return what is wrong with an answer."""
    body: dict[str, Any] = found.json()
    data = body.get("data" if one.status < 300 else "details")
    if (found.status_code, body["code"]) != (one.status, one.code) or not fits(data, one.shows):
        return f"{one}: {found.status_code} {json.dumps(body, ensure_ascii=False)[:400]}"
    return None


def test_every_documented_request_gets_its_documented_answer(cloud: Cloud) -> None:
    wrong = [told(Tenant(cloud).answered(one), one) for one in DONE]
    assert [one for one in wrong if one] == []


def test_every_documented_refusal_has_its_code_and_changes_nothing(cloud: Cloud) -> None:
    tenant = Tenant(cloud)
    before = tenant.answered(Sent("GET", CONFIGS)).json()["data"]
    wrong = [told(tenant.answered(one), one) for one in REFUSED]
    for one in EVERY_ROUTE:
        for token, status, code in (("", 401, "40101"), (tenant.token("OPERATOR"), 403, "40301")):
            asked = replace(one, status=status, code=code, shows={})
            wrong.append(told(tenant.answered(asked, token), asked))
    assert [one for one in wrong if one] == []
    assert tenant.answered(Sent("GET", CONFIGS)).json()["data"] == before
