"""Makes a go-live's checklist and windows from the built-in template and from items of the tenant's own. No I/O."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from enghub.golive.content.model import content, readiness_items
from enghub.golive.probes.model import Criterion, Operator, ProbeKind
from enghub.golive.readiness.errors import UnknownItem, WindowNotFound
from enghub.golive.readiness.model import Checklist, Item, Window
from enghub.kit.calendars.days import WorkingDays
from enghub.kit.calendars.zones import day_of, zone

MOST_OWN = 100


def template() -> tuple[Item, ...]:
    """Return the 91 items of the document."""
    return tuple(_item(window, section, item) for window, section, item in readiness_items())


def _item(window: Mapping[str, Any], section: Mapping[str, Any], item: Mapping[str, Any]) -> Item:
    criteria = tuple(
        Criterion(one["measure"], Operator(one["operator"]), Decimal(one["value"]), one["unit"])
        for one in item.get("criteria", ())
    )
    probe = ProbeKind(item["probe"]) if "probe" in item else None
    texts = (item["en"], item["zh"], item["line"])
    return Item(item["id"], window["id"], section["id"], *texts, item.get("blocking", True), criteria, probe)


def checklist(without: Iterable[str], own: Iterable[Item]) -> Checklist:
    """Return the template less what does not apply, plus items of the tenant's own, in the order of the windows.

    Raises:
        UnknownItem: what is left out is no item, or an id comes twice.
        WindowNotFound: an own item names no window.
    """
    left_out, added, built_in = list(without), list(own), template()
    known = {item.item_id for item in built_in}
    for place, item_id in enumerate(left_out):
        if item_id not in known:
            raise UnknownItem(field=f"without.{place}", item_id=item_id)
    names = [window["id"] for window in content("readiness")["windows"]]
    taken = set(known)
    for place, item in enumerate(added):
        if item.item_id in taken:
            raise UnknownItem(field=f"items.{place}.itemId", item_id=item.item_id)
        if item.window_id not in names:
            raise WindowNotFound(window_id=item.window_id)
        taken.add(item.item_id)
    kept = [item for item in built_in if item.item_id not in left_out] + added
    return Checklist(tuple(sorted(kept, key=lambda item: names.index(item.window_id))))


def windows(live_at: datetime, zone_name: str, days: WorkingDays) -> tuple[Window, ...]:
    """Return the windows with their last days: so long before the go-live, or the working day before that."""
    day = day_of(live_at, zone(zone_name))
    return tuple(
        Window(window["id"], window["en"], window["zh"], due_day(day, window["daysBefore"], days))
        for window in content("readiness")["windows"]
    )


def due_day(day: date, days_before: int, days: WorkingDays) -> date:
    """Return the day ``days_before`` calendar days before ``day``, or the last working day before it."""
    found = day - timedelta(days=days_before)
    return found if found in days else days.add(found, -1)
