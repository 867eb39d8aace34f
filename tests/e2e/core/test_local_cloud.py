"""The deployed application as a stranger meets it: addresses, tokens, refusals; and the command that runs it."""

import json
import os
import subprocess
import sys

import httpx
import pytest

from enghub_cli.cloud.assembly import ROOT
from enghub_cli.context import Cloud
from tests.cloud import home

pytestmark = pytest.mark.e2e
ROUTE = "/api/v1/system-config"


def enghub(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command against the cloud of this test session."""
    command = [sys.executable, "-c", "from enghub_cli.main import app; app()", *arguments]
    environment = {**os.environ, "ENGHUB_HOME": str(home().folder), "PYTHONPATH": str(ROOT / "cli")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_no_token_a_nonsense_one_and_a_forged_one_are_refused_in_the_envelope(cloud: Cloud) -> None:
    real = cloud.token(tenant="acme", factories=("F1",), user="ann", roles=("AUDITOR",))
    header, payload, signature = real.split(".")
    forged = f"{header}.{payload}.{signature[::-1]}"
    for bearer in (None, "nonsense", forged):
        with cloud.http(bearer) as http:
            answer = http.get(ROUTE)
        assert answer.status_code == 401, bearer
        assert (answer.json()["code"], answer.json()["success"]) == ("40101", False)


def test_refused_tokens_are_in_the_audit(cloud: Cloud) -> None:
    with cloud.http("a-token-nobody-issued") as http:
        http.get(ROUTE)
    rows = cloud.client("dynamodb").scan(TableName="enghub-local-core")["Items"]
    assert any(row["path"]["S"] == ROUTE and row["error"]["S"] == "UNAUTHENTICATED" for row in rows)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/nothing-here"),
        ("GET", f"{ROUTE}/a/b/c"),
        ("DELETE", ROUTE),
        ("GET", "/api"),
        ("POST", "/api/v2/x"),
    ],
    ids=["no context", "no route of a context", "no such method", "the root", "another version"],
)
@pytest.mark.parametrize("bearer", [None, "any"])
def test_what_no_route_serves_is_a_404_in_the_envelope(
    cloud: Cloud, method: str, path: str, bearer: str | None
) -> None:
    with cloud.http(bearer) as http:
        answer = http.request(method, path)
    body = answer.json()
    assert (answer.status_code, body["code"], body["details"]["error"]) == (404, "40401", "ROUTE_NOT_FOUND")
    assert body["requestId"] == answer.headers["x-amzn-requestid"]
    assert "timestamp" not in body, "the gateway knows no time in ISO 8601; a wrong one breaks generated clients"


def test_a_page_on_this_machine_may_ask_and_read_any_other_may_not(cloud: Cloud) -> None:
    wanted = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,if-match"}
    with cloud.http() as http:
        mine, other = (
            http.options(f"{ROUTE}/line.speed", headers={"Origin": origin, **wanted})
            for origin in ("http://localhost:5173", "http://localhost.example.com")
        )
        refused = http.get(ROUTE, headers={"Origin": "http://localhost:5173"})
    token = cloud.token(tenant="acme", factories=("F1",), user="ann", roles=("AUDITOR",))
    with cloud.http(token) as http:
        answers = [http.get(ROUTE, headers={"Origin": o}) for o in ("http://127.0.0.1:3000", "https://evil.example")]
    assert (mine.status_code, mine.content) == (204, b"")
    assert mine.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert "PUT" in mine.headers["Access-Control-Allow-Methods"].split(",")
    assert {"Authorization", "If-Match"} <= set(mine.headers["Access-Control-Allow-Headers"].split(","))
    assert (other.status_code, other.headers.get("Access-Control-Allow-Origin")) == (204, None)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, "*")
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.headers.get("Access-Control-Allow-Origin") for answer in answers] == ["http://127.0.0.1:3000", None]


def test_each_api_has_its_own_address_too(cloud: Cloud) -> None:
    apis = {api["name"]: api["id"] for api in cloud.client("apigateway").get_rest_apis()["items"]}
    direct = f"{cloud.running.endpoint}/_aws/execute-api/{apis['enghub-local-settings']}/local"
    token = cloud.token(tenant="acme", factories=("F1",), user="ann", roles=("AUDITOR",))
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{direct}{ROUTE}", headers=headers, trust_env=False).status_code == 200
    elsewhere = httpx.get(f"{direct}/api/v1/work-orders", headers=headers, trust_env=False)
    assert elsewhere.status_code == 404, "another context's routes are not in it"


def test_status_names_what_runs(cloud: Cloud) -> None:
    report = json.loads(enghub("status", "--json").stdout)
    assert report["api"] == cloud.api_base
    assert "enghub-local-core-authorize" in report["functions"]
    assert "enghub-local-settings-failed-invocations" in {queue["name"] for queue in report["queues"]}


def test_the_command_prints_the_address_and_a_token_that_works(cloud: Cloud) -> None:
    assert enghub("url").stdout.strip() == cloud.api_base
    token = enghub("token", "--tenant", "acme", "--user", "tess", "--role", "CONFIG_VIEWER").stdout.strip()
    with cloud.http(token) as http:
        assert http.get(ROUTE).status_code == 200


def test_the_log_of_a_function_can_be_read_by_any_part_of_its_name(cloud: Cloud) -> None:
    with cloud.http("one-more-bad-token") as http:
        http.get(ROUTE)
    assert "token refused" in enghub("logs", "core/authorize").stdout


def test_a_mistake_is_one_line_that_says_what_to_do(cloud: Cloud) -> None:
    done = enghub("token", "--tenant", "acme", "--user", "tess", "--role", "KING")
    assert done.returncode == 1
    assert done.stderr.startswith("enghub: Unknown role KING: use ")
    assert done.stderr.count("\n") == 1


def test_without_a_running_cloud_the_commands_say_how_to_start_it() -> None:
    command = [sys.executable, "-c", "from enghub_cli.main import app; app()", "url"]
    environment = {**os.environ, "ENGHUB_HOME": "/nonexistent", "PYTHONPATH": str(ROOT / "cli")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "enghub: The local cloud is not running: type `enghub up`\n")
