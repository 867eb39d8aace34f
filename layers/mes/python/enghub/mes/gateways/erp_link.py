"""Puts the link together."""

from typing import TYPE_CHECKING

from enghub.core.lazy import lazy
from enghub.mes.entitlements.errors import PermissionChangesRefused
from enghub.mes.erp import dynamo
from enghub.mes.erp.errors import NoConnection, NoErp
from enghub.mes.erp.model import Link, Service
from enghub.mes.factories import Factory
from enghub.mes.masters.service import Masters

if TYPE_CHECKING:
    from enghub.mes.gateways import erp_rest as rest
else:  # only who changes the link reads the secret
    rest = lazy("enghub.mes.gateways.erp_rest")


def links() -> Masters[Link]:
    """Return the use cases of links."""
    return Masters("ERP link", dynamo.links(), _check)


def link(factory: Factory) -> Link:
    """Return a factory's link.

    Raises:
        NoErp: it has none.
    """
    found = dynamo.link_of(factory)
    if found is None:
        raise NoErp(service="link")
    return found


def check_change(factory: Factory, wanted: Link | None) -> None:
    """Demand that the ERP's rights do not cease to count while they cannot be read.

    Raises:
        PermissionChangesRefused
    """
    before = dynamo.link_of(factory)
    if before is None or Service.PERMISSIONS not in before.uses:
        return
    keeps = wanted is not None and Service.PERMISSIONS in wanted.uses and wanted.connection == before.connection
    health = dynamo.DynamoHealths().get(factory, Service.PERMISSIONS)
    if not keeps and health.is_down and health.since is not None:
        raise PermissionChangesRefused(since=health.since.isoformat(timespec="seconds"))


def _check(wanted: Link) -> None:
    if rest.connection(wanted.connection, wanted.factory.tenant_id) is None:
        raise NoConnection(field="connection", connection=wanted.connection)
