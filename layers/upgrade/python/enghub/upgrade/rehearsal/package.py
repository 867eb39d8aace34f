"""Rehearses from a folder of manifests and scripts, as they lie in a repository, without a deployed hub (UPG-09)."""

import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from enghub.core.clock import system_clock
from enghub.core.commits import Commit
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.kit.databases.session import Address
from enghub.kit.files.folder import LocalFiles
from enghub.kit.sql.dialect import Dialect
from enghub.kit.work.errors import WorkFailed
from enghub.kit.work.slices import Budget
from enghub.upgrade.executions.step import StepRecord
from enghub.upgrade.gateways.databases.scratch import Scratch, check
from enghub.upgrade.manifests.document import Manifest
from enghub.upgrade.manifests.model import parse
from enghub.upgrade.manifests.variables import values_of
from enghub.upgrade.planning.path import find_path
from enghub.upgrade.planning.plan import Plan, Source, make_plan
from enghub.upgrade.rehearsal.memory import MemoryExecutions, MemoryRehearsals
from enghub.upgrade.rehearsal.model import Rehearsal, StartRehearsal
from enghub.upgrade.rehearsal.service import prepared
from enghub.upgrade.rehearsal.workflow import Rehearsing
from enghub.upgrade.stepping.ports import Ports
from enghub.upgrade.steps.parameters import texts
from enghub.upgrade.steps.registry import known_classes
from enghub.upgrade.versions import Version

TENANT = "rehearsal"
SLICE_SECONDS = 45.0
UNREADABLE = Text("{file} cannot be read as JSON: {why}", "{file} 不是可读的 JSON：{why}")
NO_DEFAULT = Text("{version} has no default for {names}", "{version} 的变量 {names} 没有默认值")
NO_SCRIPT = Text("The package has no script {path}, which a manifest names", "升级包缺少配置中所指的脚本 {path}")


def rehearse_package(
    folder: Path,
    versions: tuple[str, str],
    site_id: str,
    addresses: tuple[Mapping[str, str], Mapping[str, str]],
    dialect: Dialect,
    *,
    row_limit: int,
) -> Rehearsal:
    """Rehearse an upgrade; what is refused after that is the problem of the result.

    Args:
        folder: manifests (`*.json`), and their scripts at the paths that the manifests name.
        versions: from which to which.
        site_id: whose steps to take.
        addresses: of the site's and of the scratch database, each as a site's secret holds it.
        dialect: of both.
        row_limit: rows of each table at most.

    Raises:
        ManifestInvalid, UpgradeRefused, NotAVersion, NothingToRehearse: nothing was begun.
        WorkFailed: an address or the scratch database is refused, or a script is missing.
        DatabaseUnreachable: one of the two does not answer.
    """
    source, target = versions
    manifests = [_manifest(file) for file in sorted(folder.glob("*.json"))]
    path = find_path(Version.parse(source), Version.parse(target), manifests)
    plan = make_plan(path, [_source(manifest) for manifest in manifests], site_id)
    scripts = {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(folder.rglob("*.sql"))
        if file.is_file()
    }
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in scripts.items()}
    by_hash = {digest: scripts[name] for name, digest in hashes.items()}
    _check_scripts(plan, hashes)
    origin = Origin(TENANT, "", "rehearsal", system_clock(), "rehearsal")
    asked = StartRehearsal(source, target, site_id, "rehearsal", row_limit)
    rehearsal, records = prepared(asked, plan, {}, lambda _: hashes, origin)
    site, scratch = (Address.of(dialect, address) for address in addresses)
    check(site, scratch)
    return rehearse(rehearsal, records, (site, scratch), lambda _, digest: by_hash[digest], origin)


def rehearse(
    rehearsal: Rehearsal,
    records: Sequence[StepRecord],
    addresses: tuple[Address, Address],
    script: Callable[[str, str], str],
    origin: Origin,
) -> Rehearsal:
    """Rehearse here, from the beginning to the end; see `Rehearsing` for the arguments.

    Raises:
        DatabaseUnreachable: one of the two does not answer.
    """
    site, scratch = addresses
    executions, store = MemoryExecutions(), MemoryRehearsals()
    executions.plan_steps(origin.tenant_id, records)
    store.save(Commit(origin, "", rehearsal))
    with tempfile.TemporaryDirectory() as folder:
        ports = Ports(artifacts=LocalFiles(Path(folder), "The temporary folder"))
        rehearsing = Rehearsing(
            store, executions, lambda one: Scratch(site, scratch, one.rehearsal_id), lambda _: ports, script
        )
        while True:
            budget = Budget.of(SLICE_SECONDS, 2 * SLICE_SECONDS)
            answer = rehearsing.advance(rehearsal.rehearsal_id, rehearsal.run, 0, budget, origin)
            if answer.outcome != "more":
                return store.get(origin.tenant_id, rehearsal.rehearsal_id)
            time.sleep(answer.wait_seconds)


def _source(manifest: Manifest) -> Source:
    """Return a manifest with its defaults: there is neither environment nor site.

    Raises:
        WorkFailed: a variable has none.
    """
    values, missing = values_of(manifest.variables, "", {})
    if missing:
        raise WorkFailed(NO_DEFAULT, version=manifest.version, names=", ".join(missing))
    return Source(manifest, 1, values)


def _manifest(file: Path) -> Manifest:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WorkFailed(UNREADABLE, file=file.name, why=str(error)) from error
    return parse(document, known_classes())


def _check_scripts(plan: Plan, hashes: Mapping[str, str]) -> None:
    for step in (*plan.steps, *plan.rollback):
        for key in ("sql_scripts", "rollback_scripts"):
            for name in texts(step.definition.parameters, key):
                if name not in hashes:
                    raise WorkFailed(NO_SCRIPT, path=name)
