"""Keeps a change for an event (OPS-25)."""

from enghub.core.event_data import EventData
from enghub.core.events import Envelope
from enghub.golive.changes import dynamo
from enghub.golive.changes.telling import change


def record(envelope: Envelope, data: EventData) -> None:
    """Keep what an event says has changed."""
    found = change(envelope, data)
    if found is not None:
        dynamo.keep(found)
