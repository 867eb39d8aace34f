"""Builds the use cases of drift, once per process."""

from collections.abc import Collection
from functools import cache
from typing import Any

from enghub.upgrade.drift.dynamo import DynamoRecords
from enghub.upgrade.drift.model import Observed
from enghub.upgrade.drift.service import Drifts
from enghub.upgrade.sites.model import Site
from enghub.upgrade.sites.wiring import stage

SECONDS = 10
"""What one statement may take. Catalogs answer in milliseconds; tables of reference data are small."""


@cache
def drifts() -> Drifts:
    """Return the use cases."""
    return Drifts(DynamoRecords(), _observe, _database)


def _observe(database: Any, tables: Collection[str]) -> Observed:
    from enghub.upgrade.drift.reading import observe  # noqa: PLC0415 - SQLAlchemy

    with database.reader(SECONDS) as session:
        return observe(session, tables)


def _database(site: Site) -> Any:
    from enghub.upgrade.gateways.sites import SiteGateway  # noqa: PLC0415 - most sites have no record yet

    return SiteGateway(site, stage()).databases(0)
