"""Plans an upgrade of a site from the manifests in force, without running anything (UPG-03, UPG-04)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from enghub.core.i18n import Text
from enghub.kit.sql.lint import Finding, findings
from enghub.kit.sql.locks import long_lock
from enghub.kit.sql.splitter import SplitError, split
from enghub.upgrade.manifests.model import Revision
from enghub.upgrade.manifests.repository import Manifests
from enghub.upgrade.manifests.variables import filled, values_of
from enghub.upgrade.planning.errors import (
    NothingToUpgrade,
    StepsNotSupported,
    UnknownVersion,
    VariablesMissing,
    VariablesUnfit,
)
from enghub.upgrade.planning.needs import Needs, needs_of
from enghub.upgrade.planning.path import find_path
from enghub.upgrade.planning.plan import Plan, PlannedStep, Source, make_plan
from enghub.upgrade.planning.script_modes import Lock, ScriptMode
from enghub.upgrade.planning.undo import backed_up, way_back
from enghub.upgrade.problems import in_one_text
from enghub.upgrade.sites.model import Site
from enghub.upgrade.sites.repository import Sites
from enghub.upgrade.stepping.step import BaseStep
from enghub.upgrade.steps.parameters import texts
from enghub.upgrade.steps.registry import step_class
from enghub.upgrade.versions import Version


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the revisions it is made of."""

    plan: Plan
    site: Site
    revisions: Mapping[str, Revision]
    """By version."""
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Values of the declared ones, by version."""

    @property
    def needs(self) -> Needs:
        """What the path's versions need of the site, against what it states."""
        manifests = (self.revisions[str(version)].manifest for version in self.plan.path.versions)
        return needs_of(manifests, self.site.resources, self.site.components)

    def refuse_other_source(self, source: str) -> None:
        """Refuse to begin from a version that the site does not run.

        Raises:
            UnknownVersion: it runs another one.
        """
        if self.site.version not in (None, source):
            known = f"for the site, which runs {self.site.version} / 局点当前版本为 {self.site.version}"
            raise UnknownVersion(version=source, needed=known)

    @property
    def reference_tables(self) -> tuple[str, ...]:
        """Whose rows the manifests declare to be reference data."""
        declared = (revision.manifest.reference_data for revision in self.revisions.values())
        return tuple(sorted({table for tables in declared for table in tables}))

    @property
    def checksums(self) -> dict[str, str]:
        """Checksums of the manifests it is made of, by version."""
        return {version: revision.checksum for version, revision in self.revisions.items()}

    def scripts_of(self, step: PlannedStep) -> dict[str, str]:
        """Return the hashes of the scripts a step may use, by path."""
        revision = self.revisions.get(step.version)
        return {} if revision is None else {path: ref.sha256 for path, ref in revision.scripts.items()}


@dataclass(frozen=True, slots=True)
class Risk:
    """What the plan says of one step: what it destroys, and whether it can be undone."""

    dangers: tuple[Finding, ...]
    reversible: bool
    undo: Text
    """How it is undone, or why it cannot be."""
    unreadable: tuple[str, ...] = ()
    locks: tuple[Lock, ...] = ()
    """Statements that keep a table locked for as long as it is big."""
    transactions: tuple[ScriptMode, ...] = ()


class Planner:
    """Makes plans."""

    def __init__(self, manifests: Manifests, sites: Sites) -> None:
        self._manifests = manifests
        self._sites = sites

    def plan(self, tenant_id: str, source: str, target: str, site_id: str, environment: str) -> Planned:
        """Return the plan of an upgrade.

        Raises:
            NotAVersion, SiteNotFound, UpgradeRefused
        """
        site = self._sites.get(tenant_id, site_id)
        wanted, begins = Version.parse(target), Version.parse(source)
        if site.version is not None and Version.parse(site.version) == wanted and begins <= wanted:
            raise NothingToUpgrade(source=site.version)
        active = [(head.version, head.active) for head in self._manifests.heads(tenant_id) if head.active is not None]
        revisions = self._manifests.revisions(tenant_id, active) if active else ()
        path = find_path(begins, wanted, [r.manifest for r in revisions], site.applied_versions)
        needed = {str(version) for version in path.versions}
        chosen = {r.manifest.version: r for r in revisions if r.manifest.version in needed}
        values = _values(chosen, site, environment)
        sources = [Source(revision.manifest, revision.number, values[version]) for version, revision in chosen.items()]
        plan = make_plan(path, sources, site_id)
        _check_database(plan, site)
        _check_filled(plan, site, environment)
        return Planned(plan, site, chosen, values)

    def risk(self, tenant_id: str, planned: Planned, step: PlannedStep) -> Risk:
        """Return what a step destroys; reads and splits its scripts."""
        dangers: list[Finding] = []
        unreadable: list[str] = []
        locks: list[Lock] = []
        modes: list[ScriptMode] = []
        dialect = planned.site.dialect
        wanted = str(step.definition.parameters.get("transaction", "script"))
        hashes = planned.scripts_of(step)
        for path in texts(step.definition.parameters, "sql_scripts"):
            try:
                text = filled(self._manifests.script(tenant_id, hashes[path]), step.variables)
                statements = split(text, planned.site.dialect)
            except (KeyError, SplitError) as error:
                unreadable.append(f"{path}: {error}")
                continue
            dangers += findings(path, statements, dialect)
            found = ((one, long_lock(one, dialect)) for one in statements)
            locks += [Lock(path, one.line, one.summary, why) for one, why in found if why is not None]
            modes.append(ScriptMode.of(path, statements, dialect, wanted))
        copies = backed_up(planned.plan.steps)
        declared = any(one.version == step.version for one in planned.plan.rollback)
        reversible, undo = way_back(step.definition, copies, declared=declared)
        return Risk(tuple(dangers), reversible, undo, tuple(unreadable), tuple(locks), tuple(modes))


def _values(chosen: Mapping[str, Revision], site: Site, environment: str) -> dict[str, dict[str, str]]:
    """Return the values of all declared variables, by version.

    Raises:
        VariablesMissing: some have none.
    """
    found = {
        version: values_of(revision.manifest.variables, environment, site.variables)
        for version, revision in chosen.items()
    }
    missing = [f"{version}: {name}" for version, (_, names) in found.items() for name in names]
    if missing:
        raise VariablesMissing(site_id=site.site_id, environment=environment, names=", ".join(missing))
    return {version: values for version, (values, _) in found.items()}


def _check_filled(plan: Plan, site: Site, environment: str) -> None:
    """Refuse now what a step would refuse when it begins: its parameters are looked at as they will be."""
    unfit = [
        f"{step.key} ({in_one_text(problems).render('en')})"
        for step in (*plan.steps, *plan.rollback)
        if step.variables
        and (problems := step_class(step.definition.class_name)().validate(step.definition.parameters))
    ]
    if unfit:
        raise VariablesUnfit(site_id=site.site_id, environment=environment, steps="; ".join(unfit))


def _check_database(plan: Plan, site: Site) -> None:
    """Refuse now what the site's kind of database could not do later (UPG-19)."""
    refused = []
    for step in plan.steps:
        made = step_class(step.definition.class_name)()
        if isinstance(made, BaseStep):
            names = made.unsupported(step.definition.parameters, site.dialect)
            refused += [f"{step.key} ({name})" for name in names]
    if refused:
        raise StepsNotSupported(site_id=site.site_id, dialect=site.dialect.value, steps=", ".join(refused))
