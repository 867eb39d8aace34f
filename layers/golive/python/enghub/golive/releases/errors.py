"""What is wrong with what somebody wants of a release."""

from enghub.core.errors import Conflict, Forbidden, NotFound
from enghub.core.i18n import Text


class ReleaseNotFound(NotFound):
    """The tenant has no release of this id."""

    text = Text("There is no release {release_id}", "发布 {release_id} 不存在")


class WrongReleaseState(Conflict):
    """A release is not where this could be done."""

    text = Text("The release is {state}: this cannot be done now", "发布当前为 {state}，不能执行此操作")


class OwnWork(Forbidden):
    """Whoever carried a release out does not verify it; those who are named do."""

    text = Text("Only {verifiers} verify it, and never who carried it out", "仅 {verifiers} 可验证，且执行者不得验证")
