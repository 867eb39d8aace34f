"""Builds the use cases of rehearsals, once per process."""

from functools import cache
from typing import TYPE_CHECKING

from enghub.upgrade.rehearsal.dynamo import DynamoRehearsals, RehearsedExecutions

if TYPE_CHECKING:
    from enghub.upgrade.rehearsal.service import Rehearsals
    from enghub.upgrade.rehearsal.workflow import Rehearsing


@cache
def rehearsals() -> "Rehearsals":
    """Return what people do with rehearsals."""
    from enghub.upgrade.gateways.sites import SiteGateway  # noqa: PLC0415 - the plan shows the last one without it
    from enghub.upgrade.planning.wiring import planner  # noqa: PLC0415
    from enghub.upgrade.rehearsal.service import Rehearsals  # noqa: PLC0415
    from enghub.upgrade.sites.wiring import stage  # noqa: PLC0415

    return Rehearsals(
        DynamoRehearsals(),
        RehearsedExecutions(),
        planner(),
        lambda site: SiteGateway(site, stage()).check_scratch(),
    )


@cache
def rehearsing() -> "Rehearsing":
    """Return what the state machine does."""
    from enghub.upgrade.gateways.sites import SiteGateway  # noqa: PLC0415 - people's functions work on no database
    from enghub.upgrade.manifests.dynamo import DynamoManifests  # noqa: PLC0415
    from enghub.upgrade.rehearsal.workflow import Rehearsing  # noqa: PLC0415
    from enghub.upgrade.sites.wiring import sites, stage  # noqa: PLC0415

    return Rehearsing(
        DynamoRehearsals(),
        RehearsedExecutions(),
        lambda one: SiteGateway(sites().get(one.tenant_id, one.site_id), stage()).scratch(one.rehearsal_id),
        DynamoManifests().script,
    )
