"""The document's own manifests arrive by HTTP as they are; broken ones come back with the field (UPG-01)."""

from typing import Any

import pytest

from enghub.upgrade.manifests.model import parse
from tests.factories import stored
from tests.factories.upgrade import baseline, step
from tests.functional.upgrade.conftest import Upgrade
from tests.unit.upgrade.test_manifest import BROKEN, example

MANIFESTS = "/api/v1/upgrade/manifests"


@pytest.mark.parametrize("name", ["baseline", "patch", "best_practice"])
def test_the_documents_own_examples_are_stored_unchanged(upgrade: Upgrade, name: str) -> None:
    document = example(name)
    scripts = dict.fromkeys(parse(document).script_paths, "SELECT 1")
    body = {"manifest": document, "scripts": scripts, "activate": True}
    status, answer = upgrade.send("change_manifest", "POST", MANIFESTS, body)
    assert status == 201, answer
    kept = upgrade.send("read_manifests", "GET", f"{MANIFESTS}/{document['version']}")[1]["data"]
    assert kept["document"] == document


@pytest.mark.parametrize(("document", "field"), BROKEN)
def test_a_broken_manifest_is_refused_with_the_fields_name(
    upgrade: Upgrade, document: dict[str, Any], field: str
) -> None:
    status, answer = upgrade.send("change_manifest", "POST", MANIFESTS, {"manifest": document, "activate": True})
    assert (status, answer["details"]["field"]) == (400, field)
    assert field in answer["message"]
    assert upgrade.send("read_manifests", "GET", MANIFESTS)[1]["data"] == {"items": []}


def test_what_is_in_force_already_is_no_new_revision(upgrade: Upgrade) -> None:
    """A pipeline pushes the whole folder each time; only what changed is told and counted."""
    main = step("enghub.SqlScripts", "main", sql_scripts=["a.sql"])
    document = baseline("2.16.5", upgrade_steps={"startup_pre_process": [main]})

    def pushed(text: str) -> int:
        body = {"manifest": document, "scripts": {"a.sql": text}, "activate": True}
        status, answer = upgrade.send("change_manifest", "POST", MANIFESTS, body)
        assert status == 201, answer
        number: int = answer["data"]["activeRevision"]
        return number

    assert [pushed("SELECT 1"), pushed("SELECT 1"), pushed("SELECT 2"), pushed("SELECT 2"), pushed("SELECT 1")] == [
        *(1, 1, 2, 2, 3),
    ]
    assert len([one for one in stored.events() if one["event_type"] == "ManifestChanged"]) == 3
