"""What is wrong with a working calendar."""

from enghub.core.errors import Invalid
from enghub.core.i18n import Text


class HoursOverlap(Invalid):
    """Spans of one day follow each other."""

    text = Text(
        "{field}: working hours follow each other on one day: write 09:00-12:00, then 13:30-18:00",
        "{field}：一天内的工作时段须依次排列且不重叠，如 09:00-12:00、13:30-18:00",
    )


class DayOutsideYear(Invalid):
    """A holiday or make-up day stands under its own year."""

    text = Text("{field}: {day} is not a day of {year}", "{field}：{day} 不属于 {year} 年")


class YearTwice(Invalid):
    """A year is said once."""

    text = Text("{field}: {year} is there already: write each year once", "{field}：{year} 年重复，每年只填一次")
