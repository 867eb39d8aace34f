"""What a notice is about: an upgrade of one site, or a roll-out to many. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enghub.core.i18n import Text


@dataclass(frozen=True, slots=True)
class About:
    """What a mail's lines and a webhook's members say, whatever it is about."""

    what: Text
    id: str
    title: str
    facts: tuple[tuple[Text, str | None], ...]
    """Lines of the mail, in order; those without a value are left out."""
    members: Mapping[str, Any]
    report: str | None = None
    """The command that shows the report."""


def about(data: Mapping[str, Any]) -> About:
    """Return what an event of `enghub.upgrade.published` is about."""
    return _rollout(data) if "rollout_id" in data else _upgrade(data)


def _upgrade(data: Mapping[str, Any]) -> About:
    execution_id = data["execution_id"]
    versions = f"{data['source_version']} → {data['target_version']}"
    return About(
        what=Text("Upgrade", "升级"),
        id=execution_id,
        title=f"{data['site_id']} ({data['environment']}): {versions}",
        facts=(
            (Text("Execution", "执行编号"), execution_id),
            (Text("Steps", "步骤"), f"{data['completed_steps']} / {data['total_steps']}"),
            (Text("Step", "当前步骤"), data.get("step")),
        ),
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


def _rollout(data: Mapping[str, Any]) -> About:
    rollout_id = data["rollout_id"]
    return About(
        what=Text("Roll-out", "批量升级"),
        id=rollout_id,
        title=f"{data['name']} ({data['environment']}): → {data['target_version']}",
        facts=(
            (Text("Roll-out id", "批量升级编号"), rollout_id),
            (Text("Wave", "批次"), f"{data['wave']} / {data['waves']}"),
            (Text("Failed sites", "失败局点"), ", ".join(data["failed_sites"])),
        ),
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
