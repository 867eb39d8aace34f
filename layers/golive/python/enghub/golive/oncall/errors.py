"""What is wrong with a schedule, an override or a request to be covered."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class UnknownPerson(Invalid):
    """Everybody on a rota is a contact, so that they can be reached."""

    text = Text(
        "{field}: there is no contact {user}: enter them under contacts first",
        "{field}：联系人 {user} 不存在，请先在联系人中录入",
    )


class NoLength(Invalid):
    """An end comes after its start."""

    text = Text("{field}: it ends before it begins, or at once", "{field}：结束时间必须晚于开始时间")


class WorkedTurnsAreDays(Invalid):
    """Turns that count worked shifts last whole days."""

    text = Text(
        "{field}: turns that count worked shifts last whole days: 1440 minutes or a multiple",
        "{field}：按实际值班次数轮换时，每轮须为整天（1440 分钟的整数倍）",
    )


class UnknownCalendar(Invalid):
    """The calendar that tells working days from free ones is one of the tenant's."""

    text = Text("{field}: there is no calendar {name}", "{field}：日历 {name} 不存在")


class OverrideNotFound(NotFound):
    """No such override of this schedule."""

    text = Text("There is no override {override_id} of this schedule", "该排班没有替换记录 {override_id}")


class TooManyOverrides(RuleViolated):
    """A schedule may have a bounded number that are not over."""

    text = Text(
        "This schedule has {most} overrides already: delete one first", "该排班已有 {most} 条替换记录，请先删除"
    )


class CoverNotOpen(Conflict):
    """A request is taken or withdrawn once."""

    text = Text("The request is {state} already", "该请求已是 {state} 状态")


class NotOnCall(RuleViolated):
    """Only who is on call in that time can be covered."""

    text = Text("{user} is not on call in that time", "{user} 在该时段没有值班")
