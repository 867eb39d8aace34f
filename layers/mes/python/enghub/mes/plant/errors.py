"""What is wrong with what people say of their plant."""

from enghub.core.errors import Invalid, NotFound
from enghub.core.i18n import Text


class CalendarUnfit(Invalid):
    """A part of a calendar is none."""

    text = Text("{field} of the calendar is not valid: {problem}", "日历的 {field} 无效：{problem}")


class ShiftsOverlap(Invalid):
    """Two shifts share time in some week."""

    text = Text(
        "The shifts {first} and {second} overlap, also counting those that began the day before: move one of them",
        "班次 {first} 与 {second} 重叠（含前一天开始的班次）：请调整其中一个",
    )


class PlantNotDescribed(NotFound):
    """Nobody has described the factory yet."""

    text = Text("The factory {name} is not described yet: PUT /api/v1/plant/factory first", "工厂 {name} 尚未维护")


class TooManyDays(Invalid):
    """A list by day is bounded."""

    text = Text("{field}: ask for 1 to {most} days", "{field}：一次最多查询 {most} 天，至少 1 天")
