"""Builds the use case of imports, once per process."""

from functools import cache

from enghub.golive.importers.service import Importing
from enghub.golive.oncall import dynamo
from enghub.golive.oncall.wiring import oncall, policies


@cache
def importing() -> Importing:
    """Return the use case of storing what another system exported."""
    return Importing(oncall(), policies(), dynamo.schedules().get, dynamo.override, dynamo.OVERRIDES.save)
