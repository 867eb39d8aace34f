"""People, calendars and rotas of operations for tests."""

from dataclasses import replace
from typing import Any

from enghub.golive.calendars.model import Span, WorkingCalendar, Year

CHINA_2026 = Year(
    2026,
    holidays=(
        *("2026-01-01/2026-01-03", "2026-02-15/2026-02-23", "2026-04-04/2026-04-06", "2026-05-01/2026-05-05"),
        *("2026-06-19/2026-06-21", "2026-09-25/2026-09-27", "2026-10-01/2026-10-07"),
    ),
    make_up_days=("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
)
"""The State Council's notice of 2025-11-04."""
OFFICE = {
    "name": "Shanghai office",
    "zone": "Asia/Shanghai",
    "hours": [{"start": "09:00", "end": "12:00"}, {"start": "13:30", "end": "18:00"}],
}


def shanghai(**changed: Any) -> WorkingCalendar:
    """Working days of 450 minutes."""
    made = WorkingCalendar(
        "acme",
        "shanghai",
        "Shanghai office",
        "Asia/Shanghai",
        (Span("09:00", "12:00"), Span("13:30", "18:00")),
        years=(CHINA_2026,),
    )
    return replace(made, **changed)
