"""Why a decision on an approval does not count, with the codes of REQ-008 8.3.1."""

from enghub.core.errors import Conflict, Forbidden, Invalid
from enghub.core.i18n import Text


class OwnApproval(Forbidden):
    """Who asked for a change, or made it, does not decide about it (40301)."""

    text = Text(
        "You asked for this or took part in it: somebody else has to decide",
        "您是该申请的提交人或参与人，须由其他人审批",
    )


class NotAnApprover(Forbidden):
    """The stage that is open wants other people; ``permission`` names them, ``stage`` the stage (40301)."""

    text = Text(
        "The stage {stage} is decided by {permission}: ask one of them",
        "审批阶段 {stage} 由 {permission} 审批，请联系其中之一",
    )


class ApprovalClosed(Conflict):
    """It is decided, withdrawn or past its deadline; ``status`` says which (40901)."""

    text = Text("This approval is closed ({status}): ask for a new one", "该审批已结束（{status}），请重新发起")


class DecidedAlready(Conflict):
    """One person has one voice in an approval (40901)."""

    text = Text("You have decided already: one person has one voice", "您已审批过，每人只能审批一次")


class SeenAnother(Conflict):
    """What is to be approved changed since it was read; ``seen`` is what it is now (40901)."""

    text = Text(
        "What is to be approved has changed since you read it: read it again, then decide",
        "待审批内容已变更，请重新查看后再审批",
    )


class ReasonRequired(Invalid):
    """A rejection, a withdrawal and a change made before its approval need a reason (40001)."""

    text = Text("{field} is required: say why", "必须填写 {field}：请说明原因")
