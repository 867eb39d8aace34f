"""Which versions lie between source and target, and why each is in or out (UPG-03).

A path is the set of versions the target needs, less those the site has, over the graph of baselines and patches. It is
never "everything above the newest one applied": a patch published late, or ported back, would then be lost or run twice.
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
    _check_source_known(source, known, versions)
    _check_bounds(source, known, versions)
    return UpgradePath(source, target, versions, verdicts)


def _verdicts(
    source: Version, target: Version, known: dict[Version, Manifest], applied: frozenset[Version]
) -> tuple[Verdict, ...]:
    bases = {source.base} | {v for v in known if not v.is_patch and source < v <= target}
    candidates = {v for v in known if source < v <= target and (not v.is_patch or v.base in bases)} - applied
    superseded = {
        Version.parse(text): version
        for version in sorted(candidates)
        for text in known[version].dependencies.includes
        if Version.parse(text) != version
    }
    had = applied | {v for v in known if v <= source and (v.base in bases or v.base <= source.base)}

    def judge(version: Version) -> tuple[bool, Text]:
        equivalent = [Version.parse(t) for t in known[version].dependencies.equivalent_to if Version.parse(t) in had]
        if version in applied:
            return False, ALREADY_APPLIED
        if version <= source:
            return False, _filled(AT_OR_BELOW_SOURCE, source=source)
        if version > target:
            return False, _filled(ABOVE_TARGET, target=target)
        if version not in candidates:
            return False, _filled(BASE_NOT_ON_PATH, base=version.base)
        if version in superseded and version != target:
            return False, _filled(INCLUDED_IN, version=superseded[version])
        if equivalent and version != target:
            return False, _filled(EQUIVALENT_APPLIED, version=equivalent[0])
        if version == target:
            return True, TARGET
        if version.is_patch:
            return True, _filled(PATCH_ON_PATH, base=version.base)
        return True, _filled(STEP_UP, source=source, target=target)

    return tuple(Verdict(version, *judge(version)) for version in sorted(known))


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


def _check_bounds(source: Version, known: dict[Version, Manifest], versions: tuple[Version, ...]) -> None:
    arrives = source
    for version in versions:
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
