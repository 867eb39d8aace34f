"""What can go wrong with quality feedback."""

from enghub.core.errors import Conflict, NotFound, RuleViolated
from enghub.core.i18n import Text


class SuggestionNotFound(NotFound):
    """No such suggestion for this tenant."""

    text = Text("Improvement suggestion {suggestion_id} does not exist", "改进建议 {suggestion_id} 不存在")


class IssueNotFound(NotFound):
    """No such quality issue for this tenant."""

    text = Text("Quality issue {issue_id} does not exist", "质量问题 {issue_id} 不存在")


class FeedbackRunNotFound(NotFound):
    """The feedback of this day was not made."""

    text = Text("There is no feedback run of {day}", "{day} 没有质量反馈批次")


class SuggestionDecided(Conflict):
    """Somebody has decided otherwise."""

    text = Text("Improvement suggestion {suggestion_id} is {status} already", "改进建议 {suggestion_id} 已为 {status}")


class RuleNoAnswer(RuleViolated):
    """The rule does not say yes or no."""

    text = Text(
        "{field}: {expression!r} answers {answer!r}: it has to be true or false",
        "{field}：{expression!r} 返回 {answer!r}，结果必须为 true 或 false",
    )


class DayNotOver(RuleViolated):
    """Feedback is made of days that are over."""

    text = Text("{field}: {day} lies in the future", "{field}：{day} 尚未到来")
