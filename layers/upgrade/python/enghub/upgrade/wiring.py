"""Builds the services of this context from their stores, once per process."""

from dataclasses import dataclass
from functools import cache

from enghub.core import config
from enghub.core.config import CoreConfig
from enghub.upgrade.executions.dynamo import DynamoExecutions
from enghub.upgrade.executions.engine import Engine
from enghub.upgrade.executions.service import Upgrades, Workflow
from enghub.upgrade.gateways.sites import SiteGateway
from enghub.upgrade.manifests.dynamo import DynamoManifests
from enghub.upgrade.manifests.service import ManifestService
from enghub.upgrade.planning.service import Planner
from enghub.upgrade.sites.dynamo import DynamoSites


@dataclass(frozen=True, slots=True)
class LaunchConfig:
    """Where upgrades run."""

    state_machine_arn_upgrade_site: str


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where packages and backups are; without it sites declare their own."""

    artifact_bucket: str = ""


def stage() -> str:
    """Return the stage's name."""
    name: str = config.load(CoreConfig).stage
    return name


@cache
def manifests() -> ManifestService:
    """Return the use cases of manifests."""
    return ManifestService(DynamoManifests())


@cache
def sites() -> DynamoSites:
    """Return the store of sites."""
    return DynamoSites()


@cache
def planner() -> Planner:
    """Return the planner."""
    return Planner(DynamoManifests(), DynamoSites())


@cache
def upgrades() -> Upgrades:
    """Return the use cases of executions."""
    return Upgrades(DynamoExecutions(), planner())


@cache
def workflow() -> Workflow:
    """Return what the state machine does besides slices."""
    return Workflow(DynamoExecutions())


def engine() -> Engine:
    """Return a worker for one slice."""
    store = DynamoSites()
    bucket: str = config.load(StoreConfig).artifact_bucket
    return Engine(
        executions=DynamoExecutions(),
        site=lambda tenant_id, site_id: SiteGateway(store.get(tenant_id, site_id), stage(), bucket),
        script=DynamoManifests().script,
    )


def state_machine_arn() -> str:
    """Return the ARN of the state machine upgrade_site."""
    arn: str = config.load(LaunchConfig).state_machine_arn_upgrade_site
    return arn
