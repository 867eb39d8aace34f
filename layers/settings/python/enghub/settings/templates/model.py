"""A template: schema, defaults and rules of configuration, in versions that never change (CFG-13, REQ-008 7.2.3).

Three spaces: what is built in, the global one, the tenant's own. A template's id is one of one space only, so that a
version named in an item means the same for ever. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from enghub.core.commits import Commit, Kept
from enghub.core.identity import Origin
from enghub.core.strictjson import parse_json
from enghub.settings.configs.model import EVERY_TENANT
from enghub.settings.templates.blueprints import Blueprint, blueprints

BUILT_IN = "-"
"""The space of what comes with the product."""
MAX_TEMPLATES = 100
"""Of one space."""
MAX_TEXT = 64 * 1024
"""Characters of a schema, of the defaults, of the rules."""
MAX_RETIRED = 500
"""Keys of earlier versions that a version remembers."""
FIRST = "1.0.0"


def layer_of(tenant_id: str) -> str:
    """Return the name of a space."""
    return {BUILT_IN: "builtin", EVERY_TENANT: "global"}.get(tenant_id, "tenant")


def order(version: str) -> tuple[int, ...]:
    """Return what sorts versions as people count them: 1.10.0 is newer than 1.9.0."""
    return tuple(map(int, version.split(".")))


@dataclass(frozen=True, slots=True)
class Template:
    """A template of a space; ``version`` is its latest one."""

    tenant_id: str
    template_id: str
    name: str
    category: str
    version: str
    is_active: bool = True
    created_by: str = ""
    created_at: datetime | None = None
    updated_by: str = ""
    updated_at: datetime | None = None


@dataclass(frozen=True)
class TemplateVersion:
    """One version of a template; it never changes."""

    tenant_id: str
    template_id: str
    version: str
    name: str
    category: str
    schema: str
    """As it was given, as JSON text; so are the others."""
    defaults: str = "{}"
    rules: str = "{}"
    description: str = ""
    created_by: str = ""
    created_at: datetime | None = None
    reason: str = ""
    retired: tuple[str, ...] = ()
    """Keys of earlier versions that this one has not."""

    @cached_property
    def items(self) -> Mapping[str, Blueprint]:
        """What it makes of each key.

        Raises:
            TemplateRefused: it cannot be understood; never of one that is stored.
        """
        return blueprints(*(parse_json(text) for text in (self.schema, self.defaults, self.rules)))

    def says_the_same(self, other: "TemplateVersion") -> bool:
        """Tell whether both say the same, whoever wrote them when."""
        return self._said == other._said

    @property
    def _said(self) -> tuple[Any, ...]:
        return self.version, self.name, self.category, self.schema, self.defaults, self.rules, self.description


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what a template requires a tenant has in force (CFG-20)."""

    template_id: str
    version: str
    required: int
    missing: tuple[str, ...]
    following: tuple[str, ...] = field(default=())
    """The versions that the tenant's items follow, oldest first."""

    @property
    def present(self) -> int:
        """How many required items have a value."""
        return self.required - len(self.missing)

    @property
    def figure(self) -> float:
        """From 0 to 1; 1 where nothing is required."""
        return round(self.present / self.required, 4) if self.required else 1.0


def after(wanted: TemplateVersion, latest: TemplateVersion | None, origin: Origin) -> TemplateVersion:
    """Return the version as it is kept, with the keys that it has no more."""
    gone: tuple[str, ...] = ()
    if latest is not None:
        gone = tuple(key for key in dict.fromkeys([*latest.items, *latest.retired]) if key not in wanted.items)
    return replace(wanted, created_by=origin.user_id, created_at=origin.at, retired=gone[:MAX_RETIRED])


def saved(made: TemplateVersion, before: Kept[Template] | None, origin: Origin, *, is_active: bool) -> Commit[Template]:
    """Return the commit of a template with this version as the latest."""
    new = Template(
        made.tenant_id,
        made.template_id,
        made.name,
        made.category,
        made.version,
        is_active,
        origin.user_id if before is None else before.value.created_by,
        origin.at if before is None else before.value.created_at,
        origin.user_id,
        origin.at,
    )
    return Commit(origin, "created" if before is None else "changed", new, before, reason=made.reason)
