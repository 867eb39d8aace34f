"""Which versions lie between source and target, and why each is in or out (UPG-03).

A path is the set of versions the target needs, less those the site has, over the graph of baselines and patches. It
is never "everything above the newest one applied": a patch published late, or ported back, would then be lost or run
twice.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from enghub.core.i18n import Text
from enghub.upgrade.manifests.document import Manifest
from enghub.upgrade.planning.errors import (
    DowngradeRefused,
    NothingToUpgrade,
    SourceTooNew,
    UnknownVersion,
    VersionGap,
)
from enghub.upgrade.versions import Version

STEP_UP = Text("a baseline between {source} and {target}", "位于 {source} 与 {target} 之间的基线版本")
PATCH_ON_PATH = Text("a patch on {base}, up to the target", "基线 {base} 上的补丁，未超过目标版本")
TARGET = Text("the target", "目标版本")
AT_OR_BELOW_SOURCE = Text("not above the source {source}", "不高于源版本 {source}")
ABOVE_TARGET = Text("above the target {target}", "高于目标版本 {target}")
BASE_NOT_ON_PATH = Text("its base {base} is not on the path", "其基线 {base} 不在路径中")
INCLUDED_IN = Text("its changes are part of {version}", "其变更已包含在 {version} 中")
EQUIVALENT_APPLIED = Text("the site ran it already as {version}", "局点已执行等价版本 {version}")
ALREADY_APPLIED = Text("the site ran it already", "局点已执行该版本")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One known version: in or out, and why."""

    version: Version
    included: bool
    reason: Text


@dataclass(frozen=True, slots=True)
class UpgradePath:
    """The versions to run, in order, and the verdict on every known one."""

    source: Version
    target: Version
    versions: tuple[Version, ...]
    verdicts: tuple[Verdict, ...]


def find_path(
    source: Version,
    target: Version,
    manifests: Iterable[Manifest],
    applied: Collection[Version] = (),
) -> UpgradePath:
    """Return the path from `source` to `target`.

    Args:
        source: what the site runs now.
        target: what it shall run; needs an active manifest.
        manifests: every active manifest.
        applied: versions the site's record says it ran, beyond those that `source` implies.

    Raises:
        NothingToUpgrade, DowngradeRefused, UnknownVersion, VersionGap, SourceTooNew: with the reason.
    """
    known = {manifest.number: manifest for manifest in manifests}
    if source == target:
        raise NothingToUpgrade(source=str(source))
    if target < source:
        raise DowngradeRefused(source=str(source), target=str(target))
    if target not in known:
        raise UnknownVersion(version=str(target), needed="for it / 目标版本")
    verdicts = _verdicts(source, target, known, frozenset(applied))
    versions = tuple(verdict.version for verdict in verdicts if verdict.included)
    if target not in versions:
        raise VersionGap(version=str(target), needed=str(target.base), arrives=str(source))
    _check_source_known(source, known, versions)
    _check_bounds(source, known, versions, frozenset(applied))
    return UpgradePath(source, target, versions, verdicts)


def _verdicts(
    source: Version, target: Version, known: dict[Version, Manifest], applied: frozenset[Version]
) -> tuple[Verdict, ...]:
    judge = _Judge.over(source, target, known, applied)
    return tuple(Verdict(version, *judge.verdict(version)) for version in sorted(known))


@dataclass(frozen=True, slots=True)
class _Judge:
    """Knows what each verdict depends on."""

    source: Version
    target: Version
    known: dict[Version, Manifest]
    applied: frozenset[Version]
    candidates: frozenset[Version]
    superseded: dict[Version, Version]
    had: frozenset[Version]
    """Versions whose changes the site has: those it ran, and those its version implies."""

    @classmethod
    def over(
        cls, source: Version, target: Version, known: dict[Version, Manifest], applied: frozenset[Version]
    ) -> "_Judge":
        between = {version for version in known if source < version <= target}
        bases = {source.base} | {version for version in between if not version.is_patch}
        candidates = frozenset(v for v in between if not v.is_patch or v.base in bases) - applied
        superseded = {
            Version.parse(text): version
            for version in sorted(candidates)
            for text in known[version].dependencies.includes
            if Version.parse(text) != version
        }
        had = applied | {version for version in known if version <= source}
        return cls(source, target, known, applied, candidates, superseded, had)

    def verdict(self, version: Version) -> tuple[bool, Text]:
        out = self._out(version)
        if out is not None:
            return False, out
        if version == self.target:
            return True, TARGET
        if version.is_patch:
            return True, _filled(PATCH_ON_PATH, base=version.base)
        return True, _filled(STEP_UP, source=self.source, target=self.target)

    def _out(self, version: Version) -> Text | None:
        """Return why a version is out, None when it is in."""
        reasons = (
            (version in self.applied, ALREADY_APPLIED),
            (version <= self.source, _filled(AT_OR_BELOW_SOURCE, source=self.source)),
            (version > self.target, _filled(ABOVE_TARGET, target=self.target)),
            (version not in self.candidates, _filled(BASE_NOT_ON_PATH, base=version.base)),
            *(() if version == self.target else self._covered(version)),
        )
        return next((reason for holds, reason in reasons if holds), None)

    def _covered(self, version: Version) -> tuple[tuple[bool, Text], ...]:
        """Another version carries the same changes."""
        carrier = self.superseded.get(version)
        twins = (Version.parse(text) for text in self.known[version].dependencies.equivalent_to)
        twin = next((found for found in twins if found in self.had or self._runs_before(found, version)), None)
        return (
            (carrier is not None, _filled(INCLUDED_IN, version=carrier)),
            (twin is not None, _filled(EQUIVALENT_APPLIED, version=twin)),
        )

    def _runs_before(self, twin: Version, version: Version) -> bool:
        """A back-port that this very path runs first: the same change must not run twice."""
        return twin in self.candidates and twin < version


def _check_source_known(source: Version, known: dict[Version, Manifest], versions: tuple[Version, ...]) -> None:
    """A source without a manifest of its own is known when the first version on the path declares to accept it."""
    if source in known or not versions:
        return
    first = known[versions[0]].dependencies
    declared = first.min_source_version or first.max_source_version
    if versions[0].is_patch and versions[0].base == source:
        return
    if declared is None:
        raise UnknownVersion(version=str(source), needed=f"for it, and {versions[0]} declares no source / 源版本")


def _check_bounds(
    source: Version, known: dict[Version, Manifest], versions: tuple[Version, ...], applied: frozenset[Version]
) -> None:
    arrives = source
    for version in sorted({*versions, *(found for found in applied if source < found < versions[-1])}):
        if version in applied:
            arrives = version
            continue
        needs = known[version].dependencies
        low = Version.parse(needs.min_source_version) if needs.min_source_version else None
        high = Version.parse(needs.max_source_version) if needs.max_source_version else None
        if version.is_patch and arrives.base != version.base:
            raise VersionGap(version=str(version), needed=str(version.base), arrives=str(arrives))
        if low is not None and arrives < low:
            raise VersionGap(version=str(version), needed=f">= {low}", arrives=str(arrives))
        if not arrives.within(None, high):
            raise SourceTooNew(version=str(version), limit=str(high), arrives=str(arrives))
        arrives = version


def _filled(text: Text, **values: object) -> Text:
    return Text(text.render("en", **values), text.render("zh", **values))
