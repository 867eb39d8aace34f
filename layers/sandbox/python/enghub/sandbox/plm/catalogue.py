"""Products of a made-up maker of vehicle electronics, computed from their number: always the same, however many.

Object ``n`` has id ``OBJ-<n>``. Every fourth object is version B of the product before it. One in forty is bad on
purpose, as in real product data (see ``_spoil``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from enghub.core import clock

FIRST_UPDATE = datetime(2025, 1, 6, 6, 0, tzinfo=UTC)
SPOILED_EVERY = 200

FAMILIES: Sequence[tuple[str, str, str, Sequence[str]]] = (
    ("ECU", "CONTROL_UNIT", "PCS", ("Engine control unit", "Body control module", "Battery management controller")),
    ("SNS", "SENSOR", "PCS", ("Wheel speed sensor", "Rail pressure sensor", "Inverter current sensor")),
    ("HAR", "HARNESS", "PCS", ("Cockpit harness", "High-voltage harness", "Door harness")),
    ("BAT", "BATTERY", "PCS", ("Battery module 12S", "Battery junction box", "Cell contacting system")),
    ("PCB", "BOARD", "PCS", ("Gate driver board", "Radar front-end board", "LED matrix board")),
    ("CON", "CONNECTOR", "PCS", ("Sealed connector 42-way", "HV interlock connector", "FAKRA coax connector")),
    ("LGT", "LIGHTING", "PCS", ("Headlamp", "Rear combination lamp", "Ambient light strip")),
    ("TIM", "THERMAL", "KG", ("Gap filler", "Thermal paste", "Potting compound")),
)
POSITIONS = ("front left", "front right", "rear left", "rear right", "centre")
VOLTAGES = ("12 V", "24 V", "48 V", "400 V", "800 V")


@dataclass(frozen=True, slots=True)
class Touch:
    """Objects ``first`` to ``last`` were edited at ``at``."""

    first: int
    last: int
    at: datetime


def object_id(number: int) -> str:
    """Return the id of object ``number``; ids sort as numbers do."""
    return f"OBJ-{number:07d}"


def number_of(identifier: str) -> int:
    """Return the number of an object id.

    Raises:
        ValueError: it is none.
    """
    return int(identifier.removeprefix("OBJ-"))


def updated_at(number: int, touches: Sequence[Touch]) -> datetime:
    """Return when object ``number`` was last edited."""
    edits = [touch.at for touch in touches if touch.first <= number <= touch.last]
    return max([FIRST_UPDATE + timedelta(minutes=number), *edits])


def record(number: int, touches: Sequence[Touch] = ()) -> dict[str, Any]:
    """Return object ``number`` as the PLM sends it."""
    product = number - number // 4 if number % 4 != 3 else number - 1 - (number - 1) // 4
    prefix, group, unit, nouns = FAMILIES[product % len(FAMILIES)]
    edits = sum(touch.first <= number <= touch.last for touch in touches)
    shared = product % 10 == 7
    found = {
        "objectId": object_id(number),
        "productCode": f"{prefix}-{4000 + product // 10_000}-{product % 10_000:04d}",
        "productVersion": "B" if number % 4 == 3 else "A",
        "productName": f"{nouns[product % 3]}, {POSITIONS[product % 5]}, {VOLTAGES[product % 7 % 5]}"
        + (f", change {edits}" if edits else ""),
        "productGroup": group,
        "unit": unit,
        "lifecycleState": _lifecycle(number),
        "mappingType": "ONE_TO_MANY" if shared else "ONE_TO_ONE",
        "materialCode": f"MAT-{prefix}-GROUP-{product % 13:02d}" if shared else None,
        "updatedAt": clock.to_text(updated_at(number, touches)),
    }
    return _spoil(found, number, touches)


ASSEMBLIES = ("CONTROL_UNIT", "HARNESS")


def bom_lines(number: int) -> list[dict[str, Any]]:
    """Return the lines of a product's BOM as the PLM sends them: texts; parts alone have none."""
    if record(number)["productGroup"] not in ASSEMBLIES:
        return []
    kinds = (("PCB", "1", "PCS"), ("CON", "2", "PCS"), ("TIM", "0.0125", "KG"))
    return [
        {
            "sequence": str(10 * place),
            "component": f"{prefix}-9000-{(number + place) % 50:04d}",
            "quantity": quantity,
            "unit": unit,
            "isKeyComponent": "true" if place == 1 else "false",
            "isFitted": "false" if place == 2 and number % 3 == 0 else "true",
        }
        for place, (prefix, quantity, unit) in enumerate(kinds, start=1)
    ]


def _lifecycle(number: int) -> str:
    if number % 20 == 11:
        return "IN_WORK"
    return "OBSOLETE" if number % 25 == 24 else "RELEASED"


def _spoil(found: dict[str, Any], number: int, touches: Sequence[Touch]) -> dict[str, Any]:
    spoilt: Mapping[int, dict[str, Any]] = {
        17: {"productName": ""},
        57: {"productCode": f"{found['productCode']} / NEW"},
        137: {"mappingType": "MANY_TO_MANY"},
        177: {"updatedAt": "2025-02-30T08:00:00Z"},
    }
    place = number % SPOILED_EVERY
    if place == 97:
        earlier = record(number - 1, touches)
        return {**earlier, "objectId": found["objectId"]}
    return {**found, **spoilt.get(place, {})}


def window(
    products: int, touches: Sequence[Touch], since: datetime | None, after: str | None, up_to: str | None
) -> Iterator[int]:
    """Yield the numbers of objects with ids after ``after`` up to ``up_to`` that were edited since ``since``.

    Raises:
        ValueError: an id is malformed.
    """
    first = number_of(after) + 1 if after else 0
    last = min(number_of(up_to) if up_to else products - 1, products - 1)
    for number in range(first, last + 1):
        if since is None or updated_at(number, touches) >= since:
            yield number
