"""Why a stop is refused."""

from enghub.core.errors import Conflict, Invalid, NotFound
from enghub.core.i18n import Text


class StopEndsBeforeItBegins(Invalid):
    """A stop has a length."""

    text = Text(
        "The stop ends at {ended_at}, not after it began at {started_at}: give both with their dates",
        "停机结束时间 {ended_at} 不晚于开始时间 {started_at}：请填写完整日期",
    )


class StopInFuture(Invalid):
    """A stop is told once it is there."""

    text = Text("{field} lies in the future: check the clock of the terminal", "{field} 晚于当前时间：请检查终端时钟")


class StopTooLong(Invalid):
    """What does not work for a month is not stopped."""

    text = Text(
        "A stop lasts at most {days} days: take the station out of its shifts instead",
        "停机最长 {days} 天：请调整工位班次",
    )


class StopEndsAlready(Conflict):
    """A stop ends once."""

    text = Text("Stop {stop_id} ended already at {ended_at}", "停机 {stop_id} 已于 {ended_at} 结束")


class StopNotFound(NotFound):
    """There is no such stop in this factory."""

    text = Text("There is no stop {stop_id}", "停机 {stop_id} 不存在")


class ReasonInCircle(Invalid):
    """The tree of reasons has roots."""

    text = Text(
        "The parents of {code} lead back to it, or are more than {deepest} deep: choose another parent",
        "{code} 的上级形成循环或超过 {deepest} 层：请选择其他上级",
    )
