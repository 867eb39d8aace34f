"""OpenFeature's published clients, unmodified, evaluate flags of the deployed hub over HTTP (CFG-09).

npm: ``@openfeature/ofrep-provider`` and ``@openfeature/ofrep-web-provider`` below their SDKs; PyPI:
``openfeature-provider-ofrep``. Versions and checksums stand in ``tests/data/openfeature`` and ``requirements-dev.txt``.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

from enghub_cli.context import Cloud
from tests import npm
from tests.waiting import until

pytestmark = pytest.mark.e2e
FLAGS = "/api/v1/feature-flags"
PROGRAM = Path(__file__).parents[2] / "data" / "openfeature"
TYPES: dict[str, tuple[str, Any, Any]] = {
    "boolean": ("BOOLEAN", True, False),
    "string": ("STRING", "zh-CN", "en"),
    "integer": ("INTEGER", 9_007_199_254_740_991, 0),
    "float": ("FLOAT", 2.0, 0.25),
    "object": ("OBJECT", {"rows": 3, "columns": ["id", "状态"], "nested": {"deep": True}}, {}),
}
"""A flag's type in the hub, what the users of its rule get, and what everybody else does."""
ASKED = {"boolean": "boolean", "string": "string", "integer": "number", "float": "number", "object": "object"}
"""What JavaScript calls them."""


class Client:
    """A program of Node.js that answers questions."""

    def __init__(self, address: str, token: str) -> None:
        command = ["node", "evaluate.mjs", address, token]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, cwd=npm.installed(PROGRAM), stdin=pipe, stdout=pipe, text=True, encoding="utf-8"
        )
        assert self._line() == "ready"

    def ask(self, what: str, flags: list[list[str]] | None = None) -> Any:
        """Return the program's answer."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"what": what, "flags": flags or []}) + "\n")
        self.process.stdin.flush()
        return self._line()

    def _line(self) -> Any:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """End the program as its caller does, by closing its input."""
        self.process.communicate(timeout=30)
        assert self.process.returncode == 0


@pytest.fixture(scope="module")
def token(cloud: Cloud) -> str:
    """A tenant of these tests alone: a page reads all flags of its tenant."""
    roles = ("TENANT_ADMIN",)
    return cloud.token(tenant=f"t-{uuid4().hex[:8]}", factories=("sh-01",), user="tina", roles=roles)


@pytest.fixture(scope="module")
def hub(cloud: Cloud, token: str) -> Iterator[httpx.Client]:
    """The API, with a flag of every type, on for those of the plan pro, and one that is off."""
    with cloud.http(token) as http:
        for key, (kind, on, off) in TYPES.items():
            clause = {"attribute": "plan", "operator": "IN", "values": ["pro"]}
            made = {
                "flagKey": key,
                "isEnabled": True,
                "valueType": kind,
                "variants": [{"name": "on", "value": on}, {"name": "off", "value": off}],
                "defaultValue": "off",
                "targetRules": {"rules": [{"ruleId": "pro", "clauses": [clause], "variant": "on"}]},
            }
            answer = http.post(FLAGS, json=made)
            assert answer.status_code == 201, answer.text
        assert http.post(FLAGS, json={"flagKey": "switch"}).status_code == 201
        yield http


@pytest.fixture
def client(cloud: Cloud, token: str, hub: httpx.Client) -> Iterator[Client]:
    """Both JavaScript providers, each below its SDK."""
    made = Client(cloud.api_base, token)
    yield made
    made.close()


def found(value: Any, variant: str = "on", reason: str = "TARGETING_MATCH") -> dict[str, Any]:
    return {"value": value, "variant": variant, "reason": reason, "errorCode": None}


@pytest.mark.parametrize("provider", ["server", "web"])
def test_the_javascript_providers_evaluate_every_type(client: Client, provider: str) -> None:
    answers = client.ask(provider, [[kind, key] for key, kind in ASKED.items()])
    assert answers == [found(on) for _, on, _ in TYPES.values()]
    off, unknown, mistyped = client.ask(
        provider, [["boolean", "switch"], ["string", "nobody.knows"], ["number", "string"]]
    )
    assert off == found(False, "off", "DISABLED")
    assert (unknown["value"], unknown["errorCode"]) == ("code", "FLAG_NOT_FOUND")
    assert (mistyped["value"], mistyped["errorCode"]) == (-1, "TYPE_MISMATCH")


def test_a_page_reads_all_flags_once_and_follows_a_switch(client: Client, hub: httpx.Client) -> None:
    until(lambda: len(client.ask("bulk")) >= 2)
    assert client.ask("bulk")[:2] == [200, 304]
    before = client.ask("web", [["boolean", "switch"]])
    hub.put(f"{FLAGS}/switch", json={"isEnabled": True, "targetRules": {"users": ["u-1"]}}).raise_for_status()
    until(lambda: "switch" in client.ask("changed"))
    statuses = client.ask("bulk")
    after = client.ask("web", [["boolean", "switch"]])
    hub.put(f"{FLAGS}/switch", json={"isEnabled": False}).raise_for_status()
    assert (before, after) == ([found(False, "off", "DISABLED")], [found(True)])
    assert statuses.count(200) == 2
    until(lambda: client.ask("web", [["boolean", "switch"]]) == before)


def test_the_python_provider_evaluates_every_type(cloud: Cloud, token: str, hub: httpx.Client) -> None:
    provider = OFREPProvider(cloud.api_base, headers_factory=lambda: {"Authorization": f"Bearer {token}"}, timeout=30)
    api.set_provider(provider, "e2e")
    sdk, context = api.get_client("e2e"), EvaluationContext("u-1", {"plan": "pro"})
    answers = [
        sdk.get_boolean_details("boolean", False, context),
        sdk.get_string_details("string", "code", context),
        sdk.get_integer_details("integer", -1, context),
        sdk.get_float_details("float", -1.0, context),
        sdk.get_object_details("object", {}, context),
    ]
    assert [(one.value, one.variant, one.reason) for one in answers] == [
        (on, "on", "TARGETING_MATCH") for _, on, _ in TYPES.values()
    ]
    assert [type(one.value) for one in answers] == [bool, str, int, float, dict]
    others = sdk.get_string_details("string", "code", EvaluationContext("u-2", {"plan": "free"}))
    assert (others.value, others.variant) == ("en", "off")
    unknown = sdk.get_boolean_details("nobody.knows", True, context)
    assert (unknown.value, unknown.error_code) == (True, "FLAG_NOT_FOUND")
