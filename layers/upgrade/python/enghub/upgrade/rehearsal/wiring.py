"""Builds the use cases of rehearsals, once per process."""

from functools import cache
from typing import TYPE_CHECKING

from enghub.core import config

if TYPE_CHECKING:
    from enghub.upgrade.rehearsal.dynamo import DynamoRehearsals
    from enghub.upgrade.rehearsal.model import Rehearsal
    from enghub.upgrade.rehearsal.service import Rehearsals
    from enghub.upgrade.rehearsal.workflow import Rehearsing


@cache
def store() -> "DynamoRehearsals":
    """Return the store of rehearsals."""
    from enghub.upgrade.rehearsal.dynamo import DynamoRehearsals  # noqa: PLC0415 - nobody needs it at import

    return DynamoRehearsals()


@cache
def rehearsals() -> "Rehearsals":
    """Return what people do with rehearsals."""
    from enghub.upgrade.gateways.sites import SiteGateway  # noqa: PLC0415 - who only shows plans imports none of it
    from enghub.upgrade.planning.wiring import planner  # noqa: PLC0415
    from enghub.upgrade.rehearsal.runs import RehearsedExecutions  # noqa: PLC0415
    from enghub.upgrade.rehearsal.service import Rehearsals  # noqa: PLC0415
    from enghub.upgrade.sites.wiring import stage  # noqa: PLC0415

    return Rehearsals(
        store(),
        RehearsedExecutions(),
        planner(),
        lambda site: SiteGateway(site, stage()).check_scratch(),
    )


@cache
def rehearsing() -> "Rehearsing":
    """Return what the state machine does."""
    from enghub.upgrade.gateways.sites import SiteGateway  # noqa: PLC0415 - people's functions work on no database
    from enghub.upgrade.gateways.stores import StoreConfig  # noqa: PLC0415
    from enghub.upgrade.manifests.dynamo import DynamoManifests  # noqa: PLC0415
    from enghub.upgrade.rehearsal.runs import RehearsedExecutions  # noqa: PLC0415
    from enghub.upgrade.rehearsal.workflow import Rehearsing  # noqa: PLC0415
    from enghub.upgrade.sites.wiring import sites, stage  # noqa: PLC0415

    bucket = config.load(StoreConfig).bucket_name

    def site(one: "Rehearsal") -> SiteGateway:
        return SiteGateway(sites().get(one.tenant_id, one.site_id), stage(), bucket)

    return Rehearsing(
        store(),
        RehearsedExecutions(),
        lambda one: site(one).scratch(one.rehearsal_id),
        lambda one: site(one).rehearsal_ports(one.rehearsal_id),
        DynamoManifests().script,
    )
