"""What an event says: the typed ``data`` of an envelope, for those who publish it and for those who read it."""

from functools import cache
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from enghub.core import config, events
from enghub.core.events import Envelope
from enghub.core.identity import Origin


class EventData(BaseModel):
    """Base of every event type; the type on the bus is the name of the class.

    A context declares ``class MesEvent(EventData, source="enghub.mes")`` and its events below that. A publisher's class
    (``published.py``) promises fields, a reader's (``consumed.py``) names those it reads: what it does not know it
    ignores. ``version`` rises when a field changes its meaning; a type without ``source`` may come from any context.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    SOURCE: ClassVar[str] = ""
    VERSION: ClassVar[str] = events.VERSION

    def __init_subclass__(cls, *, source: str | None = None, version: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.SOURCE = cls.SOURCE if source is None else source
        cls.VERSION = cls.VERSION if version is None else version

    @classmethod
    def event_type(cls) -> str:
        """Return the name of the type on the bus."""
        return cls.__name__

    def envelope(self, origin: Origin) -> Envelope:
        """Return this as an event caused by ``origin``; optional fields without a value are left out."""
        optional = _optional(type(self))
        data = {n: v for n, v in self.model_dump().items() if v is not None or n not in optional}
        source = self.SOURCE or f"enghub.{config.load(config.CoreConfig).context}"
        return Envelope.of(origin, self.event_type(), source, data, self.VERSION)


@cache
def _optional(kind: type[EventData]) -> frozenset[str]:
    return frozenset(name for name, field in kind.model_fields.items() if not field.is_required())
