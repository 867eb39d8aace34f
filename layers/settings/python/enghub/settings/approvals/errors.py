"""What can go wrong with rules of approval and requests for change (CFG-08)."""

from enghub.core.errors import Forbidden, NotFound
from enghub.core.i18n import Text


class ChangeRequestNotFound(NotFound):
    """There is no such request in this tenant (40401)."""

    text = Text("There is no change request {request_id}", "变更申请 {request_id} 不存在")


class BreakGlassForbidden(Forbidden):
    """A change before its approval takes a right of its own (40301)."""
