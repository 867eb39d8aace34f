"""The stored form: what steps return comes back as it was, and what an earlier release has stored is read (0034)."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from enghub.core.aggregates import Items
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.artifacts.dynamo import ARTIFACTS
from enghub.upgrade.artifacts.model import Artifact
from enghub.upgrade.executions.dynamo import EXECUTIONS, STEPS
from enghub.upgrade.executions.model import OnFailure, Rollback
from enghub.upgrade.executions.step import Problem, StepRecord
from enghub.upgrade.manifests.dynamo import HEADS
from enghub.upgrade.manifests.model import Head
from enghub.upgrade.phases import Stage
from enghub.upgrade.rehearsal.dynamo import REHEARSALS
from enghub.upgrade.rehearsal.model import NotCopied, Rehearsal, StepTimes
from enghub.upgrade.rollouts.dynamo import ROLLOUTS, ROWS
from enghub.upgrade.rollouts.model import Rollout, SiteRow
from enghub.upgrade.sites.dynamo import SITES
from enghub.upgrade.sites.model import Site
from enghub.upgrade.versions import Version
from tests.factories.upgrade import NOW, execution, records, step

WHY = Problem("why", "原因")
RESULT = {"seconds": 0.25, "checks": [{"id": "a", "rate": 12.5, "of": None}]}
(PLANNED,) = records(
    {Stage.POST_UPGRADE: [step("enghub.RowMigration", migrations=[{"batch_seconds": 0.5}], priority=7)]}, {}
)
FAILED = PLANNED.begin(1, NOW).failed(WHY, RESULT, 5, NOW, retryable=False)
STOPPED = replace(
    execution(1).fail(WHY, FAILED, NOW), decision="applied", rollback=Rollback(2, "ada", NOW, 3, problem=WHY)
)
TIMES = StepTimes("2.16.5/main", 0.5, None, 1.25, restored=True, differences=("table items",), no_inverse=WHY)
KEPT: list[tuple[Items[Any], Any]] = [
    (EXECUTIONS, STOPPED),
    (STEPS, replace(FAILED, cursor={"at": [1, 2.5]}, retry_at=NOW + timedelta(seconds=2))),
    (SITES, Site("acme", "EU", "欧洲", Dialect.MARIADB, {"stop": "https://eu"}, ("mes",), "ada", NOW, "2.16.4")),
    (ARTIFACTS, Artifact("acme", "packages/1.zip", 5, "ab" * 32, "ada", NOW)),
    (HEADS, Head("acme", Version((2, 16, 5, 1)), 3, None, "patch", "fix", "cd" * 32, "ada", NOW)),
    (
        REHEARSALS,
        Rehearsal(
            *("acme", "01R", "EU", "test", "2.16.4", "2.16.5", 100, {"2.16.5": "ab"}, ("2.16.5/mail",), "ada", NOW),
            not_copied=(NotCopied("table x", "no key"),),
            steps=(TIMES,),
        ),
    ),
    (
        ROLLOUTS,
        Rollout("acme", "01F", "Europe", "2.16.5", "prod", 5, 0.25, 60, True, OnFailure.CONFIRM, 7, 2, 1, "ada", NOW),
    ),
    (ROWS, SiteRow("01F", "EU", 1, True, reason=WHY, started_at=NOW)),
]
names = pytest.mark.parametrize(("items", "value"), KEPT, ids=[items.entity for items, _ in KEPT])


@names
def test_what_is_stored_comes_back(items: Items[Any], value: Any) -> None:
    assert items.value(items.item(value, ("partition", "sort"))) == value


@names
def test_what_an_earlier_release_has_stored_is_read(items: Items[Any], value: Any) -> None:
    """Its bodies were pydantic's JSON, with the revision and the audit's link among the members."""
    body = json.loads(TypeAdapter(items.kind).dump_json(value))
    body |= {"record_version": 3, "audit_sequence": 2, "audit_hash": "ab"}
    assert items.value({"body": {"S": json.dumps(body)}, "record_version": {"N": "4"}}) == value


def test_the_numbers_that_a_step_returns_stay_numbers() -> None:
    stored = STEPS.value(STEPS.item(FAILED, ("partition", "sort")))
    assert isinstance(stored, StepRecord)
    assert json.dumps(stored.result) == json.dumps(RESULT)
    assert isinstance(stored.definition.parameters["migrations"][0]["batch_seconds"], float)
