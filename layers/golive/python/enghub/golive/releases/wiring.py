"""Builds what releases need, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.core.events import Envelope
from enghub.core.identity import Origin
from enghub.core.inbox import seen
from enghub.core.transactions import Write
from enghub.golive import consumed
from enghub.golive.releases.dynamo import DynamoReleases
from enghub.golive.releases.model import Upgraded
from enghub.golive.releases.service import ReleaseService

CONSUMER = "follow_upgrades"
SAID: dict[type[consumed.UpgradeTold], Upgraded] = {
    consumed.UpgradeStarted: Upgraded.STARTED,
    consumed.UpgradeSucceeded: Upgraded.SUCCEEDED,
    consumed.UpgradeFailed: Upgraded.FAILED,
    consumed.UpgradeAborted: Upgraded.FAILED,
    consumed.UpgradeRolledBack: Upgraded.FAILED,
    consumed.UpgradeRollbackFailed: Upgraded.FAILED,
}


@cache
def store() -> DynamoReleases:
    """Return the store of releases."""
    return DynamoReleases()


@cache
def releases() -> ReleaseService:
    """Return the use cases of releases."""
    return ReleaseService(store())


def follow(event: Envelope, told: consumed.UpgradeTold) -> None:
    """Move the releases that an upgrade carries out; once per event and release."""
    now = system_clock()
    origin = Origin(event.tenant_id, "", "system:upgrade", now, event.event_id)

    def mark(release_id: str) -> Write:
        return seen(f"{CONSUMER}/{release_id}", event.event_id, event.tenant_id, now)

    about = (told.site_id, told.environment, told.target_version)
    releases().follow(origin, about, SAID[type(told)], told.problem or "", mark)
