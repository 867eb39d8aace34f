"""Puts open alarms together."""

from datetime import datetime

from enghub.core.clock import system_clock
from enghub.mes.alarms.dynamo import DynamoAlarms
from enghub.mes.alarms.service import CallsOnBoards
from enghub.mes.andon.dynamo import DynamoCalls
from enghub.mes.boards.model import BoardKey
from enghub.mes.factories import Factory
from enghub.mes.plant.dynamo import plants
from enghub.mes.plant.model import calendar_of
from enghub.mes.plant.service import PLANT


def board_at(factory: Factory, at: datetime) -> BoardKey | None:
    """Return the board of a moment by the factory's calendar; None between shifts. One GetItem."""
    kept = plants().get(factory, PLANT)
    shift = calendar_of(None if kept is None or kept.value.is_deleted else kept.value).shift_at(at)
    return None if shift is None else BoardKey(factory, shift.day, shift.name)


def calls_on_boards() -> CallsOnBoards:
    """Return what shows calls for help on the boards."""
    return CallsOnBoards(DynamoAlarms(), DynamoCalls(), board_at, system_clock)
