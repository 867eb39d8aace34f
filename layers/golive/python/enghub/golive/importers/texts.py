"""What an import's maker should know, in both languages; and names as they are kept here."""

import re

from enghub.core.i18n import Text

ROUND_ROBIN = Text(
    "pages its targets in turns; here all of them are paged", "原系统轮流呼叫其中一人，导入后将同时呼叫所有人"
)
NO_TARGETS = Text("this kind of target is not carried: {kind}", "不支持的呼叫对象类型，未导入：{kind}")
NO_SCHEDULE = Text("pages a schedule that is not in the export: {name}", "引用了导出文件中没有的排班：{name}")
SECONDS = Text("seconds are cut: times here are whole minutes", "秒被舍去：此处时间精确到分钟")
LENGTH = Text("the turn is no whole number of minutes and is cut", "轮换时长不是整分钟，已舍去秒")
NO_LINES = Text(
    "nobody has a turn: the schedule is not carried (lists leave turns out; export each schedule by itself)",
    "该排班没有任何轮换，未导入（列表接口不含轮换，请逐个导出）",
)
DISABLED = Text("it is switched off: not carried", "已停用，未导入")
NOT_A_USER = Text(
    "a {kind} takes a turn; here only people do: nobody is on then", "参与者为 {kind}，此处仅支持个人，该时段无人值班"
)
FIRST_WAITS = Text(
    "the first page waits {minutes} min there; here it is sent at once",
    "原系统首次呼叫延迟 {minutes} 分钟，此处立即呼叫",
)
CONDITION = Text(
    "goes on although somebody acknowledged ({condition}); here acknowledging ends paging",
    "原系统在确认后仍继续（{condition}），此处确认后停止呼叫",
)
NOTIFY = Text(
    "tells only some of the schedule ({kind}); here whoever is on",
    "原系统仅通知部分值班人（{kind}），此处通知当前值班人",
)
REPEATS = Text("repeats {count} times; here at most 9", "原系统重复 {count} 次，此处最多 9 次")
KIND = Text("a step of this kind is not carried: {kind}", "不支持的升级步骤，未导入：{kind}")
RULE = Text("this recurring rule is not carried: {why}", "不支持的重复规则，未导入：{why}")
ZONE = Text(
    "runs by the clocks of {zone}, the schedule by those of {other}: from the next change of clocks on it may be off",
    "按 {zone} 计时，而排班按 {other} 计时：下一次时令切换后可能出现偏差",
)
HOME = Text(
    "its shifts run by the clocks of {zone}, not by those of {other}: kept so",
    "其班次按 {zone} 而非 {other} 计时，导入后不变",
)
COUNTED = Text(
    "turns are counted from its first shift, as the API does not say from when: look at who begins",
    "轮次从首个班次起计算（接口未说明起点），请核对首位值班人",
)
AFTER_REPEATS = Text(
    "comes after the last repeat there; here in every round", "原系统在全部重复之后才执行，此处每一轮都执行"
)
NO_STEPS = Text("it has no rule: not carried", "没有任何规则，未导入")
ICAL = Text(
    "it is a calendar elsewhere ({kind}): only shifts that are exported are carried",
    "该排班来自外部日历（{kind}），仅导入已导出的班次",
)


def slug(text: str) -> str:
    """Return an id as names are here: small letters, digits, - and _."""
    found = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:50].rstrip("-_")
    return found or "x"
