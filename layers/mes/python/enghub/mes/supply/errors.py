"""Why an order is not planned or released: what the ERP says, or does not say."""

from enghub.core.errors import Invalid, NotFound, RuleViolated, Unavailable
from enghub.core.i18n import Text


class NewOrdersRefused(Unavailable):
    """The ERP's BOMs cannot be read, so nothing new is planned."""

    text = Text(
        "The ERP's BOM service is away since {since} ({problem}): orders that exist go on with the kept BOMs, new ones"
        " are refused; this one is checked again when the ERP is back",
        "ERP 的 BOM 服务自 {since} 起不可用（{problem}）：已有工单使用缓存的 BOM，禁止创建新工单；恢复后将复核",
    )


class BomUnavailable(Unavailable):
    """The ERP's BOMs cannot be read, and none of this product is kept."""

    text = Text(
        "The ERP's BOM service is away since {since} ({problem}), and no BOM of {product_id} {version} is kept",
        "ERP 的 BOM 服务自 {since} 起不可用（{problem}），且没有 {product_id} {version} 的缓存",
    )


class NoBom(NotFound):
    """The ERP knows no such BOM."""

    text = Text("The ERP has no BOM {version} of {product_id}", "ERP 中没有产品 {product_id} 的 BOM {version}")


class BomVersionMissing(Invalid):
    """The factory's BOMs come from the ERP, which needs a version."""

    text = Text(
        "{field}: the BOMs of this factory come from the ERP: name the version of the BOM",
        "{field}：本工厂的 BOM 来自 ERP，请填写 BOM 版本",
    )


class MaterialsNotApproved(RuleViolated):
    """Materials of the order have no PPAP approval that is known."""

    text = Text(
        "Order {work_order_id} is not released: no PPAP approval of {materials}",
        "工单 {work_order_id} 不能下达：{materials} 未通过 PPAP 认证",
    )


class ApprovalsUnknown(MaterialsNotApproved):
    """The ERP is away, so materials without a kept approval count as unapproved."""

    text = Text(
        "Order {work_order_id} is not released: the ERP's PPAP service is away since {since} ({problem}), so"
        " {materials} count as unapproved; this is checked again when the ERP is back",
        "工单 {work_order_id} 不能下达：ERP 的 PPAP 服务自 {since} 起不可用（{problem}），{materials} 视为未通过认证；"
        "恢复后将复核",
    )


class StillReading(Unavailable):
    """There are more materials than can be asked about in one request; those read are kept."""

    text = Text(
        "The status of {left} materials is still being read from the ERP: try again in {retry_after_seconds} s",
        "仍有 {left} 个物料的状态正在从 ERP 读取，请在 {retry_after_seconds} 秒后重试",
    )
