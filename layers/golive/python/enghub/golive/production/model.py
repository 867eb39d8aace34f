"""What of production stands still, as the plant's events tell it (OPS-10: a page says what is stopped). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_SAID = 5


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop of a line, or of one of its stations, that nobody had planned; ``ended_at`` once it produces again."""

    tenant_id: str
    factory_id: str
    stop_id: str
    line_id: str
    station_id: str
    reason: str
    work_order_id: str
    started_at: datetime
    ended_at: datetime | None = None

    @property
    def place(self) -> str:
        """Return the line's name: ``F1/SMT-1``."""
        return f"{self.factory_id}/{self.line_id}"


def concerns(lines: tuple[str, ...], place: str) -> bool:
    """Tell whether a line is one of ``lines``, each ``F1/SMT-1``, or ``F1`` for the whole factory."""
    return place in lines or place.partition("/")[0] in lines


def said(stops: Iterable[Stop], now: datetime) -> str:
    """Return in one line what stands still: lines, orders, minutes; the longest stop first, five at most."""
    found = sorted(stops, key=lambda one: (one.started_at, one.stop_id))
    texts = [_text(one, now) for one in found[:MOST_SAID]]
    left = len(found) - len(texts)
    return "; ".join([*texts, f"+{left}"] if left else texts)


def _text(one: Stop, now: datetime) -> str:
    minutes = max(0, (now - one.started_at) // timedelta(minutes=1))
    parts = (one.place, one.station_id, one.work_order_id, one.reason, f"{minutes} min")
    return " ".join(part for part in parts if part)
