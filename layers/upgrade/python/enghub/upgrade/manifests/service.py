"""What people do with manifests (UPG-01)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from enghub.core.claims import Claim
from enghub.core.commits import Commit, Kept
from enghub.core.events import Envelope
from enghub.core.i18n import Text
from enghub.core.identity import Origin
from enghub.upgrade import published
from enghub.upgrade.manifests.document import Manifest, Step
from enghub.upgrade.manifests.errors import ConfigurationNotFound
from enghub.upgrade.manifests.model import (
    Difference,
    Head,
    Revision,
    describe,
    diff,
    parse,
    refused,
    revision_of,
    script_ref,
)
from enghub.upgrade.manifests.repository import Manifests
from enghub.upgrade.problems import Problem
from enghub.upgrade.stepping.step import Step as StepClass
from enghub.upgrade.steps.parameters import unknown
from enghub.upgrade.steps.registry import USUAL, known_classes, offered, step_class
from enghub.upgrade.versions import Version

NOT_THERE = Text("the manifest names this script; send it along", "配置引用了该脚本，请一并上传")
NO_METHOD = Text("{name} offers these methods: {known}", "{name} 可用的方法：{known}")
NO_STEP = Text("no step has the id {id}", "没有 id 为 {id} 的步骤")


@dataclass(frozen=True, slots=True)
class Stored:
    """A version with the revision in question."""

    head: Head
    revision: Revision


class ManifestService:
    """The use cases."""

    def __init__(self, manifests: Manifests, classes: Callable[[], Collection[str]] = known_classes) -> None:
        self._manifests = manifests
        self._classes = classes

    def check(self, document: Mapping[str, Any], scripts: Mapping[str, str]) -> tuple[Manifest, tuple[str, ...]]:
        """Validate without storing; return the manifest and the scripts it lacks.

        Raises:
            ManifestInvalid: with every problem.
        """
        manifest = parse(document, self._classes())
        problems = list(_parameter_problems(manifest))
        if problems:
            raise refused(problems)
        return manifest, tuple(path for path in manifest.script_paths if path not in scripts)

    def prove(self, document: Mapping[str, Any], scripts: Mapping[str, str]) -> Manifest:
        """Validate a whole package without storing it: also its scripts, and the steps that its steps wait for.

        Raises:
            ManifestInvalid: with every problem.
        """
        manifest, missing = self.check(document, scripts)
        problems = [Problem(f"scripts.{path}", NOT_THERE) for path in missing]
        known = {step.id for _, step in manifest.all_steps}
        problems += [
            Problem(f"{place}.dependencies", NO_STEP.filled(id=wanted))
            for place, step in manifest.all_steps
            for wanted in step.dependencies
            if wanted not in known
        ]
        if problems:
            raise refused(problems)
        return manifest

    def upload(
        self,
        document: Mapping[str, Any],
        scripts: Mapping[str, str],
        activate: bool,
        origin: Origin,
        claim: Claim | None = None,
    ) -> Stored:
        """Store a new revision; the one in force stays unless `activate`. What is in force already is no new one.

        Raises:
            ManifestInvalid, ManifestIncomplete, ManifestChanged
        """
        manifest, _ = self.check(document, scripts)
        kept = self._manifests.kept(origin.tenant_id, manifest.number)
        before = None if kept is None else kept.value
        number = 1 if before is None else before.latest + 1
        refs = {path: script_ref(text) for path, text in scripts.items()}
        revision = revision_of(origin, number, document, manifest, refs)
        if before is not None and before.active is not None and activate and before.checksum == revision.checksum:
            return self.get(origin.tenant_id, manifest.number, before.active)
        head = Head(
            tenant_id=origin.tenant_id,
            version=manifest.number,
            latest=number,
            active=None if before is None else before.active,
            version_type=describe(manifest),
            description=manifest.description,
            checksum=revision.checksum if before is None or before.active is None else before.checksum,
            updated_by=origin.user_id,
            updated_at=origin.at,
        )
        after = head.activate(revision, origin.user_id, origin.at) if activate else head
        events = (_changed(after, "UPLOAD", origin),)
        commit = Commit(origin, "uploaded", after, kept, events, claim=claim, answered=(after, revision))
        return Stored(self._manifests.add(commit, revision, dict(scripts)), revision)

    def activate(self, version: Version, number: int | None, origin: Origin) -> Head:
        """Put a revision in force, the latest when none is named.

        Raises:
            ConfigurationNotFound, ManifestIncomplete, ManifestChanged
        """
        kept = self._kept(origin.tenant_id, version)
        revision = self._manifests.revision(origin.tenant_id, version, number or kept.value.latest)
        after = kept.value.activate(revision, origin.user_id, origin.at)
        event = _changed(after, "ACTIVATE", origin)
        return self._manifests.switch(Commit(origin, "activated", after, kept, (event,)))

    def deactivate(self, version: Version, origin: Origin) -> Head:
        """Take a version out of every future path; executions under way keep what they pinned.

        Raises:
            ConfigurationNotFound, ManifestChanged
        """
        kept = self._kept(origin.tenant_id, version)
        after = kept.value.deactivate(origin.user_id, origin.at)
        event = _changed(after, "DEACTIVATE", origin)
        return self._manifests.switch(Commit(origin, "deactivated", after, kept, (event,)))

    def heads(self, tenant_id: str) -> tuple[Head, ...]:
        """Return every version."""
        return self._manifests.heads(tenant_id)

    def get(self, tenant_id: str, version: Version, number: int | None) -> Stored:
        """Return a revision: the one named, else the one in force, else the latest.

        Raises:
            ConfigurationNotFound: there is none.
        """
        head = self._kept(tenant_id, version).value
        return Stored(head, self._manifests.revision(tenant_id, version, number or head.active or head.latest))

    def diff(self, tenant_id: str, version: Version, before: int, after: int) -> tuple[Difference, ...]:
        """Return what differs between two revisions.

        Raises:
            ConfigurationNotFound: one of them does not exist.
        """
        old, new = (self._manifests.revision(tenant_id, version, number) for number in (before, after))
        return diff(old, new)

    def _kept(self, tenant_id: str, version: Version) -> Kept[Head]:
        kept = self._manifests.kept(tenant_id, version)
        if kept is None:
            raise ConfigurationNotFound(version=str(version))
        return kept


def _changed(head: Head, operation: str, origin: Origin) -> Envelope:
    return published.ManifestChanged.model_validate(
        {
            "version": str(head.version),
            "operation": operation,
            "latest_revision": head.latest,
            "active_revision": head.active,
            "checksum": head.checksum,
        }
    ).envelope(origin)


def _parameter_problems(manifest: Manifest) -> list[Problem]:
    """Ask every step's class about its parameters."""
    return [problem.below(place) for place, step in manifest.all_steps for problem in _problems(step)]


def _problems(step: Step) -> tuple[Problem, ...]:
    found = step_class(step.class_name)
    strange = unknown(step.parameters, getattr(found, "takes", None))
    return (*_method_problems(step, found), *strange, *found().validate(step.parameters))


def _method_problems(step: Step, found: type[StepClass]) -> tuple[Problem, ...]:
    if step.method_name in USUAL or step.method_name in offered(found):
        return ()
    names = ", ".join(["execute", *sorted(offered(found))])
    return (Problem("method_name", NO_METHOD.filled(name=step.class_name, known=names)),)
