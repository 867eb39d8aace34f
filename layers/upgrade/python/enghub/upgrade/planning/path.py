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
EQUIVALENT_RUNS = Text("this path brings its changes as {version}", "本路径以 {version} 执行等价变更")
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
    if target not in versions and not _is_reached(target, verdicts):
        raise VersionGap(version=str(target), needed=str(target.base), arrives=str(source))
    _check_source_known(source, known, versions)
    _check_bounds(source, known, versions, frozenset(applied))
    return UpgradePath(source, target, versions, verdicts)


def _is_reached(target: Version, verdicts: Iterable[Verdict]) -> bool:
    """Tell whether the site has the target's changes already, from a twin; it then only takes the target's name."""
    begins = EQUIVALENT_APPLIED.en.partition("{")[0]
    return any(one.version == target and one.reason.en.startswith(begins) for one in verdicts)


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
    twins: dict[Version, frozenset[Version]]
    """Versions with the same changes, whichever of them says so."""
    had: frozenset[Version]
    """Versions whose changes the site has: those its record names, and those that these imply on their own lines."""

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
        return cls(source, target, known, applied, candidates, superseded, _twins(known), _had(source, known, applied))

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
        if version in self.applied:
            return ALREADY_APPLIED
        if version <= self.source:
            return _filled(AT_OR_BELOW_SOURCE, source=self.source)
        if version > self.target:
            return _filled(ABOVE_TARGET, target=self.target)
        if version not in self.candidates:
            return _filled(BASE_NOT_ON_PATH, base=version.base)
        return self._covered(version)

    def _covered(self, version: Version) -> Text | None:
        """Another version carries the same changes: one the site ran, or one that this very path runs."""
        same = self.twins.get(version, frozenset({version}))
        ran = min(same & self.had, default=None)
        if ran is not None:
            return _filled(EQUIVALENT_APPLIED, version=ran)
        carrier = next((self.superseded[one] for one in sorted(same) if one in self.superseded), None)
        if carrier is not None and version not in (carrier, self.target):
            return _filled(INCLUDED_IN, version=carrier)
        runs = self.target if self.target in same else min(same & self.candidates, default=version)
        return None if runs == version else _filled(EQUIVALENT_RUNS, version=runs)


def _twins(known: dict[Version, Manifest]) -> dict[Version, frozenset[Version]]:
    """Return the versions with the same changes of each version that has a twin; said by one, it holds for both."""
    found: dict[Version, set[Version]] = {}
    for version, manifest in known.items():
        for text in manifest.dependencies.equivalent_to:
            other = Version.parse(text)
            together = found.get(version, {version}) | found.get(other, {other})
            found.update(dict.fromkeys(together, together))
    return {version: frozenset(together) for version, together in found.items()}


def _had(source: Version, known: dict[Version, Manifest], applied: frozenset[Version]) -> frozenset[Version]:
    """Return what the site has: a version implies the earlier patches of its own base, and earlier baselines.

    It does not imply patches of older lines: a late one, published after the site had left that line, it never ran.
    """
    newest: dict[Version, Version] = {}
    for version in (*applied, source):
        newest[version.base] = max(version, newest.get(version.base, version))
    return applied | {
        version
        for version in known
        if version <= source and (not version.is_patch or version <= newest.get(version.base, version.base))
    }


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
    last = versions[-1] if versions else source
    for version in sorted({*versions, *(found for found in applied if source < found < last)}):
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
