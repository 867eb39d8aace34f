"""Puts the services of andon together."""

from enghub.mes.andon.dynamo import DynamoCalls
from enghub.mes.andon.service import Andon
from enghub.mes.masters.service import Masters
from enghub.mes.plant.dynamo import stations


def andon() -> Andon:
    """Return the service of andon calls."""
    return Andon(DynamoCalls(), Masters("station", stations()))
