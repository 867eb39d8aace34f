"""What is wrong with what somebody wants after a go-live (OPS-09)."""

from enghub.core.errors import Conflict, NotFound, RuleViolated
from enghub.core.i18n import Text


class AftercareNotFound(NotFound):
    """The go-live is not live yet."""

    text = Text(
        "The go-live {go_live_id} has no checks yet: they come when its cut-over ends well",
        "上线 {go_live_id} 尚无上线后检查：切换成功结束后自动生成",
    )


class CheckNotFound(NotFound):
    """There is no such check."""

    text = Text("There is no check {check_id}", "检查项 {check_id} 不存在")


class CheckTooEarly(Conflict):
    """Its time has not come."""

    text = Text("The check {check_id} is asked for from {at} on", "检查项 {check_id} 自 {at} 起才可填写")


class AftercareOver(Conflict):
    """It ended."""

    text = Text("What comes after this go-live is {state}", "该上线的后续检查已是 {state}")


class ChecksLeft(RuleViolated):
    """A final review needs every check answered."""

    text = Text("{count} checks are not answered, first {checks}", "还有 {count} 项检查未填写，首先是 {checks}")


class FeedbackNotFound(NotFound):
    """There is no such entry."""

    text = Text("There is no feedback {feedback_id}", "反馈 {feedback_id} 不存在")


class WrongFeedbackState(Conflict):
    """A step that does not exist."""

    text = Text("The feedback is {state}: it cannot become {wanted}", "反馈当前为 {state}，不能变为 {wanted}")
