"""A PLM by SOAP on the deployed hub: npm ``soap``, unmodified, and a sync over such a connection (PLM-18, PLM-22)."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from enghub.core.clock import system_clock
from enghub_cli.context import STAGE, Cloud
from tests import npm
from tests.e2e.plm.conftest import Plm
from tests.waiting import until

pytestmark = pytest.mark.e2e
PROGRAM = Path(__file__).parents[2] / "data" / "soap"
SYNC = "/api/v1/plm/sync"


@pytest.fixture
def connection(cloud: Cloud, plm: Plm) -> Iterator[str]:
    """A connection by SOAP to the sandbox that the connection ``default`` reaches by REST."""
    name, store, api = f"soap-{uuid4().hex[:8]}", cloud.client("secretsmanager"), plm.api
    said = {"tenantId": "acme", "factoryId": "sh-01", "apiKey": api.api_key, "secret": api.secret, "protocol": "SOAP"}
    path = f"enghub/{STAGE}/plm/api/{name}"
    store.create_secret(Name=path, SecretString=json.dumps({**said, "baseUrl": f"{api.base_url}/soap"}))
    yield name
    plm.scenario(bad_answer="")
    store.delete_secret(SecretId=path, ForceDeleteWithoutRecovery=True)


def test_npm_soap_unmodified_reads_the_contract_and_calls_every_operation(plm: Plm) -> None:
    command = ["node", "call.mjs", f"{plm.api.base_url}/soap", plm.api.token(system_clock())]
    done = subprocess.run(command, cwd=npm.installed(PROGRAM), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert len(found["names"]) == 7
    answers = found["answers"]
    assert answers["ListObjectIds"] == {
        "objectId": ["OBJ-0000000", "OBJ-0000001", "OBJ-0000002"],
        "after": "OBJ-0000002",
    }
    products = answers["GetProducts"]["product"]
    assert [one["objectId"] for one in products] == ["OBJ-0000017", "OBJ-0000018"]
    assert products[0].get("materialCode") is None
    assert len(answers["GetPpapDocuments"]["items"]) == 18
    assert answers["GetProject"]["phase"] == "PLM_PHASE_2"
    assert all(answers[name]["taken"] >= 1 for name in ("TakePpapApproval", "TakeGate", "TakeImprovements"))
    assert "Client" in found["fault"]
    kept = plm.control("PUT", "scenario", {})
    assert json.loads(dict(kept["approvals"])["npm-TakePpapApproval"])["comments"] == "ok < 5 µm"
    assert json.loads(dict(kept["gates"])["npm-TakeGate"])["approvers"] == ["lead", "quan"]
    assert dict(kept["improvements"])["npm-TakeImprovements"] == ["r-1", "r-2"]


def test_a_sync_by_soap_takes_products_and_a_fault_is_read_in_its_report(
    plm: Plm, engineer: httpx.Client, connection: str
) -> None:
    plm.scenario(products=60)

    def ended() -> dict[str, object]:
        wanted = {"mode": "FULL", "batchType": "LIGHT", "connection": connection}
        answer = engineer.post(SYNC, json=wanted, headers={"Idempotency-Key": uuid4().hex})
        assert answer.status_code == 202, answer.text
        run = f"{SYNC}/{answer.json()['data']['runId']}"

        def look() -> dict[str, object] | None:
            data: dict[str, object] = engineer.get(run).json()["data"]
            return data if data["status"] in {"SUCCEEDED", "FAILED"} else None

        return until(look, seconds=150, every=0.5)

    data = ended()
    assert data["status"] == "SUCCEEDED", data
    assert sum(data["records"].values()) == 60  # type: ignore[attr-defined]
    plm.scenario(bad_answer="REFUSED")
    assert "listing the products failed" in str(ended()["failure"])
