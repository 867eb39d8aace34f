"""Builds what keeps backups of configuration, once per process."""

from functools import cache

from enghub.settings.backups.dynamo import BucketBackups
from enghub.settings.backups.service import Backups
from enghub.settings.configs import wiring
from enghub.settings.folders.wiring import folders


@cache
def backups() -> Backups:
    """Return the use cases of backups."""
    return Backups(wiring.configs(), BucketBackups(), folders())
