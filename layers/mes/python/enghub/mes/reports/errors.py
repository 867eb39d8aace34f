"""Why a production report is refused."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class ReportTimeInFuture(Invalid):
    """The report claims to be from a time that has not come."""

    text = Text(
        "reportTime {report_time} lies in the future: check the clock of the terminal",
        "报工时间 {report_time} 晚于当前时间：请检查终端时钟",
    )


class ReportTooOld(RuleViolated):
    """The factory takes reports for so long only."""

    text = Text(
        "reportTime {report_time} is more than {hours} hours ago: the factory takes no older reports",
        "报工时间 {report_time} 早于 {hours} 小时前，工厂不再接受",
    )


class UnknownStation(RuleViolated):
    """The factory has described its stations, and this is none of them."""

    text = Text(
        "There is no station {station} in this factory: check the terminal's set-up",
        "本工厂没有工位 {station}：请检查终端设置",
    )


class UnknownDefectType(RuleViolated):
    """The factory has a dictionary of defects, and this is not in it."""

    text = Text(
        "{defect_type} is no defect type of this factory: take one of its dictionary",
        "{defect_type} 不是本工厂的缺陷类型：请从字典中选择",
    )


class UnknownShift(RuleViolated):
    """The factory's calendar has no such shift."""

    text = Text("There is no shift {shift}: the factory works in {known}", "没有班次 {shift}，本工厂的班次：{known}")


class NoShiftThen(RuleViolated):
    """Between shifts nobody can tell which one is meant."""

    text = Text("No shift works at {report_time}: name the shift", "{report_time} 不在任何班次内：请填写班次")


class ReportNotFound(NotFound):
    """There is no such report in this factory, or one from before reports could be reversed."""

    text = Text("There is no report {report_id} that could be reversed", "没有可冲销的报工 {report_id}")


class ReversedAlready(Conflict):
    """A report is reversed once."""

    text = Text(
        "Report {report_id} was reversed already, by report {reversal}",
        "报工 {report_id} 已被 {reversal} 冲销",
    )


class ReversalOfReversal(RuleViolated):
    """A reversal stands; what was right is reported anew."""

    text = Text(
        "{report_id} is a reversal itself: report the right quantities anew", "{report_id} 本身为冲销记录：请重新报工"
    )


class ReversalTooLate(RuleViolated):
    """The factory lets reports be reversed for so long only."""

    text = Text(
        "Report {report_id} is more than {hours} hours old: it can no longer be reversed",
        "报工 {report_id} 已超过 {hours} 小时，不能再冲销",
    )


class ReportInUse(RuleViolated):
    """Something was built on the report; ``used_by`` says what."""

    text = Text(
        "Report {report_id} cannot be reversed: {used_by}",
        "报工 {report_id} 不能冲销：{used_by}",
    )


class KeyTwiceInBatch(RuleViolated):
    """A key stands for one report of a batch; the first of them is stored."""

    text = Text(
        "Key {key} is used twice in this batch: the first report with it is the one that counts",
        "批次内键 {key} 重复：以第一条为准",
    )
