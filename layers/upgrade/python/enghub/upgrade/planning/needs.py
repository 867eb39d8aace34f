"""What versions need of a site, against what its registration states (UPG-01, UPG-04). No I/O."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from enghub.upgrade.amounts import RESOURCES, amount_of
from enghub.upgrade.manifests.document import Manifest
from enghub.upgrade.planning.errors import ComponentsMissing, ResourcesNotEnough


class Verdict(StrEnum):
    """Whether the site has what a version needs."""

    ENOUGH = "enough"
    NOT_ENOUGH = "not enough"
    NOT_STATED = "not stated"
    """Nobody said so when the site was registered, or it cannot be compared: a person has to look."""


@dataclass(frozen=True, slots=True)
class ResourceNeed:
    """An amount as the manifest words it (`memory`, `2GB`), and what there is."""

    version: str
    name: str
    amount: str
    there: str | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ComponentNeed:
    """A component that a version wants to find at the site."""

    version: str
    name: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything the versions of a path need, in their order."""

    resources: tuple[ResourceNeed, ...] = ()
    components: tuple[ComponentNeed, ...] = ()

    def demand(self, site_id: str) -> None:
        """Refuse a site that states less than is needed; what is not stated is no refusal.

        Raises:
            ComponentsMissing, ResourcesNotEnough: naming version, needed and there.
        """
        missing = [need for need in self.components if need.verdict is Verdict.NOT_ENOUGH]
        if missing:
            version = missing[0].version
            names = ", ".join(need.name for need in missing if need.version == version)
            raise ComponentsMissing(site_id=site_id, version=version, missing=names)
        lacking = [need for need in self.resources if need.verdict is Verdict.NOT_ENOUGH]
        if lacking:
            raise ResourcesNotEnough(
                site_id=site_id,
                field=f"resources.{lacking[0].name}",
                lacking=", ".join(f"{n.version}: {n.name} {n.there} < {n.amount}" for n in lacking),
                errors=[
                    {"version": n.version, "resource": n.name, "needed": n.amount, "there": n.there} for n in lacking
                ],
            )


def needs_of(manifests: Iterable[Manifest], resources: Mapping[str, str], components: Collection[str]) -> Needs:
    """Return what `manifests` need, against what a site states; one that names no component states none."""
    wanted = [(manifest.version, manifest.dependencies) for manifest in manifests]
    return Needs(
        tuple(
            ResourceNeed(version, name, amount, resources.get(name), _enough(name, amount, resources.get(name)))
            for version, needed in wanted
            for name, amount in needed.required_resources.items()
        ),
        tuple(
            ComponentNeed(version, name, _present(name, components))
            for version, needed in wanted
            for name in needed.required_components
        ),
    )


def _enough(resource: str, amount: str, there: str | None) -> Verdict:
    if there is None or resource not in RESOURCES:
        return Verdict.NOT_STATED
    try:
        needed = amount_of(resource, amount)
    except ValueError:  # a revision that was stored before amounts were checked
        return Verdict.NOT_STATED
    return Verdict.ENOUGH if amount_of(resource, there) >= needed else Verdict.NOT_ENOUGH


def _present(name: str, components: Collection[str]) -> Verdict:
    if not components:
        return Verdict.NOT_STATED
    return Verdict.ENOUGH if name in components else Verdict.NOT_ENOUGH
