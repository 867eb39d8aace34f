"""What a notice is about: an upgrade of one site, or a roll-out to many. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Subject:
    """What templates and webhooks may say of it."""

    kind: str
    id: str
    facts: Mapping[str, Any]
    """By the names of the notice type's facts."""
    members: Mapping[str, Any]
    """Of the webhook's body, as its receivers know them."""
    report: str | None = None
    """The command that shows the report."""


def subject_of(data: Mapping[str, Any]) -> Subject:
    """Return what an event of `enghub.upgrade.published` is about."""
    return _rollout(data) if "rollout_id" in data else _upgrade(data)


def _upgrade(data: Mapping[str, Any]) -> Subject:
    execution_id = data["execution_id"]
    versions = f"{data['source_version']} → {data['target_version']}"
    return Subject(
        kind="upgrade",
        id=execution_id,
        facts={
            "title": f"{data['site_id']} ({data['environment']}): {versions}",
            "execution_id": execution_id,
            "completed_steps": data["completed_steps"],
            "total_steps": data["total_steps"],
            "step": data.get("step"),
            "note": data.get("note"),
        },
        members={
            "executionId": execution_id,
            "siteId": data["site_id"],
            "environment": data["environment"],
            "upgradeBeforeVersion": data["source_version"],
            "upgradeAfterVersion": data["target_version"],
            "step": data.get("step"),
            "note": data.get("note"),
            "completedSteps": data["completed_steps"],
            "totalSteps": data["total_steps"],
        },
        report=f"enghub upgrade report {execution_id} --html report.html",
    )


def _rollout(data: Mapping[str, Any]) -> Subject:
    rollout_id = data["rollout_id"]
    return Subject(
        kind="rollout",
        id=rollout_id,
        facts={
            "title": f"{data['name']} ({data['environment']}): → {data['target_version']}",
            "rollout_id": rollout_id,
            "wave": data["wave"],
            "waves": data["waves"],
            "failed_sites": ", ".join(data["failed_sites"]),
        },
        members={
            "rolloutId": rollout_id,
            "name": data["name"],
            "environment": data["environment"],
            "upgradeAfterVersion": data["target_version"],
            "wave": data["wave"],
            "waves": data["waves"],
            "sites": data["sites"],
            "succeeded": data["succeeded"],
            "failed": data["failed"],
            "skipped": data["skipped"],
            "failedSites": data["failed_sites"],
            "failureRate": data["failure_rate"],
            "maxFailureRate": data["max_failure_rate"],
        },
    )
