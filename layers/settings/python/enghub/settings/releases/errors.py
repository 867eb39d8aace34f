"""What can go wrong with a gray release, with the codes of REQ-008 8.3.1."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class ReleaseNotFound(NotFound):
    """There is no such release (40401)."""

    text = Text("The gray release {release_id} does not exist", "灰度发布 {release_id} 不存在")


class ReleaseRefused(Invalid):
    """A field of the release says what cannot be (40001)."""


class ReleaseRunning(Conflict):
    """Another release moves the same flag (40901)."""

    text = Text(
        "Another gray release of {feature_key} is running: finish or cancel it first",
        "{feature_key} 已有进行中的灰度发布，请先完成或取消",
    )


class ReleaseStateRefused(RuleViolated):
    """The release is in a state in which this is not possible (42201)."""

    text = Text("A release that is {status} cannot {verb}", "状态为 {status} 的灰度发布不能执行 {verb}")
