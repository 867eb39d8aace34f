"""Builds what evaluates flags and counts it, once per process."""

from functools import cache

from enghub.core.clock import system_clock
from enghub.settings.evaluations.service import Evaluations
from enghub.settings.flags.dynamo import DynamoFlags
from enghub.settings.flags.snapshots import Snapshots
from enghub.settings.usage.dynamo import DynamoUsage
from enghub.settings.usage.model import Usage


@cache
def snapshots() -> Snapshots:
    """Return what a warm function knows of flags."""
    return Snapshots(DynamoFlags(), system_clock)


@cache
def usage() -> Usage:
    """Return what counts evaluations in a warm function."""
    return Usage(DynamoUsage(), system_clock)


@cache
def evaluations() -> Evaluations:
    """Return the use cases around evaluating flags."""
    return Evaluations(snapshots(), DynamoFlags(), usage())
