"""Why something about equipment is refused."""

from enghub.core.errors import Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class EquipmentNotFound(NotFound):
    """There is no such equipment in this factory."""

    text = Text("There is no equipment {equipment_id}", "设备 {equipment_id} 不存在")


class EquipmentScrapped(RuleViolated):
    """It is gone; its history stays."""

    text = Text(
        "Equipment {equipment_id} is scrapped: put it into service again first",
        "设备 {equipment_id} 已报废：请先恢复使用",
    )


class ToldFromFuture(Invalid):
    """What is told has happened."""

    text = Text("{field} lies in the future: check the clock of the terminal", "{field} 晚于当前时间：请检查终端时钟")


class MeterFellBack(RuleViolated):
    """A meter counts up."""

    text = Text(
        "Meter {meter} stood at {last} already: say isReset if it was set back or replaced",
        "计数器 {meter} 已到 {last}：如已清零或更换，请填写 isReset",
    )


class StateNamedOtherwise(RuleViolated):
    """An id names one change of state."""

    text = Text(
        "{change_id} names another state of that moment: give this one an id of its own",
        "{change_id} 已用于该时刻的另一状态：请使用新的编号",
    )
