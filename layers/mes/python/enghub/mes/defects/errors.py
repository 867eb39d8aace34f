"""Why a command on defects is refused."""

from enghub.core.errors import Invalid, NotFound
from enghub.core.i18n import Text


class DefectNotFound(NotFound):
    """No such record."""

    text = Text("Defect record {defect_id} does not exist", "不良记录 {defect_id} 不存在")


class ReferenceNeeded(Invalid):
    """Use as is needs an approved concession."""

    text = Text("{field} is required: name the concession", "必须填写 {field}：请注明让步接收单号")
