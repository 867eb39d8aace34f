"""Reaches a site: its database by the secret store's address, its hooks by what it declares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from enghub.core import secrets
from enghub.core.errors import NotFound
from enghub.core.i18n import Text
from enghub.kit.outbound.calls import Outbound
from enghub.kit.outbound.errors import OutboundRefused
from enghub.kit.outbound.stage import stage_policy
from enghub.kit.work.errors import WorkFailed
from enghub.upgrade.gateways.stores import artifacts_of, ports_of
from enghub.upgrade.sites.model import Site
from enghub.upgrade.stepping.hooks import Hooks
from enghub.upgrade.stepping.ports import REHEARSALS, Ports
from enghub.upgrade.stepping.step import Databases

if TYPE_CHECKING:
    from enghub.upgrade.gateways.databases.scratch import Scratch

NO_SECRET = Text(
    "Site {site_id} has no database secret: store it as {name}", "局点 {site_id} 缺少数据库密钥，请以 {name} 存入"
)
NO_SCRATCH = Text(
    'Site {site_id} has no scratch database: add "scratch": {{"url": "..."}} of an empty one to its secret {name}',
    '局点 {site_id} 未配置演练库，请在密钥 {name} 中加入 "scratch": {{"url": "..."}}（空库）',
)
UNBOUND_HEADERS = Text(
    'The secret {name} must say which host its hook_headers belong to: {{"hook_headers": {{"<host>": {{...}}}}}}',
    '密钥 {name} 的 hook_headers 须注明所属主机：{{"hook_headers": {{"<主机>": {{...}}}}}}',
)
NO_OBJECT = Text(
    'The secret {name} is no JSON object: write {{"url": "mysql://USER:PASSWORD@HOST:3306/DATABASE"}} or its parts',
    '密钥 {name} 不是 JSON 对象：请写成 {{"url": "mysql://用户:密码@主机:3306/库名"}} 或其各部分',
)
BAD_RANGES = Text("private_ranges of the secret {name}: {reason}", "密钥 {name} 的 private_ranges：{reason}")


@dataclass(frozen=True, slots=True)
class SiteGateway:
    """One site, as the engine uses it."""

    site: Site
    stage: str
    artifact_bucket: str = ""

    def databases(self, token: int) -> Databases:
        """Return the site's database; nothing is opened yet.

        Raises:
            WorkFailed: there is no usable secret.
        """
        from enghub.kit.databases.session import Address  # noqa: PLC0415
        from enghub.upgrade.gateways.databases.kinds import databases_of  # noqa: PLC0415 - SQLAlchemy

        try:
            address = Address.of(self.site.dialect, self._secret(required=True))
        except WorkFailed:
            secrets.forget()
            raise
        return databases_of(address, token, secrets.forget)

    def scratch(self, rehearsal_id: str) -> "Scratch":
        """Return the site's scratch database for a rehearsal; nothing is opened yet.

        Raises:
            WorkFailed: there is no usable secret, or it names no scratch database.
        """
        from enghub.kit.databases.session import Address  # noqa: PLC0415
        from enghub.upgrade.gateways.databases.scratch import Scratch  # noqa: PLC0415 - SQLAlchemy

        secret = self._secret(required=True)
        if not isinstance(secret.get("scratch"), dict):
            secrets.forget()
            name = self.site.secret_name(self.stage)
            raise WorkFailed(NO_SCRATCH, site_id=self.site.site_id, name=name)
        site, scratch = (Address.of(self.site.dialect, part) for part in (secret, secret["scratch"]))
        return Scratch(site, scratch, rehearsal_id)

    def check_scratch(self) -> None:
        """Refuse a scratch database that cannot be used, before anything begins.

        Raises:
            WorkFailed: see `scratch`; or it is the site's own, or of another kind.
        """
        from enghub.upgrade.gateways.databases.scratch import check  # noqa: PLC0415 - SQLAlchemy

        found = self.scratch("")
        check(found.site, found.address)

    def rehearsal_ports(self, rehearsal_id: str) -> Ports:
        """Return the stores of a rehearsal: a folder of its own in the site's artifact store, and nothing else.

        Raises:
            WorkFailed: the declaration of the artifact store is incomplete.
        """
        secret, below = self._secret(required=True), f"{REHEARSALS}/{rehearsal_id}"
        store = artifacts_of(self.site.tenant_id, secret, self.artifact_bucket, below)
        return Ports() if store is None else Ports(artifacts=store)

    @property
    def hooks(self) -> Hooks:
        """Return the site's hooks with the headers of its secret, within the private ranges that its secret allows.

        Raises:
            WorkFailed: the secret binds its headers to no host, or its ranges are none.
        """
        secret, name = self._secret(required=False), self.site.secret_name(self.stage)
        bound = secret.get("hook_headers", {})
        if not isinstance(bound, Mapping) or not all(isinstance(headers, Mapping) for headers in bound.values()):
            secrets.forget()
            raise WorkFailed(UNBOUND_HEADERS, name=name)
        try:
            policy = stage_policy(secret.get("private_ranges", ()), plain_http=True)
        except OutboundRefused as error:
            secrets.forget()
            raise WorkFailed(BAD_RANGES, name=name, reason=error.reason) from error
        return Hooks(self.site.hooks, {host.lower(): headers for host, headers in bound.items()}, Outbound(policy))

    @property
    def ports(self) -> Ports:
        """Return the site's stores."""
        return ports_of(self.site.tenant_id, self._secret(required=False), self.hooks, self.artifact_bucket)

    def _secret(self, *, required: bool) -> Mapping[str, Any]:
        name = self.site.secret_name(self.stage)
        try:
            return secrets.secret(name)
        except NotFound as error:
            if required:
                raise WorkFailed(NO_SECRET, site_id=self.site.site_id, name=name) from error
            return {}
        except secrets.NotAnObject as error:
            raise WorkFailed(NO_OBJECT, name=name) from error
