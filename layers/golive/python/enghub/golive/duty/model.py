"""The source document's duty (10.1): its table, and its phases after a go-live, as schedules (OPS-12). Pure.

The table: who is first, second and third line on working days and free ones, by day and by night; the architect is the
third line always. The phases: in the first week everybody stands by, in weeks 2 to 4 two take turns, then one is on
duty with another one behind.
"""

from datetime import datetime, timedelta, tzinfo

from enghub.golive.oncall.model import Days, Group, Level, Rotation, Schedule, Window
from enghub.kit.calendars.zones import local, zone

WEEK = timedelta(days=7)
WEEK_MINUTES = 7 * 1_440
TABLE = {
    ("day", Days.WORKING): ("E", "D"),
    ("night", Days.WORKING): ("B", "C"),
    ("day", Days.FREE): ("C", "B"),
    ("night", Days.FREE): ("D", "E"),
}
"""First and second line; developer A, the architect, is the third."""
THIRD = "A"
DEVELOPERS = ("A", "B", "C", "D", "E")
LEAST = 2
"""People that the phases need."""


def table(into: Schedule, people: dict[str, str], day: tuple[str, str]) -> Schedule:
    """Return a schedule as the document's table has it, for five people by their letters.

    Args:
        into: names, zone, calendar and since when; its levels are replaced.
        people: letter of the document to user.
        day: when day begins and ends, by the wall clock; night is the rest.
    """
    begins = f"{local(into.since, into.tz).date()}T00:00"
    hours = {"day": day, "night": (day[1], day[0])}
    levels = [
        Level(
            tuple(
                Rotation(
                    rotation_id=f"{days.lower()}-{part}-{line + 1}",
                    start=begins,
                    turn_minutes=WEEK_MINUTES,
                    members=((people[letters[line]],),),
                    windows=(Window(*hours[part], days=days),),
                )
                for (part, days), letters in TABLE.items()
            )
        )
        for line in (0, 1)
    ]
    third = Rotation("architect", begins, WEEK_MINUTES, ((people[THIRD],),))
    return _with(into, (*levels, Level((third,))))


def phases(into: Schedule, people: tuple[str, ...], live_at: datetime) -> Schedule:
    """Return a schedule for the time after a go-live: week 1 all, weeks 2 to 4 two, then one and one behind."""
    tz = zone(into.zone)
    live, second, third = (_wall(live_at + number * WEEK, tz) for number in (0, 1, 4))
    pairs = tuple((people[place], people[(place + 1) % len(people)]) for place in range(0, len(people), 2))
    singles: tuple[Group, ...] = tuple((user,) for user in people)
    behind = (*singles[1:], singles[0])
    first_line = (
        Rotation("week-1-all", live, WEEK_MINUTES, (people,), until=second),
        Rotation("weeks-2-4-two", second, WEEK_MINUTES, pairs, until=third),
        Rotation("then-one", third, WEEK_MINUTES, singles),
    )
    return _with(into, (Level(first_line), Level((Rotation("then-behind", third, WEEK_MINUTES, behind),))))


def _wall(at: datetime, tz: tzinfo) -> str:
    return local(at, tz).isoformat(timespec="minutes")


def _with(into: Schedule, levels: tuple[Level, ...]) -> Schedule:
    return Schedule(into.tenant_id, into.schedule_id, into.name, into.zone, levels, into.since, into.calendar_id)
