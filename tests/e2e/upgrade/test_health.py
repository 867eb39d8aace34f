"""The health endpoint of the deployed application, whose function may only look (UPG-20)."""

import re
from pathlib import Path

import pytest

from enghub_cli.context import Cloud
from tests.workflows.upgrade.test_upgrade_site import CHECK, Hub

pytestmark = pytest.mark.e2e


def test_every_dependency_is_reached_with_the_rights_that_the_function_has(cloud: Cloud, tmp_path: Path) -> None:
    hub = Hub(cloud, tmp_path / "site.db")
    hub.prepare(pre_business_check=[CHECK])
    found = {one["name"]: one["detail"] for one in hub.call("GET", "/health")["dependencies"]}
    assert re.fullmatch(r"\d+% taken", found.pop("disk"))
    assert found == {
        "table": "reads",
        "stateMachine": "active",
        "secretStore": "answers; no secret for webhooks is stored",
        "bucket": "lists",
        "manifests": "1 in force",
    }
