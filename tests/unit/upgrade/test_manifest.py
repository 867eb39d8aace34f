"""The source document's own manifests load unchanged, broken ones are refused by the field's name (UPG-01)."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from enghub.core.i18n import rendered
from enghub.upgrade.manifests.document import Manifest, checksum
from enghub.upgrade.manifests.errors import ManifestIncomplete, ManifestInvalid
from enghub.upgrade.manifests.model import Head, ScriptRef, diff, parse, revision_of
from enghub.upgrade.phases import Phase
from enghub.upgrade.steps.registry import StepClassUnknown, known_classes, step_class
from tests.factories.upgrade import NOW, ORIGIN, TENANT, baseline, step

DATA = Path(__file__).parents[2] / "data" / "upgrade"
SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "upgrade-manifest.schema.json"


def example(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    return loaded


def broken(**places: Any) -> dict[str, Any]:
    """The example baseline with values put at dotted places; None removes."""
    document = copy.deepcopy(example("baseline"))
    for place, value in places.items():
        *way, last = place.split("__")
        target: Any = document
        for part in way:
            target = target[int(part)] if part.isdigit() else target.setdefault(part, {})
        key: Any = int(last) if last.isdigit() else last
        if value is None:
            del target[key]
        else:
            target[key] = value
    return document


@pytest.mark.parametrize("name", ["baseline", "patch", "best_practice"])
def test_the_documents_own_examples_load_unchanged(name: str) -> None:
    manifest = parse(example(name))
    assert manifest.version == example(name)["version"]


@pytest.mark.parametrize("name", ["baseline", "patch", "best_practice"])
def test_every_class_name_of_the_examples_can_run(name: str) -> None:
    manifest = parse(example(name), known_classes())
    for place, found in manifest.all_steps:
        assert step_class(found.class_name)().validate(found.parameters) == (), place


def test_unknown_keys_of_a_step_are_its_parameters() -> None:
    manifest = parse(example("patch"))
    first = manifest.upgrade_steps.of(Phase.STARTUP_PRE_PROCESS)[0]
    assert first.parameters["sql_scripts"][0] == "patch/2.16.5.1/001_fix_order_status.sql"
    assert first.timeout == 300
    assert "patch/2.16.5.1/rollback_001_order_status.sql" in manifest.script_paths


S = "upgrade_steps__pre_business_check__0__"


BROKEN = [
    (broken(version=None), "version"),
    (broken(version="2.16"), "version"),
    (broken(version="2.16.x"), "version"),
    (broken(version="2.16.5.1"), "version"),
    (broken(version_type="hotfix"), "version_type"),
    (broken(base_version="2.16.4"), "base_version"),
    (broken(surprise=1), "surprise"),
    (broken(dependencies__min_source_version="2"), "dependencies.min_source_version"),
    (broken(dependencies__min_source_version="2.16.9"), "dependencies"),
    (broken(dependencies__max_source_version="2.17.0"), "dependencies.max_source_version"),
    (broken(dependencies__other=[]), "dependencies.other"),
    (broken(upgrade_steps__phase_six=[]), "upgrade_steps.phase_six"),
    (broken(**{S + "id": None}), "upgrade_steps.pre_business_check.0.id"),
    (broken(**{S + "id": "a b"}), "upgrade_steps.pre_business_check.0.id"),
    (broken(**{S + "class_name": None}), "upgrade_steps.pre_business_check.0.class_name"),
    (broken(**{S + "class_name": "os.system"}), "upgrade_steps.pre_business_check.0.class_name"),
    (broken(**{S + "timeout": 0}), "upgrade_steps.pre_business_check.0.timeout"),
    (broken(**{S + "timeout": "soon"}), "upgrade_steps.pre_business_check.0.timeout"),
    (broken(**{S + "retry_count": -1}), "upgrade_steps.pre_business_check.0.retry_count"),
    (broken(**{S + "is_common": False}), "upgrade_steps.pre_business_check.0"),
    (broken(**{S + "id": "pre_upgrade_process_001"}), "upgrade_steps.pre_upgrade_process.0.id"),
    (broken(**{S + "dependencies": ["pre_business_check_001"]}), "upgrade_steps.pre_business_check.0.dependencies"),
    (
        broken(**{S + "dependencies": ["startup_pre_process_001"]}),
        "upgrade_steps.pre_business_check.0.dependencies",
    ),
    (broken(notifications__webhook_url="ftp://x"), "notifications.webhook_url"),
]


@pytest.mark.parametrize(("document", "field"), BROKEN)
def test_a_broken_manifest_is_refused_with_the_fields_name(document: dict[str, Any], field: str) -> None:
    with pytest.raises(ManifestInvalid) as error:
        parse(document, known_classes())
    assert error.value.details["field"] == field
    assert error.value.name == "VALIDATION_ERROR"


@pytest.mark.parametrize("document", [document for document, _ in BROKEN])
def test_what_is_wrong_is_said_in_one_language(document: dict[str, Any]) -> None:
    with pytest.raises(ManifestInvalid) as error:
        parse(document, known_classes())
    english = rendered(error.value.details["problem"], "en")
    chinese = rendered(error.value.details["problem"], "zh")
    assert re.search("[\u4e00-\u9fff]", chinese)
    assert not re.search("[\u4e00-\u9fff]", english)
    assert "Value error" not in english


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(ManifestInvalid) as error:
        parse(broken(version="x", surprise=1, **{S + "timeout": 0}))
    assert len(error.value.details["errors"]) == 3


def test_a_script_path_cannot_leave_the_bundle_nor_be_missing_when_activated() -> None:
    document = baseline(upgrade_steps={"post_upgrade": [step("enghub.SqlScripts", sql_scripts=["a.sql"])]})
    revision = revision_of(ORIGIN, 1, document, parse(document), {})
    head = Head(TENANT, revision.version, 1, None, "baseline", "", "", "ada", NOW)
    with pytest.raises(ManifestIncomplete, match=r"a\.sql"):
        head.activate(revision, "ada", NOW)


def test_the_checksum_covers_document_and_scripts_and_no_spelling() -> None:
    document = example("patch")
    assert checksum(document) == checksum(dict(reversed(list(document.items()))))
    manifest = parse(document)
    one, two = (revision_of(ORIGIN, 1, document, manifest, {"a": ScriptRef(h, 1)}) for h in ("1", "2"))
    assert one.checksum != two.checksum
    assert manifest.metadata.checksum == "patch_md5hash_value"


def test_a_difference_names_the_path() -> None:
    old, new = example("baseline"), broken(**{S + "timeout": 60, "description": "new"})
    before, after = (revision_of(ORIGIN, n, d, parse(d), {}) for n, d in enumerate((old, new)))
    found = {change.field: (change.before, change.after) for change in diff(before, after)}
    assert found["upgrade_steps.pre_business_check.0.timeout"] == (120, 60)
    assert set(found) == {"description", "upgrade_steps.pre_business_check.0.timeout"}


def test_nothing_outside_the_registry_can_be_loaded() -> None:
    with pytest.raises(StepClassUnknown):
        step_class("os.path")


def test_the_published_schema_is_the_models() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == Manifest.model_json_schema()
