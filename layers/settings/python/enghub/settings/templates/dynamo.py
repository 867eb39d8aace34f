"""Templates in DynamoDB.

Template  pk T#<tenant>#TEMPLATES        sk TEMPLATE#<id>
Name      pk T#<tenant>#TEMPLATES        sk NAME#<name>                     so that a name is one template's
Version   pk T#<tenant>#TEMPLATE#<id>    sk V#<major>.<minor>.<patch>       padded; never removed

The global space is tenant ``*``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from enghub.core.aggregates import Aggregate, Items
from enghub.core.codec import Key
from enghub.core.commits import Commit, Kept
from enghub.core.dynamo import Page, key
from enghub.core.transactions import Delete, Write, absent
from enghub.settings.templates import texts
from enghub.settings.templates.errors import TemplateConflict
from enghub.settings.templates.model import Template, TemplateVersion, order


@dataclass(frozen=True, slots=True)
class Name:
    """Whose a name is."""

    tenant_id: str
    name: str
    template_id: str


def _templates(tenant_id: str) -> str:
    return key("T", tenant_id, "TEMPLATES")


def _template_key(tenant_id: str, template_id: str) -> Key:
    return _templates(tenant_id), key("TEMPLATE", template_id)


def _name_key(tenant_id: str, name: str) -> Key:
    return _templates(tenant_id), key("NAME", name)


def _versions(tenant_id: str, template_id: str) -> str:
    return key("T", tenant_id, "TEMPLATE", template_id)


def _version_key(tenant_id: str, template_id: str, version: str) -> Key:
    return _versions(tenant_id, template_id), key("V", ".".join(f"{part:05d}" for part in order(version)))


TEMPLATES = Aggregate(
    Template,
    "CONFIG_TEMPLATE",
    key=lambda one: _template_key(one.tenant_id, one.template_id),
    name="config_template",
    identity=lambda one: one.template_id,
    shows=("name", "category", "version", "is_active"),
)
NAMES = Items(Name, "CONFIG_TEMPLATE_NAME", key=lambda one: _name_key(one.tenant_id, one.name))
VERSIONS = Items(
    TemplateVersion,
    "CONFIG_TEMPLATE_VERSION",
    key=lambda one: _version_key(one.tenant_id, one.template_id, one.version),
)


class DynamoTemplates:
    """See ``TemplateRepository``."""

    def get(self, tenant_id: str, template_id: str) -> Kept[Template] | None:
        """One GetItem."""
        return TEMPLATES.read(_template_key(tenant_id, template_id))

    def all(self, tenant_id: str) -> Sequence[Template]:
        """One Query."""
        return list(TEMPLATES.each(_templates(tenant_id), prefix="TEMPLATE#"))

    def version(self, tenant_id: str, template_id: str, version: str) -> TemplateVersion | None:
        """One GetItem."""
        return VERSIONS.get(_version_key(tenant_id, template_id, version))

    def versions(self, tenant_id: str, template_id: str, limit: int, cursor: str | None) -> Page[TemplateVersion]:
        """One Query."""
        pk = _versions(tenant_id, template_id)
        return VERSIONS.page(pk, prefix="V#", limit=limit, cursor=cursor, newest_first=True)

    def save(self, commit: Commit[Template], version: TemplateVersion | None) -> Kept[Template]:
        """One transaction."""
        more: list[Write] = [] if version is None else [VERSIONS.put(version, absent())]
        return TEMPLATES.save(commit, *_renaming(commit), *more)


def _renaming(commit: Commit[Template]) -> list[Write]:
    new, old = commit.after, None if commit.before is None else commit.before.value
    if old is not None and old.name == new.name:
        return []
    gone: list[Write] = [] if old is None else [Delete(_name_key(old.tenant_id, old.name))]

    def taken() -> TemplateConflict:
        return TemplateConflict(field="templateName", problem=texts.NAME_TAKEN)

    return [*gone, NAMES.put(Name(new.tenant_id, new.name, new.template_id), absent(), taken)]
