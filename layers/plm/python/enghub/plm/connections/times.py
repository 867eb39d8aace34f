"""Times of a connection as texts: an offset where one is written, else the connection's zone (PLM-03; case PF21)."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from enghub.core import clock

_INSTANT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)T(?P<time>\d\d:\d\d:\d\d)(?P<part>\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)?", re.ASCII
)


def instant(text: str, zone: str) -> str:
    """Return an ``xsd:dateTime`` as the hub writes times; without an offset it is one of ``zone``.

    24:00:00 is the beginning of the next day. What is no dateTime comes back as it is, for its record to be refused.
    """
    found = _INSTANT.fullmatch(" ".join(text.split()))
    if found is None:
        return text
    is_midnight = found["time"] == "24:00:00" and not (found["part"] or "").strip(".0")
    try:
        at = datetime.fromisoformat(f"{found['day']}T{'00:00:00' if is_midnight else found['time']}")
        at = at.replace(microsecond=int((found["part"] or ".")[1:7].ljust(6, "0"))) + timedelta(days=is_midnight)
        offset = datetime.fromisoformat(f"2000-01-01T00:00:00{found['zone']}").tzinfo if found["zone"] else None
        return clock.to_text(at.replace(tzinfo=offset or ZoneInfo(zone)))
    except (ValueError, OverflowError):
        return text
