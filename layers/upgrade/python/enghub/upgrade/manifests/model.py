"""A manifest's revisions: checked once, numbered, never changed afterwards (UPG-01)."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from enghub.core.identity import Origin
from enghub.core.wire import Unfit
from enghub.upgrade.amounts import RESOURCES, amount_of
from enghub.upgrade.manifests import texts
from enghub.upgrade.manifests.document import Manifest, Step, checksum
from enghub.upgrade.manifests.errors import ManifestIncomplete, ManifestInvalid
from enghub.upgrade.phases import Phase
from enghub.upgrade.problems import Problem, read_from
from enghub.upgrade.versions import Version

MAX_SHOWN = 50


@dataclass(frozen=True, slots=True)
class ScriptRef:
    """A script of a revision: where its text is found (by content) and how long it is, in bytes."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Revision:
    """One upload of one version."""

    tenant_id: str
    number: int
    document: Mapping[str, Any]
    manifest: Manifest
    checksum: str
    scripts: Mapping[str, ScriptRef]
    created_by: str
    created_at: datetime

    @property
    def version(self) -> Version:
        """The version it upgrades to."""
        return self.manifest.number

    @property
    def missing_scripts(self) -> tuple[str, ...]:
        """Scripts that steps name but the bundle lacks."""
        return tuple(path for path in self.manifest.script_paths if path not in self.scripts)


@dataclass(frozen=True, slots=True)
class Head:
    """A version's entry in the tenant's list: its newest revision and the one in force, if any."""

    tenant_id: str
    version: Version
    latest: int
    active: int | None
    version_type: str
    description: str
    checksum: str
    updated_by: str
    updated_at: datetime

    def activate(self, revision: Revision, by: str, at: datetime) -> "Head":
        """Put a revision in force.

        Raises:
            ManifestIncomplete: its bundle lacks scripts.
        """
        if missing := revision.missing_scripts:
            raise ManifestIncomplete(version=str(self.version), missing=", ".join(missing))
        return replace(self, active=revision.number, checksum=revision.checksum, updated_by=by, updated_at=at)

    def deactivate(self, by: str, at: datetime) -> "Head":
        """Take the version out of every future path."""
        return replace(self, active=None, updated_by=by, updated_at=at)


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two revisions; None means absent."""

    field: str
    before: Any
    after: Any


def parse(document: Mapping[str, Any], known_classes: Collection[str] | None = None) -> Manifest:
    """Read a document.

    Args:
        document: the JSON object.
        known_classes: what `class_name` may be; unchecked when None.

    Raises:
        ManifestInvalid: with every problem, each with the path of its field.
    """
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        raise refused(read_from(error)) from error
    problems = [
        *_version_problems(manifest),
        *_resource_problems(manifest),
        *_step_problems(manifest, known_classes),
    ]
    if problems:
        raise refused(problems)
    return manifest


def describe(manifest: Manifest) -> str:
    """Return `baseline` or `patch`."""
    return "patch" if manifest.is_patch else "baseline"


def script_ref(text: str) -> ScriptRef:
    """Return the reference of a script's text."""
    data = text.encode()
    return ScriptRef(hashlib.sha256(data).hexdigest(), len(data))


def revision_of(
    origin: Origin, number: int, document: Mapping[str, Any], manifest: Manifest, scripts: Mapping[str, ScriptRef]
) -> Revision:
    """Return a new revision; its checksum covers the document and every script."""
    covered = checksum_of(document, scripts)
    return Revision(origin.tenant_id, number, document, manifest, covered, dict(scripts), origin.user_id, origin.at)


def checksum_of(document: Mapping[str, Any], scripts: Mapping[str, ScriptRef]) -> str:
    """Return the checksum of a document with its scripts."""
    return checksum({"document": document, "scripts": {path: ref.sha256 for path, ref in scripts.items()}})


