"""Rehearses from a folder of manifests and scripts, as they lie in a repository, without a deployed hub (UPG-09)."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from enghub.core.clock import system_clock
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.upgrade.executions.model import Execution, Status
from enghub.upgrade.executions.rollback import declared_records
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.gateways.databases.session import Address
from enghub.upgrade.manifests.document import Manifest
from enghub.upgrade.manifests.model import parse
from enghub.upgrade.planning.path import find_path
from enghub.upgrade.planning.plan import Plan, Source, make_plan
from enghub.upgrade.rehearsal.runner import Rehearsal, Rehearsing
from enghub.upgrade.sql.dialect import Dialect
from enghub.upgrade.steps.base import StepFailed
from enghub.upgrade.steps.parameters import texts
from enghub.upgrade.steps.registry import known_classes
from enghub.upgrade.versions import Version

TENANT, EXECUTION = "rehearsal", "rehearsal"
UNREADABLE = Text("{file} cannot be read as JSON: {why}", "{file} 不是可读的 JSON：{why}")
NO_SCRIPT = Text("The package has no script {path}, which a manifest names", "升级包缺少配置中所指的脚本 {path}")


def rehearse_package(
    folder: Path,
    versions: tuple[str, str],
    site_id: str,
    addresses: tuple[Mapping[str, str], Mapping[str, str]],
    dialect: Dialect,
) -> Rehearsal:
    """Rehearse an upgrade.

    Args:
        folder: manifests (`*.json`), and their scripts at the paths that the manifests name.
        versions: from which to which.
        site_id: whose steps to take.
        addresses: of the site's and of the scratch database, each as a site's secret holds it.
        dialect: of both.

    Raises:
        ManifestInvalid, UpgradeRefused, NotAVersion: nothing was begun.
        StepFailed: an address or the scratch database is refused, or a script is missing.
        DatabaseUnreachable: one of the two does not answer.
    """
    source, target = versions
    manifests = [_manifest(file) for file in sorted(folder.glob("*.json"))]
    path = find_path(Version.parse(source), Version.parse(target), manifests)
    plan = make_plan(path, [Source(manifest, 1) for manifest in manifests], site_id)
    scripts = {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(folder.rglob("*.sql"))
        if file.is_file()
    }
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in scripts.items()}
    by_hash = {digest: scripts[name] for name, digest in hashes.items()}
    _check_scripts(plan, hashes)
    origin = Origin(TENANT, "", "rehearsal", system_clock(), "rehearsal")
    site, scratch = (Address.of(dialect, address) for address in addresses)
    rehearsing = Rehearsing(site, scratch, lambda _, digest: by_hash[digest], origin)
    execution = _execution(plan, versions, site_id, origin)
    declared = declared_records(EXECUTION, ((step, hashes) for step in plan.rollback))
    return rehearsing.run(execution, _records(plan, hashes), declared)


def _manifest(file: Path) -> Manifest:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StepFailed(UNREADABLE, file=file.name, why=str(error)) from error
    return parse(document, known_classes())


def _records(plan: Plan, hashes: Mapping[str, str]) -> list[StepRecord]:
    return [
        StepRecord(EXECUTION, number, step.key, step.stage, step.version, step.definition, hashes)
        for number, step in enumerate(plan.steps, 1)
    ]


def _execution(plan: Plan, versions: tuple[str, str], site_id: str, origin: Origin) -> Execution:
    return Execution(
        tenant_id=TENANT, execution_id=EXECUTION, site_id=site_id, environment="rehearsal", source_version=versions[0],
        target_version=versions[1], status=Status.PENDING, revisions={}, total_steps=len(plan.steps),
        created_by=origin.user_id, created_at=origin.at, fencing_token=0,
    )  # fmt: skip


def _check_scripts(plan: Plan, hashes: Mapping[str, str]) -> None:
    for step in (*plan.steps, *plan.rollback):
        for key in ("sql_scripts", "rollback_scripts"):
            for name in texts(step.definition.parameters, key):
                if name not in hashes:
                    raise StepFailed(NO_SCRIPT, path=name)
