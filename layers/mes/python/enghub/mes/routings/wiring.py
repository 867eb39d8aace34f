"""Puts the services of routings together."""

from enghub.core.commits import Kept
from enghub.mes.factories import Factory
from enghub.mes.masters.errors import UnknownReference
from enghub.mes.masters.service import Masters
from enghub.mes.plant.dynamo import work_centres
from enghub.mes.routings.dynamo import routings as stored
from enghub.mes.routings.errors import NoSuchVersion
from enghub.mes.routings.model import Routing


def routings() -> Masters[Routing]:
    """Return the use cases of routings."""
    return Masters("routing", stored(), _check)


def routing(factory: Factory, routing_id: str, version: int | None) -> Kept[Routing]:
    """Return a routing, as it is or in one of its versions.

    Raises:
        MasterNotFound, NoSuchVersion
    """
    current = routings().get(factory, routing_id)
    if version is None or version == current.revision:
        return current
    found = stored().version(factory, routing_id, version)
    if found is None:
        raise NoSuchVersion(name=routing_id, version=version)
    return Kept(found, version)


def _check(routing: Routing) -> None:
    routing.check()
    centres = work_centres()
    for name in {one.work_centre_id for one in routing.operations if one.work_centre_id}:
        known = centres.get(routing.factory, name)
        if known is None or known.value.is_deleted:
            raise UnknownReference(field="operations", what="work centre", name=name)
