"""Why a command on an out-of-control action plan is refused."""

from enghub.core.errors import Forbidden, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class OcapNotFound(NotFound):
    """No plan or case of this id exists in the caller's factory."""

    text = Text("{what} {ocap_id} does not exist", "{what} {ocap_id} 不存在")


class BadFlow(Invalid):
    """The steps do not lead from the first to an end."""

    text = Text("{field}: {problem}", "{field}：{problem}")


class NotThisStep(RuleViolated):
    """The case stands at another step, or takes no more."""

    text = Text(
        "Case {ocap_id} is {status} at step {at}: answer that one, not {step_id}",
        "案例 {ocap_id} 状态为 {status}，当前步骤为 {at}：请处理当前步骤，而不是 {step_id}",
    )


class OwnVerification(Forbidden):
    """Who took an action does not verify it."""

    text = Text("You took part in this case: somebody else has to verify it", "您参与了该案例的处理，须由其他人验证")
