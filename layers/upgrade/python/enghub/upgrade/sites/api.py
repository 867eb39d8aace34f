"""Sites on the wire."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from enghub.core import wire
from enghub.core.commits import Kept
from enghub.core.identity import Origin
from enghub.kit.sql.dialect import Dialect
from enghub.upgrade.amounts import amount_of
from enghub.upgrade.manifests.variables import VariableValue
from enghub.upgrade.sites.model import Site
from enghub.upgrade.versions import VersionText

HookUrl = Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s@]+$")]
Tags = Annotated[dict[wire.Code, wire.ShortText], Field(max_length=20)]
"""What tells sites apart: region, kind, ring (UPG-11)."""
BASE = "/api/v1/upgrade/sites"


def _amount(resource: str) -> AfterValidator:
    def checked(text: str) -> str:
        amount_of(resource, text)
        return text

    return AfterValidator(checked)


Amount = Annotated[str, Field(max_length=30)]


class Resources(wire.Request):
    """What a site has, for the `required_resources` of manifests; what is left out is not stated."""

    memory: Annotated[Amount, _amount("memory"), Field(examples=["16GB"])] | None = None
    disk: Annotated[Amount, _amount("disk"), Field(examples=["200GB"])] | None = None
    cpu: Annotated[Amount, _amount("cpu"), Field(examples=["4cores"])] | None = None


class PutSiteRequest(wire.Request):
    """What a site is. Its database address and credentials go into the secret named in the answer."""

    name: wire.ShortText
    dialect: Dialect
    hooks: dict[Literal["stop", "start", "status", "restart", "config", "scan"], HookUrl] = Field(default_factory=dict)
    components: Annotated[tuple[wire.Code, ...], Field(max_length=100)] = ()
    version: VersionText | None = None
    """What the site runs now; kept as it is once an execution here has upgraded it."""
    tags: Tags = Field(default_factory=dict)
    resources: Resources = Field(default_factory=Resources)
    variables: Annotated[dict[wire.Code, VariableValue], Field(max_length=50)] = Field(default_factory=dict)
    """Its own values for variables that manifests declare; they come before those of the environment."""

    def to_site(self, site_id: str, origin: Origin) -> Site:
        """Return the site."""
        hooks: dict[str, str] = {str(name): url for name, url in self.hooks.items()}
        return Site(
            origin.tenant_id,
            site_id,
            self.name,
            self.dialect,
            hooks,
            self.components,
            origin.user_id,
            origin.at,
            version=self.version,
            tags=self.tags,
            resources=self.resources.model_dump(exclude_none=True),
            variables=self.variables,
        )


class SiteResponse(wire.Response):
    """A site."""

    site_id: str
    name: str
    dialect: Dialect
    hooks: dict[str, str]
    components: tuple[str, ...]
    version: str | None
    applied_versions: tuple[str, ...]
    tags: dict[str, str]
    resources: dict[str, str]
    variables: dict[str, str]
    secret_name: str
    record_version: int
    updated_by: str
    updated_at: wire.Instant

    @classmethod
    def of(cls, kept: Kept[Site], stage: str) -> "SiteResponse":
        """Return the answer for a site."""
        site = kept.value
        return cls(
            site_id=site.site_id,
            name=site.name,
            dialect=site.dialect,
            hooks=dict(site.hooks),
            components=site.components,
            version=site.version,
            applied_versions=site.applied,
            tags=dict(site.tags),
            resources=dict(site.resources),
            variables=dict(site.variables),
            secret_name=site.secret_name(stage),
            record_version=kept.revision,
            updated_by=site.updated_by,
            updated_at=site.updated_at,
        )


class SitesResponse(wire.Response):
    """Every site of the tenant."""

    items: tuple[SiteResponse, ...]