def diff(before: Revision, after: Revision) -> tuple[Difference, ...]:
    """Return what differs between two revisions, documents and scripts, by path."""
    old = {**_flatten(before.document), **{f"scripts[{p}]": r.sha256 for p, r in before.scripts.items()}}
    new = {**_flatten(after.document), **{f"scripts[{p}]": r.sha256 for p, r in after.scripts.items()}}
    return tuple(
        Difference(name, old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def _flatten(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping) and value:
        return {
            name: leaf
            for key, inner in value.items()
            for name, leaf in _flatten(inner, f"{path}.{key}" if path else str(key)).items()
        }
    if isinstance(value, list | tuple) and value:
        return {
            name: leaf for index, inner in enumerate(value) for name, leaf in _flatten(inner, f"{path}.{index}").items()
        }
    return {path: value}


def refused(problems: Sequence[Problem]) -> ManifestInvalid:
    """Return the error that names the first problem, and lists up to 50."""
    errors = [{"field": problem.field, "problem": problem.problem} for problem in problems[:MAX_SHOWN]]
    return ManifestInvalid(**errors[0], errors=errors)


def _version_problems(manifest: Manifest) -> list[Problem]:
    problems: list[Problem] = []
    kind = manifest.version_type or describe(manifest)
    if kind == "patch" and not manifest.is_patch:
        problems.append(Problem("version", texts.THREE_NUMBERS.filled(version=manifest.version)))
    if kind == "baseline" and manifest.is_patch:
        problems.append(Problem("version", texts.FOUR_NUMBERS.filled(version=manifest.version)))
    if kind == "baseline" and manifest.base_version is not None:
        problems.append(Problem("base_version", texts.NO_PATCH))
    if kind == "patch":
        base = str(manifest.number.base)
        declared = {
            "base_version": manifest.base_version,
            "dependencies.required_base_version": manifest.dependencies.required_base_version,
        }
        if manifest.base_version is None:
            problems.append(Problem("base_version", texts.NAME_BASE.filled(base=base)))
        problems += [
            Problem(field, texts.OTHER_BASE.filled(version=manifest.version, base=base, said=text))
            for field, text in declared.items()
            if text is not None and text != base
        ]
    for field in ("min_source_version", "max_source_version"):
        text = getattr(manifest.dependencies, field)
        if text is not None and Version.parse(text) >= manifest.number:
            problems.append(
                Problem(f"dependencies.{field}", texts.NOT_BELOW.filled(said=text, version=manifest.version))
            )
    return problems


def _resource_problems(manifest: Manifest) -> list[Problem]:
    problems: list[Problem] = []
    for name, amount in manifest.dependencies.required_resources.items():
        try:
            if name in RESOURCES:
                amount_of(name, amount)
        except Unfit as error:
            problems.append(Problem(f"dependencies.required_resources.{name}", error.said))
    return problems


def _step_problems(manifest: Manifest, known_classes: Collection[str] | None) -> list[Problem]:
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for place, step in manifest.all_steps:
        if step.id in seen:
            problems.append(Problem(f"{place}.id", texts.TAKEN.filled(id=step.id, place=seen[step.id])))
        seen.setdefault(step.id, place)
        if known_classes is not None and step.class_name not in known_classes:
            problems.append(Problem(f"{place}.class_name", texts.NO_CLASS.filled(name=step.class_name)))
    order = list(Phase)
    phase_of = {step.id: phase for phase in order for step in manifest.upgrade_steps.of(phase)}
    for place, step in manifest.all_steps:
        for wanted in step.dependencies:
            problems += _dependency_problem(place, step, wanted, phase_of)
    return problems


def _dependency_problem(place: str, step: Step, wanted: str, phase_of: Mapping[str, Phase]) -> list[Problem]:
    if wanted == step.id:
        return [Problem(f"{place}.dependencies", texts.ITSELF.filled(id=step.id))]
    if wanted in phase_of and step.id in phase_of:
        order = list(Phase)
        if order.index(phase_of[wanted]) > order.index(phase_of[step.id]):
            return [Problem(f"{place}.dependencies", texts.LATER.filled(id=wanted, phase=phase_of[wanted]))]
    return []
