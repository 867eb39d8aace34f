"""Use cases of templates: kept in versions, found in the nearest space (CFG-13)."""

from collections.abc import Sequence
from dataclasses import dataclass

from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.settings.configs.model import EVERY_TENANT
from enghub.settings.templates import builtin, model, texts
from enghub.settings.templates.blueprints import DEFAULTS, RULES, SCHEMA
from enghub.settings.templates.errors import TemplateConflict, TemplateNotFound, TemplateRefused, TemplatesFull
from enghub.settings.templates.model import BUILT_IN, MAX_TEMPLATES, MAX_TEXT, Template, TemplateVersion, order
from enghub.settings.templates.repository import TemplateRepository

RESERVED = frozenset({"import", "completeness"})
"""Words of the paths."""


@dataclass(frozen=True, slots=True)
class TemplateService:
    """Keeps templates."""

    repository: TemplateRepository

    def find(self, tenant_id: str, template_id: str) -> Template:
        """Return a template as a tenant has it: built in, its own, or everybody's.

        Raises:
            TemplateNotFound
        """
        found = builtin.template(template_id)
        for space in dict.fromkeys((tenant_id, EVERY_TENANT)):
            if found is None:
                kept = self.repository.get(space, template_id)
                found = None if kept is None else kept.value
        if found is None:
            raise TemplateNotFound(template_id=template_id)
        return found

    def version(self, template: Template, version: str | None = None) -> TemplateVersion:
        """Return one version, the latest by default.

        Raises:
            TemplateNotFound
        """
        wanted = version or template.version
        found = self._version(template, wanted)
        if found is None:
            raise TemplateNotFound(template_id=f"{template.template_id} {wanted}")
        return found

    def versions(self, template: Template) -> Sequence[TemplateVersion]:
        """Return the latest versions, the newest first, up to 100."""
        if template.tenant_id == BUILT_IN:
            return tuple(reversed(builtin.versions()[template.template_id]))
        return self.repository.versions(template.tenant_id, template.template_id, 100, None).items

    def all(self, tenant_id: str) -> list[Template]:
        """Return what a tenant can use, by id: what is built in, everybody's, its own."""
        found = {space: self.repository.all(space) for space in dict.fromkeys((EVERY_TENANT, tenant_id))}
        known = {one.template_id: one for each in found.values() for one in each}
        known |= {name: one for name in builtin.versions() if (one := builtin.template(name)) is not None}
        return [known[name] for name in sorted(known)]

    def put(self, wanted: TemplateVersion, origin: Origin, *, is_active: bool) -> tuple[Template, TemplateVersion]:
        """Store a template or its next version. A repeat changes nothing; the same version may be switched on and off.

        Raises:
            TemplateRefused: it cannot be understood; the place is named.
            TemplateConflict: the id, the name or the version is taken.
            TemplatesFull, VersionConflict
        """
        _check(wanted)
        before = self.repository.get(wanted.tenant_id, wanted.template_id)
        if before is None:
            self._check_new(wanted)
            return self._keep(model.after(wanted, None, origin), None, origin, is_active=is_active)
        latest = self.version(before.value)
        stored = self._version(before.value, wanted.version)
        if stored is None and order(wanted.version) > order(latest.version):
            return self._keep(model.after(wanted, latest, origin), before, origin, is_active=is_active)
        if stored is None:
            said = texts.NOT_NEWER.filled(version=wanted.version, latest=latest.version)
            raise TemplateConflict(field="version", problem=said)
        if not stored.says_the_same(wanted):
            raise TemplateConflict(field="version", problem=texts.SAME_VERSION.filled(version=wanted.version))
        if stored.version != latest.version or before.value.is_active is is_active:
            return before.value, stored
        kept = self.repository.save(model.saved(stored, before, origin, is_active=is_active), None)
        return kept.value, stored

    def _keep(
        self, made: TemplateVersion, before: Kept[Template] | None, origin: Origin, *, is_active: bool
    ) -> tuple[Template, TemplateVersion]:
        kept = self.repository.save(model.saved(made, before, origin, is_active=is_active), made)
        return kept.value, made

    def _check_new(self, wanted: TemplateVersion) -> None:
        spaces = [EVERY_TENANT] if wanted.tenant_id != EVERY_TENANT else []
        if (
            wanted.template_id in RESERVED
            or builtin.template(wanted.template_id)
            or any(self.repository.get(space, wanted.template_id) for space in spaces)
        ):
            raise TemplateConflict(field="templateId", problem=texts.BUILT_IN)
        if len(self.repository.all(wanted.tenant_id)) >= MAX_TEMPLATES:
            raise TemplatesFull(limit=MAX_TEMPLATES)

    def _version(self, template: Template, version: str) -> TemplateVersion | None:
        if template.tenant_id != BUILT_IN:
            return self.repository.version(template.tenant_id, template.template_id, version)
        return next((one for one in builtin.versions()[template.template_id] if one.version == version), None)


def _check(wanted: TemplateVersion) -> None:
    for field, text in ((SCHEMA, wanted.schema), (DEFAULTS, wanted.defaults), (RULES, wanted.rules)):
        if len(text) > MAX_TEXT:
            raise TemplateRefused(field=field, problem=texts.TOO_LONG.filled(length=len(text), most=MAX_TEXT))
    assert wanted.items  # noqa: S101 - a template that cannot be understood raises
