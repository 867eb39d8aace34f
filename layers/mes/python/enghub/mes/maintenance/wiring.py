"""Puts the services of maintenance together."""

from datetime import date, datetime

from enghub.kit.calendars.zones import day_of
from enghub.mes.factories import Factory
from enghub.mes.keeping.dynamo import DynamoStore
from enghub.mes.maintenance.dynamo import KINDS
from enghub.mes.maintenance.service import Maintenance
from enghub.mes.plant.dynamo import plants
from enghub.mes.plant.model import calendar_of
from enghub.mes.plant.service import PLANT


def maintenance() -> Maintenance:
    """Return the service of maintenance."""
    return Maintenance(DynamoStore(*KINDS), _day)


def _day(factory: Factory, at: datetime) -> date:
    kept = plants().get(factory, PLANT)
    plant = None if kept is None or kept.value.is_deleted else kept.value
    return day_of(at, calendar_of(plant).tz)
