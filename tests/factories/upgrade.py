"""Ready-made upgrades for tests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from enghub.core.identity import Origin
from enghub.upgrade.executions.model import Execution, Status
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.manifests.document import Step
from enghub.upgrade.phases import STAGES, Stage

TENANT, SITE, EXECUTION = "acme", "EU", "01EXECUTION"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ORIGIN = Origin(TENANT, "F1", "ada", NOW, "request-1")


def step(class_name: str, id: str = "step", **keys: Any) -> dict[str, Any]:  # noqa: A002
    return {"id": id, "name": id, "class_name": class_name, **keys}


def baseline(version: str = "2.16.5", **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "version": version,
        "version_type": "baseline",
        "description": f"Upgrade to {version}",
        "dependencies": {"min_source_version": "2.0.0"},
        "upgrade_steps": {},
    }
    return {**document, **changes}


def patch(version: str = "2.16.5.1", **changes: Any) -> dict[str, Any]:
    base = version.rsplit(".", 1)[0]
    return {"version": version, "version_type": "patch", "base_version": base, "upgrade_steps": {}, **changes}


def execution(total: int, **changes: Any) -> Execution:
    values: dict[str, Any] = {
        "tenant_id": TENANT,
        "execution_id": EXECUTION,
        "site_id": SITE,
        "environment": "test",
        "source_version": "2.16.4",
        "target_version": "2.16.5",
        "status": Status.PENDING,
        "revisions": {"2.16.5": 1},
        "total_steps": total,
        "created_by": "ada",
        "created_at": NOW,
        "fencing_token": 1,
    }
    return Execution(**{**values, **changes})


def records(steps: Mapping[Stage, list[dict[str, Any]]], scripts: Mapping[str, str]) -> tuple[StepRecord, ...]:
    planned = [(stage, found) for stage in STAGES for found in steps.get(stage, [])]
    return tuple(
        StepRecord(EXECUTION, number, f"2.16.5/{found['id']}", stage, "2.16.5", Step.model_validate(found), scripts)
        for number, (stage, found) in enumerate(planned, 1)
    )
