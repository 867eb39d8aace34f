"""The deployed application as a stranger meets it: addresses, tokens, refusals; and the command that runs it."""

import json
import os
import subprocess
import sys

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


def test_an_unknown_route_is_a_404_in_the_envelope(cloud: Cloud) -> None:
    with cloud.http() as http:
        answer = http.get("/api/v1/nothing-here")
    assert (answer.status_code, answer.json()["code"]) == (404, "40401")


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
